"""The cheapest suppression that protects a component, by mixed-integer programming with Benders cuts.

Belongs here: the master problem, the separation of violated protections. Does not belong here: when to use it.

Source: Fischetti and Salazar-Gonzalez (2001), Solving the cell suppression problem on tabular data with linear
constraints, Management Science 47(7), 1008-1027; sdcTable and tau-Argus solve the same model. With x_i = 1 for a
suppressed cell, the master is min sum c_i x_i. For a requirement (p, direction) and an attacker who knows the cells K
the largest deviation of p with room x_i (down_i, up_i) has the dual value sum_i w_i x_i, where w_i is the reduced cost
times the room it stands for, and 0 for i in K. So every pattern that meets the requirement satisfies the capacity cut

    sum_i min(w_i, U_p) x_i >= U_p   (after moving the constant of the cells suppressed anyway to the right),

violated by the x it came from. Cuts are found for the linear relaxation first; then the integer master is solved, its
pattern attacked, and so on until the pattern holds. The pattern of the heuristic is the first upper bound; reduced
costs fix what cannot be better.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from methods.disclosure.attack import FAR, Attacker, Reach, is_reached, scale_of
from methods.disclosure.components import Component
from methods.disclosure.heuristic import Requirement, Shield
from methods.disclosure.highs import FEASIBILITY
from methods.disclosure.system import BoolArray, FloatArray

RELATIVE_GAP = 1e-6
"""A pattern this close to the bound is optimal."""

VIOLATED = 1e-4
"""A cut with a smaller violation (right hand side 1) is not worth adding to the linear relaxation."""

REPAIRS = 8
"""Patterns of the integer master that fail and are completed by the heuristic; later ones are only refuted."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best pattern found: `secret` (cells,), its `price`, a lower `bound` of the optimum, whether it is proven."""

    secret: BoolArray
    price: float
    bound: float
    is_optimal: bool
    cuts: int
    solves: int


class Master:
    """min cost @ x with the cuts found so far, 0 <= x <= 1; `columns` are the cells free to choose."""

    def __init__(self, cost: FloatArray) -> None:
        import highspy

        self._highspy = highspy
        self.cost = cost
        self.cuts: list[tuple[FloatArray, FloatArray]] = []
        self._seen: set[bytes] = set()
        self.upper = np.ones(len(cost))
        self.lower = np.zeros(len(cost))
        self._relaxation = self._model()

    def _model(self) -> Any:
        highs = self._highspy.Highs()  # type: ignore[no-untyped-call]
        for option, value in {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "mip_rel_gap": RELATIVE_GAP / 2,
            "mip_abs_gap": 0.0,
            "mip_feasibility_tolerance": FEASIBILITY,
        }.items():
            highs.setOptionValue(option, value)
        lp = self._highspy.HighsLp()
        lp.num_col_, lp.num_row_ = len(self.cost), 0
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = self.cost, self.lower, self.upper
        lp.row_lower_ = lp.row_upper_ = np.zeros(0)
        lp.a_matrix_.format_ = self._highspy.MatrixFormat.kRowwise
        lp.a_matrix_.start_ = np.zeros(1, dtype=np.int32)
        lp.a_matrix_.index_, lp.a_matrix_.value_ = np.zeros(0, dtype=np.int32), np.zeros(0)
        highs.passModel(lp)
        return highs

    def add(self, weights: FloatArray) -> bool:
        """Adds the cut weights @ x >= 1 unless it is there; weights are in [0, 1]."""
        index = np.flatnonzero(weights > 1e-9)
        value = np.round(weights[index], 9)
        mark = index.tobytes() + value.tobytes()
        if mark in self._seen:
            return False
        self._seen.add(mark)
        self.cuts.append((index.astype(np.int64), value))
        self._relaxation.addRow(1.0, np.inf, len(index), index.astype(np.int32), value)
        return True

    def relax(self) -> tuple[float, FloatArray, FloatArray]:
        """Value, solution and reduced costs of the linear relaxation."""
        self._relaxation.run()
        found = self._relaxation.getSolution()
        value = float(self._relaxation.getObjectiveValue())
        return value, np.clip(np.asarray(found.col_value), 0.0, 1.0), np.asarray(found.col_dual)

    def solve(self, cutoff: float, nodes: int, seconds: float | None) -> tuple[float, BoolArray | None]:
        """Lower bound and best pattern of the integer master below the cutoff; None if there is none."""
        highs = self._model()
        highs.setOptionValue("objective_bound", cutoff)
        highs.setOptionValue("mip_max_nodes", nodes)
        if seconds is not None:
            highs.setOptionValue("time_limit", max(seconds, 0.1))
        size = len(self.cost)
        highs.changeColsIntegrality(
            size,
            np.arange(size, dtype=np.int32),
            np.full(size, int(self._highspy.HighsVarType.kInteger), dtype=np.uint8),
        )
        if self.cuts:
            indices, weights = (np.concatenate(column) for column in zip(*self.cuts, strict=True))
            starts = np.cumsum([0] + [len(index) for index, _ in self.cuts])[:-1].astype(np.int32)
            ones, count = np.ones(len(self.cuts)), len(self.cuts)
            highs.addRows(count, ones, ones * np.inf, len(indices), starts, indices.astype(np.int32), weights)
        highs.run()
        if highs.getModelStatus() == self._highspy.HighsModelStatus.kInfeasible:
            return np.inf, None
        info = highs.getInfo()
        found = np.asarray(highs.getSolution().col_value)
        has_pattern = info.primal_solution_status == 2 and len(found) == size
        return float(info.mip_dual_bound), found > 0.5 if has_pattern else None


class Search:
    """Benders decomposition of one component.

    Args:
        part: the component.
        cost: (cells,) cost, 0 for forced cells.
        start: a pattern that protects the component and stays within `usable`.
        usable: (cells,) cells that may be suppressed, default all.
    """

    def __init__(self, part: Component, cost: FloatArray, start: Shield, usable: BoolArray | None = None) -> None:
        self.part, self.cost = part, cost
        allowed = np.ones(part.size, dtype=bool) if usable is None else usable
        self.columns = np.flatnonzero(allowed & ~part.is_forced)
        self.master = Master(cost[self.columns])
        self.attacker = Attacker(part, dual=True)
        self.usable = allowed
        self.best = start
        self.targets = [replace(proven, witnesses=list(proven.witnesses)) for proven in start.requirements]
        self.hard: dict[int, set[int]] = {n: set() for n in range(len(self.targets))}

    def room(self, x: FloatArray) -> FloatArray:
        """(cells,) share of its room that each cell has under a master solution."""
        room = self.part.is_forced.astype(np.float64)
        room[self.columns] = x
        return room

    def attack(self, target: Requirement, x: FloatArray, suspect: int | None) -> tuple[Reach, bool]:
        """Attacks one requirement; adds a cut if it fails and says so."""
        part, room = self.part, self.room(x)
        far = FAR * target.need
        suspect = target.knower if suspect is None else suspect
        down, up = (
            np.where(room >= 1.0, bound, np.where(room > 0.0, np.minimum(bound, far) * room, 0.0))
            for bound in (part.down, part.up)
        )
        known = self.best.cells_of[suspect] if suspect is not None else None
        reach = self.attacker.reach(
            target.cell, target.sign, enough=target.need, known=known, scale=scale_of(target.need), down=down, up=up
        )
        if is_reached(reach.distance, target.need):
            return reach, False
        with np.errstate(invalid="ignore"):
            bound = np.where(reach.prices > 0, part.down, part.up)
            weights = np.where(np.abs(reach.prices) > 1e-10, np.abs(reach.prices) * bound, 0.0)
        if known is not None:
            weights[known] = 0.0
        # the cell itself is capped at its need, which it does not reach
        needed = target.need - float(weights[part.is_forced].sum())
        cut = np.minimum(weights[self.columns] / needed, 1.0) if needed > 0 else np.zeros(0)
        if needed <= 0 or float(cut @ x) > 1.0 - VIOLATED:
            return reach, False
        return reach, self.master.add(cut)

    def tighten(self, deadline: float | None, solves: float) -> tuple[float, FloatArray]:
        """Adds cuts to the linear relaxation until none is violated or so much is solved; value and reduced costs."""
        busy = list(range(len(self.targets)))
        value, x, prices = (
            self.master.relax() if self.master.cuts else (0.0, np.zeros(len(self.columns)), self.master.cost)
        )
        history = [value]
        while self.attacker.solves < solves:
            violated = [n for n in busy if self._separate(n, x)]
            if not violated and len(busy) < len(self.targets):
                violated = [n for n in range(len(self.targets)) if n not in set(busy) and self._separate(n, x)]
            if not violated or (deadline is not None and time.monotonic() > deadline):
                break
            busy = violated
            value, x, prices = self.master.relax()
            history.append(value)
            if value >= self.best.price() * (1.0 - RELATIVE_GAP):
                break
            if len(history) > 12 and value - history[-12] < 1e-3 * value:
                break
        return value, prices

    def _separate(self, number: int, x: FloatArray) -> bool:
        target = self.targets[number]
        failed = self.attack(target, x, None)[1]
        for suspect in sorted(self.hard[number]):
            failed |= self.attack(target, x, suspect)[1]
        return failed

    def refute(self, pattern: BoolArray) -> bool:
        """Attacks an integer pattern by everybody; adds cuts where it fails and says whether it did."""
        secret = self.part.is_forced.copy()
        secret[self.columns] = pattern
        x = pattern.astype(np.float64)
        any_failed = False
        for number, target in enumerate(self.targets):
            suspects = target.suspects(secret=secret)
            while suspects is None or suspects:
                suspect = target.next_attacker(suspects)
                reach, _ = self.attack(target, x, suspect)
                if not is_reached(reach.distance, target.need):
                    any_failed = True
                    if suspect is not None and target.knower is None:
                        self.hard[number].add(suspect)
                    break
                target.witnesses.append(self.best.witness(reach.deviation, target.need))
                suspects = target.suspects(secret=secret)
        return any_failed

    def repair(self, pattern: BoolArray) -> None:
        """Completes a pattern by the heuristic and keeps it if it is the best so far."""
        secret = self.part.is_forced.copy()
        secret[self.columns] = pattern
        shield = Shield(self.part, self.cost, secret, self.usable, self.best.prior)
        shield.requirements = [
            replace(t, witnesses=[w for w in t.witnesses if all(secret[c] for c in w[0])]) for t in self.targets
        ]
        shield.protect()
        shield.clean()
        if shield.price() < self.best.price():
            self.best = shield

    def fix(self, relaxed: float, prices: FloatArray) -> None:
        """Fixes cells whose reduced cost in the relaxation proves them open, or suppressed, in anything better."""
        limit = self.best.price() - relaxed
        self.master.upper = np.where(prices > limit, 0.0, self.master.upper)
        self.master.lower = np.where(-prices > limit, 1.0, self.master.lower)


def optimum(
    part: Component,
    cost: FloatArray,
    start: Shield,
    usable: BoolArray | None = None,
    *,
    rounds: int = 200,
    nodes: int = 20_000,
    work: float = np.inf,
    time_limit_s: float | None = None,
) -> Optimum:
    """The cheapest pattern of a component, or the best one found within the limits.

    Args:
        part: the component.
        cost: (cells,) cost, 0 for forced cells.
        start: a protected pattern, for example of the heuristic.
        usable: (cells,) cells that may be suppressed, default all; the bound holds within them.
        rounds: most rounds of integer masters.
        nodes: most nodes of the search tree of one integer master.
        work: most linear programs times equations; where not even one attack on each requirement fits, the start
            is returned with the bound 0.
        time_limit_s: stops by the clock; for measurements only, the result then depends on the machine.
    """
    deadline = None if time_limit_s is None else time.monotonic() + time_limit_s
    solves = work / max(part.matrix.shape[0], 1)
    if solves < len(start.requirements) and start.price() > 0:
        return Optimum(start.secret, start.price(), 0.0, False, 0, start.solves)
    search = Search(part, cost, start, usable)
    relaxed, prices = search.tighten(deadline, solves / 2)
    bound = relaxed
    for number in range(rounds):
        if bound >= search.best.price() * (1.0 - RELATIVE_GAP):
            break
        if search.attacker.solves > solves or (deadline is not None and time.monotonic() > deadline):
            break
        search.fix(relaxed, prices)
        left = None if deadline is None else deadline - time.monotonic()
        below, pattern = search.master.solve(search.best.price(), nodes, left)
        bound = max(bound, min(below, search.best.price()))
        if pattern is None:
            break
        known = len(search.master.cuts)
        if not search.refute(pattern) or number < REPAIRS:
            search.repair(pattern)
        if len(search.master.cuts) == known:
            break
    best = search.best
    is_optimal = bound >= best.price() * (1.0 - RELATIVE_GAP)
    return Optimum(
        best.secret, best.price(), bound, is_optimal, len(search.master.cuts), search.attacker.solves + best.solves
    )
