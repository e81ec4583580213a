"""The protection certificate: for every primary cell, what the attackers can still work out.

Belongs here: the proof for a given pattern, whoever chose it. Does not belong here: choosing the pattern, storing.

For an outsider every primary cell gets its interval by two linear programs. For single contributors it would take two
for each pair of a cell and a contributor; deviations spare nearly all of them: one that reaches the required distance
and moves none of a contributor's cells proves the cell against that contributor. Where the known deviations leave
contributors open, all of them are held still at once, and only if the cell can then not move far enough they are
divided (group testing). Of the contributors whose cells are in the way the one who seems to learn most, by what the
deviations show, then gets an interval by two linear programs of its own.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from methods.disclosure.attack import NOTHING, REACHED, Attacker, Prior, Reach, is_reached, scale_of
from methods.disclosure.components import Component, components
from methods.disclosure.highs import solver
from methods.disclosure.system import BoolArray, FloatArray, IntArray, LinkedSystem
from methods.errors import MethodError

RESIDUAL = 1e-9
"""Violation of an equation or a bound, in units of the largest deviation, that is numerical."""

GROUP = 8
"""Contributors that cannot be stopped together are divided into so many groups."""

FARTHEST = 10.0
"""An interval is followed to the cell's own size or to so many times its protection: farther helps nobody."""

KEPT = 2**24
"""Proofs times cells that are kept (128 MB): in a large system further ones would only spare further programs."""

TINY = 1e-12
"""What a cell moves less than this share of the largest move is the solver's arithmetic."""

OUTSIDER = "outsider"
COLUMNS = (
    "name",
    "attacker",
    "value",
    "protection",
    "lower",
    "upper",
    "required_lower",
    "required_upper",
    "is_protected",
    "solver",
)

Row = tuple[int, int, tuple[object, ...]]
"""Cell, 0 for the outsider and 1 for a contributor, and what the certificate says."""


def certify(system: LinkedSystem, suppressed: ArrayLike, witnesses: ArrayLike | None = None) -> pd.DataFrame:
    """Attacks every primary cell as an outsider and as each single contributor who learns more.

    Args:
        system: the linked system.
        suppressed: (cells,) pattern; hidden cells count as suppressed, public cells as open.
        witnesses: (proofs, cells) deviations that may prove cells against contributors (`Suppression.witnesses`); each
            is checked here against the equations, the bounds and the pattern, and ignored where it does not hold.

    Returns:
        By primary cell, in the order of cells: a row for the outsider, and a row for the worst single contributor where
        one has cells that the outsider's interval rests on. `lower`, `upper` are the attacker's interval, followed no
        farther than the cell's own size or ten times its protection, `required_lower`,
        `required_upper` what it must reach (for a contributor no more than it could tell before the publication), all
        in the unit of the values; `is_protected` compares them.
    """
    secret = system.secret(suppressed)
    proofs = Proofs(system, secret, witnesses)
    rows: list[Row] = []
    place: dict[int, tuple[int, int]] = {}
    parts = components(system, secret)[0]
    for number, part in enumerate(parts):
        place.update({int(cell): (number, position) for position, cell in enumerate(part.cells)})
    attacks: dict[int, _Attack] = {}
    prior = Prior(system)
    primary = np.flatnonzero(system.is_primary)
    scales = np.array([scale_of(float(u)) for u in system.protection[primary]])
    # by component and scale, so that each program starts near the last
    parts_of = np.array([place.get(int(c), (-1, 0))[0] for c in primary], dtype=np.int64)
    for cell in primary[np.lexsort((primary, scales, parts_of))].tolist():
        needs = (
            float(max(system.values[cell] - system.required_lower[cell], 0.0)),
            float(max(system.required_upper[cell] - system.values[cell], 0.0)),
        )
        if cell not in place:
            rows.append((cell, 0, _row(system, cell, OUTSIDER, (0.0, 0.0), needs)))
            continue
        number, position = place[cell]
        if number not in attacks:
            attacks[number] = _Attack(system, parts[number], proofs, prior)
        rows.extend(attacks[number].rows(position, needs))
    rows.sort(key=lambda row: row[:2])
    return pd.DataFrame([row for _, _, row in rows], columns=list(COLUMNS))


class _Attack:
    """The attacks on the primary cells of one component."""

    def __init__(self, system: LinkedSystem, part: Component, proofs: Proofs, prior: Prior) -> None:
        self.system, self.part, self.proofs, self.prior = system, part, proofs, prior
        self.outsider, self.insider = Attacker(part), Attacker(part, dual=True)

    def rows(self, position: int, needs: tuple[float, float]) -> list[Row]:
        """The rows of a primary cell: outsider, worst contributor."""
        system, cell = self.system, int(self.part.cells[position])
        far = max(FARTHEST * max(needs), abs(float(system.values[cell])))
        distances, knowers = [], set[int]()
        for sign, need in zip((-1, 1), needs, strict=True):
            reach = self._reach(self.outsider, position, sign, far, None)
            # where the solver gives up, what the proofs show is less, but shown
            distances.append(self.proofs.distance(cell, sign) if reach is None else reach.distance)
            if need > 0:
                deviation = np.ones(self.part.size) if reach is None else reach.deviation
                knowers |= self._contributors(deviation, 0.0 if reach is None else need)
        knowers.discard(int(system.contributor[cell]))
        found = [(cell, 0, _row(system, cell, OUTSIDER, (distances[0], distances[1]), needs))]
        suspects = sorted(knowers)
        unstopped = sorted(
            {
                suspect
                for sign, need, distance in zip((-1, 1), needs, distances, strict=True)
                if need > 0 and distance > 0
                for suspect in self._unstopped(position, sign, need, suspects)
            }
        )
        if not suspects:
            return found
        if not unstopped:
            reached = np.min(
                [
                    self.proofs.distances(cell, sign, suspects) / need
                    for sign, need in zip((-1, 1), needs, strict=True)
                    if need > 0
                ],
                axis=0,
            )
            unstopped = [suspects[int(np.argmin(reached))]]
        worst = min(
            (self._insider(position, suspect, needs, far, distances) for suspect in unstopped), key=lambda w: w[0]
        )
        return [*found, (cell, 1, worst[1])]

    def _insider(
        self, position: int, suspect: int, needs: tuple[float, float], far: float, outside: list[float]
    ) -> tuple[tuple[float, int], tuple[object, ...]]:
        """How narrowly a contributor is stopped, and its row."""
        cell = int(self.part.cells[position])
        known = np.flatnonzero(self.part.contributor == suspect)
        left, asked = [], []
        for sign, need, open_distance in zip((-1, 1), needs, outside, strict=True):
            distance = 0.0
            if open_distance > 0:
                reach = self._reach(self.insider, position, sign, far, known)
                distance = self.proofs.distance(cell, sign, suspect) if reach is None else reach.distance
            if not is_reached(distance, need):
                need = self.prior.reach(cell, sign, suspect, need, at_least=distance)
            left.append(distance)
            asked.append(need)
        margin = min((d - n) / max(n, 1e-300) if n > 0 else np.inf for d, n in zip(left, asked, strict=True))
        return (margin, suspect), _row(self.system, cell, str(suspect), (left[0], left[1]), (asked[0], asked[1]))

    def _unstopped(self, position: int, sign: int, need: float, suspects: list[int]) -> list[int]:
        """Those of the suspects from whom nothing hides that the cell can move so far."""
        waiting, found = [self.proofs.left(int(self.part.cells[position]), sign, need, suspects)], []
        while waiting:
            group = self.proofs.left(int(self.part.cells[position]), sign, need, waiting.pop())
            if not group:
                continue
            known = np.flatnonzero(np.isin(self.part.contributor, group))
            reach = self._reach(self.insider, position, sign, need, known)
            if reach is not None and is_reached(reach.distance, need):
                continue
            if len(group) == 1:
                found += group
            else:
                size = -(-len(group) // GROUP)
                waiting += [group[start : start + size] for start in range(0, len(group), size)]
        return found

    def _reach(self, attacker: Attacker, position: int, sign: int, far: float, known: IntArray | None) -> Reach | None:
        """How far the cell can move, None where the solver gives up; the deviation is a proof from then on."""
        scale = scale_of(float(self.system.protection[self.part.cells[position]]))
        try:
            reach = attacker.reach(position, sign, enough=far, known=known, scale=scale)
        except MethodError:
            return None
        if np.isfinite(reach.distance):
            self.proofs.add(self.part.cells, reach.deviation)
        return reach

    def _contributors(self, deviation: FloatArray, need: float) -> set[int]:
        contributors = self.part.contributor[np.abs(deviation) > NOTHING * need]
        return set(contributors[contributors >= 0].tolist())


class Proofs:
    """Deviations that hold: each proves the cells that it moves against everybody whose cells it leaves alone.

    Args:
        system: the linked system.
        secret: (cells,) cells that attackers do not know.
        witnesses: (proofs, cells) deviations, or None; those that do not hold are left out.
    """

    def __init__(self, system: LinkedSystem, secret: BoolArray, witnesses: ArrayLike | None) -> None:
        self._system, self._secret = system, secret
        self._numbers = {int(c): n for n, c in enumerate(np.unique(system.contributor[system.contributor >= 0]))}
        self._who = np.array([self._numbers.get(int(c), -1) for c in system.contributor], dtype=np.int64)
        self._count = 0
        self._deviations = np.zeros((16, system.size))
        self._touches = np.zeros((16, len(self._numbers)), dtype=bool)
        self._residual = np.zeros(16)
        given = np.empty((0, system.size)) if witnesses is None else np.asarray(witnesses, dtype=np.float64)
        for deviation in given:
            self._keep(deviation)

    def add(self, cells: IntArray, deviation: FloatArray) -> None:
        """Adds a deviation of some cells, and its mirror image, where they hold and there is room to keep them."""
        if (self._count + 2) * self._system.size > KEPT:
            return
        whole = np.zeros(self._system.size)
        whole[cells] = np.where(np.abs(deviation) > TINY * np.abs(deviation).max(initial=0.0), deviation, 0.0)
        self._keep(whole)
        self._keep(-whole)

    def _keep(self, deviation: FloatArray) -> None:
        system = self._system
        size = float(np.abs(deviation).max(initial=0.0))
        if not (0.0 < size < np.inf) or deviation[~self._secret].any():
            return
        slack, moved = RESIDUAL * size, system.values + deviation
        if (moved > system.upper + slack).any() or (moved < system.lower - slack).any():
            return
        residual = float(np.abs(system.equations @ deviation).max(initial=0.0))
        if residual > slack:
            return
        number = self._count
        if number == len(self._residual):
            self._deviations = np.concatenate([self._deviations, np.zeros_like(self._deviations)])
            self._touches = np.concatenate([self._touches, np.zeros_like(self._touches)])
            self._residual = np.concatenate([self._residual, np.zeros_like(self._residual)])
        self._deviations[number], self._residual[number] = deviation, residual
        touched = self._who[deviation != 0]
        self._touches[number, touched[touched >= 0]] = True
        self._count += 1

    def distance(self, cell: int, sign: int, without: int | None = None) -> float:
        """How far the proofs move a cell, those that leave the cells of a contributor alone."""
        if without is not None:
            return float(self.distances(cell, sign, [without])[0])
        return float((self._deviations[: self._count, cell] * sign).max(initial=0.0))

    def distances(self, cell: int, sign: int, without: list[int]) -> FloatArray:
        """(contributors,) how far the proofs move a cell that leave the cells of each contributor alone."""
        far = self._deviations[: self._count, cell] * sign
        touches = self._touches[: self._count, np.array([self._numbers[c] for c in without], dtype=np.int64)]
        return np.asarray(np.where(touches, 0.0, far[:, None]).max(axis=0, initial=0.0))

    def left(self, cell: int, sign: int, need: float, suspects: list[int]) -> list[int]:
        """Those of the suspects against whom nothing proves that the cell can move so far."""
        proves = self._deviations[: self._count, cell] * sign >= need * (1.0 - REACHED)
        proves &= self._residual[: self._count] <= REACHED * need
        knows = np.asarray(self._touches[: self._count][proves].all(axis=0))
        return [suspect for suspect in suspects if knows[self._numbers[suspect]]]


def _row(
    system: LinkedSystem, cell: int, attacker: str, distances: tuple[float, float], needs: tuple[float, float]
) -> tuple[object, ...]:
    value = float(system.values[cell])
    is_protected = is_reached(distances[0], needs[0]) and is_reached(distances[1], needs[1])
    return (
        system.names[cell],
        attacker,
        value,
        float(system.protection[cell]),
        value - distances[0],
        value + distances[1],
        value - needs[0],
        value + needs[1],
        is_protected,
        solver(),
    )
