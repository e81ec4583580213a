"""Secondary suppression that is protected by construction, for components too large for the optimum.

Belongs here: the sequential linear programming heuristic and the reopening of superfluous cells. Does not belong here:
the optimum, the split into components.

Source: the heuristic of Fischetti and Salazar-Gonzalez (2001, section 5), after Kelly, Golden and Assad (1992): for
each primary cell p in order of decreasing protection and each direction, the cheapest deviation

    min sum_i c_i |d_i|  subject to  A d = 0,  d_p = +-U_p,  lower - X <= d <= upper - X,

whose moving cells are suppressed from then on and cost nothing in later programs. A deviation is a witness: while all
cells that it moves stay suppressed, an outsider cannot exclude X_p +- U_p. A single contributor knows its own cells; it
is stopped by a witness that does not move them. So a requirement (p, direction) holds against everybody as soon as it
has witnesses and no contributor other than that of p is in all of them. The cost of an open cell is taken per unit of
the flow it can carry, c_i / min(U_p, capacity), the linear relaxation of its fixed charge, and then per unit of the
flow that it did carry (dynamic slope scaling, Kim and Pardalos 1999).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import scipy.sparse as sp
from scipy.sparse.csgraph import dijkstra

from methods.disclosure.attack import FAR, NOTHING, Attacker, Prior, Reach, is_reached, scale_of
from methods.disclosure.components import Component
from methods.disclosure.highs import HotProgram
from methods.disclosure.system import BoolArray, FloatArray, IntArray

ALMOST_FREE = 1e-6
"""Cost of moving a suppressed cell: enough to keep witnesses short, too little to prefer suppressing another."""

SLOPE_ROUNDS = 2


NEIGHBOURHOODS = (300, 900)
"""Cells near a primary cell among which a deviation is looked for first."""

HOP = 1.0
"""Cost of passing through a cell in units of the mean cost, when cells are ranked by nearness."""


LARGE = 900
"""Cells from which a component is large: the heuristic then tries to reopen cells only within a budget."""

REOPENING_SOLVES = 3_000
"""That budget, in linear programs; the dearest cells are tried first."""


class UnprotectableError(Exception):
    """A requirement that fails with every movable cell suppressed."""

    def __init__(self, cell: int, contributor: int | None) -> None:
        self.cell, self.contributor = cell, contributor
        super().__init__(f"cell {cell} of the component")


Witness = tuple[frozenset[int], frozenset[int]]
"""The cells moved that may be reopened, and the contributors who know one of all cells moved."""


@dataclass
class Requirement:
    """One primary cell, one direction, and the witnesses that prove it.

    Attributes:
        cell: position in the component.
        sign: 1 up, -1 down.
        need: how far the cell must be able to move.
        excused: contributors this is not asked of: that of the cell, and those with a requirement of their own.
        knower: the only attacker it is asked of, because it knew too much beforehand to ask more; None for everybody.
        witnesses: proofs.
    """

    cell: int
    sign: int
    need: float
    excused: frozenset[int]
    knower: int | None = None
    witnesses: list[Witness] = field(default_factory=list)

    def suspects(self, without: int = -1, secret: BoolArray | None = None) -> frozenset[int] | None:
        """Contributors who may exclude the value; None when even an outsider (or the knower) may.

        Args:
            without: do not count witnesses that move this cell.
            secret: count only witnesses that move none but these cells.
        """
        found: frozenset[int] | None = None
        for moved, contributors in self.witnesses:
            if without not in moved and (secret is None or all(secret[c] for c in moved)):
                found = contributors - self.excused if found is None else found & contributors
                if self.knower is not None or not found:
                    return frozenset()
        return found

    def next_attacker(self, suspects: frozenset[int] | None) -> int | None:
        """Whom to try next: the knower, the first suspect or an outsider (None)."""
        return self.knower if self.knower is not None else min(suspects) if suspects else None


def requirements(part: Component) -> list[Requirement]:
    """What must hold in a component, largest protection first, ties by cell."""
    found = [
        Requirement(int(cell), sign, float(need[cell]), frozenset({int(part.contributor[cell])}))
        for cell in np.flatnonzero(part.is_primary)
        for sign, need in ((1, part.need_up), (-1, part.need_down))
        if need[cell] > 0
    ]
    return sorted(found, key=lambda r: (-max(part.need_up[r.cell], part.need_down[r.cell]), r.cell, -r.sign))


class Shield:
    """A pattern in the making and the witnesses that prove it.

    Args:
        part: the component.
        cost: (cells,) cost of suppressing, > 0 but for forced cells.
        secret: (cells,) cells suppressed from the start, default the forced ones.
        usable: (cells,) cells that may be suppressed, default all.
        prior: what contributors know beforehand; without it every contributor must be stopped in full.
    """

    def __init__(
        self,
        part: Component,
        cost: FloatArray,
        secret: BoolArray | None = None,
        usable: BoolArray | None = None,
        prior: Prior | None = None,
    ) -> None:
        self.part, self.cost, self.prior = part, cost, prior
        self.secret = part.is_forced.copy() if secret is None else secret | part.is_forced
        self.usable = np.ones(part.size, dtype=bool) if usable is None else usable | self.secret
        self.requirements = requirements(part)
        self.deviations: list[FloatArray] = []
        self.cells_of = {int(a): np.flatnonzero(part.contributor == a) for a in np.unique(part.contributor) if a >= 0}
        both_ways = sp.hstack([part.matrix, -part.matrix]).tocsc()
        self.attacker = Attacker(part, dual=True)
        ones = abs(part.matrix).sign()
        self._graph = sp.block_array([[None, ones.T * HOP], [ones, None]], format="csr").astype(np.float64)
        # entries of the rows of equations lead to cells
        self._to_cell = slice(int(self._graph.indptr[part.size]), None)
        self._local_solves = 0
        self._cheapest = HotProgram(both_ways, np.zeros(2 * part.size), np.concatenate([part.up, part.down]), dual=True)

    @property
    def solves(self) -> int:
        """Linear programs solved so far."""
        return self._cheapest.solves + self._local_solves + self.attacker.solves

    def excuse(self) -> None:
        """Asks less, from the start, where a single equation shows that a contributor's own cells tell it too much."""
        if self.prior is None:
            return
        for requirement in list(self.requirements):
            bounds = self.prior.bounds(int(self.part.cells[requirement.cell]), requirement.sign)
            for contributor, bound in sorted(bounds.items()):
                if contributor in self.cells_of and not is_reached(bound, requirement.need):
                    self._ask_less(requirement, contributor, bound)

    def price(self) -> float:
        """Cost of the cells suppressed so far."""
        return float(self.cost[self.secret].sum())

    def witness(self, deviation: FloatArray, need: float) -> Witness:
        """What a deviation proves."""
        moved = np.flatnonzero(np.abs(deviation) > NOTHING * need)
        contributors = self.part.contributor[moved]
        return (
            frozenset(moved[~self.part.is_forced[moved]].tolist()),
            frozenset(contributors[contributors >= 0].tolist()),
        )

    def protect(self) -> None:
        """Suppresses cells until all requirements hold, against outsiders and single contributors.

        Raises:
            UnprotectableError: a requirement that cannot be met.
        """
        waiting = list(self.requirements)
        while waiting:
            requirement = waiting.pop(0)
            while True:
                suspects = requirement.suspects()
                if suspects is not None and not suspects:
                    break
                deviation = self._cheapest_deviation(requirement, suspects, self.usable, SLOPE_ROUNDS)
                if deviation is None:
                    waiting.extend(self._lessened(requirement, suspects))
                    if requirement.knower is not None:
                        break
                    continue
                self.secret |= np.abs(deviation) > NOTHING * requirement.need
                requirement.witnesses.append(self.witness(deviation, requirement.need))
                self.deviations.append(np.where(np.abs(deviation) > 1e-12 * requirement.need, deviation, 0.0))
                self._share(requirement, deviation)

    def _share(self, requirement: Requirement, deviation: FloatArray) -> None:
        """The mirror image of a deviation is a witness too where it keeps within the bounds."""
        part = self.part
        same = (r for r in self.requirements if r.cell == requirement.cell and r.knower == requirement.knower)
        mirror = next((r for r in same if r.sign != requirement.sign), None)
        if mirror is None or mirror.suspects() == frozenset():
            return
        image = -deviation * (mirror.need / requirement.need)
        slack = NOTHING * mirror.need
        if (image <= part.up + slack).all() and (image >= -part.down - slack).all():
            mirror.witnesses.append(self.witness(image, mirror.need))

    def _cheapest_deviation(
        self, requirement: Requirement, suspects: frozenset[int] | None, allowed: BoolArray, rounds: int
    ) -> FloatArray | None:
        """The cheapest deviation near the cell, else anywhere, that meets a requirement against the next attacker."""
        part = self.part
        attacker = requirement.next_attacker(suspects)
        movable = allowed.copy()
        if attacker is not None:
            movable[self.cells_of[attacker]] = False
        ranked = self._nearest(requirement.cell, movable) if part.size > NEIGHBOURHOODS[0] else np.flatnonzero(movable)
        for size in NEIGHBOURHOODS:
            if size < len(ranked):
                near = np.sort(ranked[:size])
                rows = part.matrix[:, near]
                rows = rows[np.diff(rows.indptr) > 0]
                program = HotProgram(sp.hstack([rows, -rows]), np.zeros(2 * size), np.ones(2 * size), dual=True)
                best = self._flow(program, near, requirement, suspects, rounds)
                self._local_solves += program.solves
                if best is not None:
                    return best
        if rounds > 1 or part.size <= NEIGHBOURHOODS[-1]:
            best = self._flow(self._cheapest, np.arange(part.size), requirement, suspects, rounds, movable)
            if best is not None:
                return best
        # The last word has the program that only asks how far the cell can go.
        down, up = np.where(movable, part.down, 0.0), np.where(movable, part.up, 0.0)
        reach = self._reach(requirement, attacker, down, up)
        return reach.deviation if is_reached(reach.distance, requirement.need) else None

    def _nearest(self, cell: int, movable: BoolArray) -> IntArray:
        """Movable cells by the cost of the way to them through equations, nearest first."""
        size = self.part.size
        weight = np.where(self.secret, 0.0, self.cost) + HOP
        self._graph.data[self._to_cell] = np.where(movable, weight, np.inf)[self._graph.indices[self._to_cell]]
        distance = dijkstra(self._graph, indices=cell)[:size]
        order = np.argsort(distance, kind="stable")
        return np.asarray(order[: int(np.isfinite(distance).sum())], dtype=np.int64)

    def _flow(
        self,
        program: HotProgram,
        at: IntArray,
        requirement: Requirement,
        suspects: frozenset[int] | None,
        rounds: int,
        movable: BoolArray | None = None,
    ) -> FloatArray | None:
        """The cheapest deviation of the cells `at`, of which the program has the forward and backward flow."""
        part, cell, need, size = self.part, requirement.cell, requirement.need, len(at)
        scale = scale_of(need)
        far = FAR * need
        up, down = np.minimum(part.up[at], far), np.minimum(part.down[at], far)
        if movable is not None:
            up, down = np.where(movable[at], up, 0.0), np.where(movable[at], down, 0.0)
        forward, backward = (up, down) if requirement.sign > 0 else (down, up)
        upper, lower = np.concatenate([forward, backward]) / scale, np.zeros(2 * size)
        own = int(np.searchsorted(at, cell))
        lower[own], upper[own], upper[size + own] = need / scale, max(need, forward[own]) / scale, 0.0
        program.set_bounds(lower, upper)
        # A contributor's own cells make a witness worthless against it, a suspect's worthless altogether.
        idle = np.where(part.contributor >= 0, 10 * ALMOST_FREE, ALMOST_FREE)
        for suspect in suspects or ():
            idle[self.cells_of[suspect]] *= 10
        secret, cost, idle = self.secret[at], self.cost[at], idle[at]
        best: FloatArray | None = None
        best_price = np.inf
        carried = [np.minimum(need, forward), np.minimum(need, backward)]
        for _ in range(rounds):
            slopes = [np.where(secret, idle, cost / np.maximum(flow / scale, 1e-9)) for flow in carried]
            program.set_costs(np.concatenate(slopes))
            found = program.minimise()
            if found is None:
                break
            net = (found.values[:size] - found.values[size:]) * scale
            moving = np.abs(net) > NOTHING * need
            new = moving & ~secret
            price = float(cost[new].sum())
            if price >= best_price:
                break
            best_price, best = price, np.zeros(part.size)
            best[at] = net * requirement.sign
            if not new.any():
                break
            carried = [np.where(moving, np.abs(net), old) for old in carried]
        return best

    def _reach(self, requirement: Requirement, attacker: int | None, down: FloatArray, up: FloatArray) -> Reach:
        return self.attacker.reach(
            requirement.cell,
            requirement.sign,
            enough=requirement.need,
            known=None if attacker is None else self.cells_of[attacker],
            scale=scale_of(requirement.need),
            down=down,
            up=up,
        )

    def _lessened(self, requirement: Requirement, suspects: frozenset[int] | None) -> list[Requirement]:
        """Asks of a contributor who knew too much beforehand only what it did not know.

        Raises:
            UnprotectableError: it is what is published that gives the cell away.
        """
        attacker = requirement.next_attacker(suspects)
        need = requirement.need
        if attacker is not None and self.prior is not None:
            need = self.prior.reach(int(self.part.cells[requirement.cell]), requirement.sign, attacker, need)
        if attacker is None or is_reached(need, requirement.need):
            raise UnprotectableError(requirement.cell, attacker)
        return self._ask_less(requirement, attacker, need)

    def _ask_less(self, requirement: Requirement, attacker: int, need: float) -> list[Requirement]:
        """A requirement of its own for a contributor who is asked less."""
        if requirement.knower is not None:  # less than one equation showed
            self.requirements = [other for other in self.requirements if other is not requirement]
            whole = requirement.need
        else:
            requirement.excused |= {attacker}
            whole = max(self.part.need_up[requirement.cell], self.part.need_down[requirement.cell])
        if need <= NOTHING * whole:
            return []
        own = Requirement(requirement.cell, requirement.sign, need, frozenset(), knower=attacker)
        self.requirements.append(own)
        return [own]

    def clean(self) -> None:
        """Reopens superfluous cells, largest cost first, as long as every requirement keeps its proof.

        In a large component no further cell is tried after so many programs: counted, not timed, to stay deterministic.
        """
        last = self.solves + REOPENING_SOLVES if self.part.size > LARGE else np.inf
        users: dict[int, set[int]] = {}
        for number, requirement in enumerate(self.requirements):
            for moved, _ in requirement.witnesses:
                for cell in moved:
                    users.setdefault(cell, set()).add(number)
        spare = np.flatnonzero(self.secret & ~self.part.is_forced)
        for cell in spare[np.lexsort((-spare, -self.cost[spare]))].tolist():
            if self.solves >= last:
                break
            self.secret[cell] = False
            found: dict[int, list[Witness]] = {}
            for number in sorted(users.get(cell, ())):
                fresh = self._replacements(self.requirements[number], cell)
                if fresh is None:
                    break
                found[number] = fresh
            else:
                for number, fresh in found.items():
                    requirement = self.requirements[number]
                    requirement.witnesses = [w for w in requirement.witnesses if cell not in w[0]] + fresh
                    for moved, _ in fresh:
                        for other in moved:
                            users.setdefault(other, set()).add(number)
                continue
            self.secret[cell] = True

    def _replacements(self, requirement: Requirement, without: int) -> list[Witness] | None:
        """Witnesses that make up for those that move a cell about to be reopened; None if there are none."""
        suspects = requirement.suspects(without)
        fresh: list[Witness] = []
        while suspects is None or suspects:
            deviation = self._cheapest_deviation(requirement, suspects, self.secret, 1)
            if deviation is None:
                return None
            fresh.append(self.witness(deviation, requirement.need))
            suspects = (fresh[-1][1] if suspects is None else suspects & fresh[-1][1]) - requirement.excused
            if requirement.knower is not None:
                break
        return fresh
