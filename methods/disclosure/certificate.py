"""The protection certificate: for every primary cell, what the attackers can still work out.

Belongs here: the proof for a given pattern, whoever chose it. Does not belong here: choosing the pattern, storing.

For an outsider every primary cell gets its interval by two linear programs. For single contributors it would take two
for each pair of a cell and a contributor; the deviations that were found spare nearly all of them: one that reaches the
required distance and moves none of a contributor's cells proves the cell against that contributor. Where no pair is
left open the certificate names the contributor with the narrowest interval among those whose cells were in the way.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from methods.disclosure.attack import NOTHING, REACHED, Attacker, Prior, is_reached, scale_of
from methods.disclosure.components import Component, components
from methods.disclosure.highs import solver
from methods.disclosure.system import BoolArray, FloatArray, LinkedSystem
from methods.errors import MethodError

RESIDUAL = 1e-9
"""Violation of an equation or a bound, in units of the largest deviation, that is numerical."""

FARTHEST = 10.0
"""An interval is followed to the cell's own size or to so many times its protection: farther helps nobody."""

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


def certify(system: LinkedSystem, suppressed: ArrayLike, witnesses: ArrayLike | None = None) -> pd.DataFrame:
    """Attacks every primary cell as an outsider and as each single contributor who learns more.

    Args:
        system: the linked system.
        suppressed: (cells,) pattern; hidden cells count as suppressed, public cells as open.
        witnesses: (proofs, cells) deviations that may prove cells against contributors (`Suppression.witnesses`); each
            is checked here against the equations, the bounds and the pattern, and ignored where it does not hold.

    Returns:
        By primary cell, in the order of cells: a row for the outsider, and a row for the worst single contributor where
        one has cells in the same component that matter. `lower`, `upper` are the attacker's interval, followed no
        farther than the cell's own size or ten times its protection, `required_lower`,
        `required_upper` what it must reach (for a contributor no more than it could tell before the publication), all
        in the unit of the values; `is_protected` compares them.
    """
    secret = system.secret(suppressed)
    proofs = Proofs(system, secret, witnesses)
    rows: list[tuple[int, int, tuple[object, ...]]] = []
    place: dict[int, tuple[int, int]] = {}
    parts = components(system, secret)[0]
    for number, part in enumerate(parts):
        place.update({int(cell): (number, position) for position, cell in enumerate(part.cells)})
    attackers: dict[int, Attacker] = {}
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
        attacker = attackers.setdefault(number, Attacker(parts[number]))
        rows.extend(_rows(system, prior, attacker, cell, position, needs, proofs))
    rows.sort(key=lambda row: row[:2])
    return pd.DataFrame([row for _, _, row in rows], columns=list(COLUMNS))


def _rows(
    system: LinkedSystem,
    prior: Prior,
    attacker: Attacker,
    cell: int,
    position: int,
    needs: tuple[float, float],
    proofs: Proofs,
) -> list[tuple[int, int, tuple[object, ...]]]:
    part = attacker.part
    scale = scale_of(float(system.protection[cell]))
    far = max(FARTHEST * max(needs), abs(float(system.values[cell])))
    suspects: set[int] = set()
    distances = []
    for sign, need in zip((-1, 1), needs, strict=True):
        try:
            reach = attacker.reach(position, sign, enough=far, scale=scale)
            full = reach.deviation if np.isfinite(reach.distance) else np.ones(part.size)
            distances.append(reach.distance)
        except MethodError:  # the solver gave up: what the proofs show is less, but shown
            full = np.ones(part.size)
            distances.append(proofs.distance(cell, sign))
        if need > 0:
            suspects |= proofs.left(cell, sign, need, _knowers(part, full, need))
    rows = [(cell, 0, _row(system, cell, OUTSIDER, (distances[0], distances[1]), needs))]
    suspects -= {int(system.contributor[cell])}
    worst: tuple[float, int, tuple[object, ...]] | None = None
    for suspect in sorted(suspects):
        known = np.flatnonzero(part.contributor == suspect)
        left, asked = [], []
        for sign, need, open_distance in zip((-1, 1), needs, distances, strict=True):
            distance = 0.0
            if open_distance > 0:
                try:
                    distance = attacker.reach(position, sign, enough=far, known=known, scale=scale).distance
                except MethodError:
                    distance = proofs.distance(cell, sign, without=suspect)
            if not is_reached(distance, need):
                need = prior.reach(cell, sign, suspect, need)
            left.append(distance)
            asked.append(need)
        margin = min((d - n) / max(n, 1e-300) if n > 0 else np.inf for d, n in zip(left, asked, strict=True))
        if worst is None or margin < worst[0]:
            row = _row(system, cell, str(suspect), (left[0], left[1]), (asked[0], asked[1]))
            worst = (margin, suspect, row)
    if worst is not None:
        rows.append((cell, 1, worst[2]))
    return rows


class Proofs:
    """Deviations that hold: each proves the cells that it moves against everybody whose cells it leaves alone.

    Args:
        system: the linked system.
        secret: (cells,) cells that attackers do not know.
        witnesses: (proofs, cells) deviations, or None.
    """

    def __init__(self, system: LinkedSystem, secret: BoolArray, witnesses: ArrayLike | None) -> None:
        given = np.empty((0, system.size)) if witnesses is None else np.asarray(witnesses, dtype=np.float64)
        size = np.abs(given).max(axis=1, initial=0.0)
        residual = np.abs(system.equations @ given.T).max(axis=0, initial=0.0)
        slack = RESIDUAL * size[:, None]
        holds = (given[:, ~secret] == 0).all(axis=1) & np.isfinite(given).all(axis=1) & (residual <= RESIDUAL * size)
        holds &= (system.values + given <= system.upper + slack).all(axis=1)
        holds &= (system.values + given >= system.lower - slack).all(axis=1)
        self._deviations = given[holds]
        self._residual = residual[holds]
        self._contributor = system.contributor

    def distance(self, cell: int, sign: int, without: int | None = None) -> float:
        """How far the proofs move a cell, those that leave the cells of a contributor alone."""
        deviations = self._deviations
        if without is not None:
            deviations = deviations[(deviations[:, self._contributor == without] == 0).all(axis=1)]
        return float((deviations[:, cell] * sign).max(initial=0.0))

    def left(self, cell: int, sign: int, need: float, suspects: set[int]) -> set[int]:
        """Those of the suspects against whom nothing proves that the cell can move so far."""
        reaches = (self._deviations[:, cell] * sign >= need * (1.0 - REACHED)) & (self._residual <= REACHED * need)
        for deviation in self._deviations[reaches]:
            if not suspects:
                break
            suspects = suspects & set(self._contributor[deviation != 0].tolist())
        return suspects


def _knowers(part: Component, deviation: FloatArray, need: float) -> set[int]:
    contributors = part.contributor[np.abs(deviation) > NOTHING * need]
    return set(contributors[contributors >= 0].tolist())


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
