"""The attacker: what can be worked out about suppressed cells from everything that is published.

Belongs here: the interval of a cell by linear programming, for an outsider and for whoever knows some cells. Does not
belong here: choosing suppressions.

The attacker's problem (Fischetti and Salazar-Gonzalez 2001, section 2; SDC Handbook, chapter 4): the smallest and the
largest value of a cell over all tables that agree with the equations, the open cells and what everybody knows. In
deviations from the true values it reads max / min d_c subject to A d = 0, lower - X <= d <= upper - X, and d = 0 for
every known cell. Cells are scaled by a power of 1024 near the deviation asked for, so that small cells of large tables
are not lost in the tolerance of the solver.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from methods.disclosure.components import Component, components
from methods.disclosure.highs import HotProgram
from methods.disclosure.system import FloatArray, IntArray, LinkedSystem
from methods.errors import MethodError

NOTHING = 1e-7
"""A deviation below this share of the one asked for is none."""

REACHED = 1e-6
"""Share of a protection level that numerical error may cost."""


FAR = 1e5
"""Room of a cell that is looked at, in units of the deviation asked for, where that is limited."""


def scale_of(need: float) -> float:
    """A power of 1024 near a positive amount: few different scales keep the basis of the solver useful."""
    return float(1024.0 ** round(np.log2(need) / 10.0)) if need > 0 else 1.0


@dataclass(frozen=True, eq=False)
class Reach:
    """The answer to how far a cell can move.

    Attributes:
        distance: >= 0, may be inf.
        deviation: (cells,) one that reaches it, empty when unbounded.
        prices: (cells,) reduced costs: how much farther per unit of room of a cell, with a sign: positive at the lower
            bound, negative at the upper.
    """

    distance: float
    deviation: FloatArray
    prices: FloatArray


class Attacker:
    """The deviations of one component that an attacker cannot rule out.

    Args:
        part: the component.
        dual: dual simplex; for changing rooms, where the primal is for one room and many cells.
    """

    def __init__(self, part: Component, *, dual: bool = False) -> None:
        self.part = part
        self._program = HotProgram(part.matrix, -part.down, part.up, dual=dual)

    @property
    def solves(self) -> int:
        """Linear programs solved so far."""
        return self._program.solves

    def reach(
        self,
        cell: int,
        sign: int,
        *,
        enough: float = np.inf,
        known: IntArray | None = None,
        scale: float = 1.0,
        down: FloatArray | None = None,
        up: FloatArray | None = None,
    ) -> Reach:
        """How far a cell can move up (sign 1) or down (-1).

        Args:
            cell: position in the component.
            sign: direction.
            enough: stop there; the answer is at most this.
            known: positions that this attacker knows.
            scale: unit in which the solver works.
            down: (cells,) room below the true values, default all that the component has.
            up: (cells,) room above.
        """
        # Room far beyond what is asked for only invites numerical trouble; in steps, so that bounds seldom change.
        far = FAR * scale_of(enough) if np.isfinite(enough) else np.inf
        upper = np.minimum(self.part.up if up is None else up, far) / scale
        lower = np.minimum(self.part.down if down is None else down, far) / -scale
        if known is not None:
            lower[known] = upper[known] = 0.0
        if sign > 0:
            upper[cell] = min(upper[cell], enough / scale)
        else:
            lower[cell] = max(lower[cell], -enough / scale)
        cost = np.zeros(self.part.size)
        cost[cell] = -sign
        self._program.set_bounds(lower, upper)
        self._program.set_costs(cost)
        found = self._program.minimise()
        if found is None:
            raise MethodError("a system that holds has no solution: numerical trouble in the attacker's problem")
        if found.objective == -np.inf:
            return Reach(np.inf, found.values, found.reduced_costs)
        return Reach(max(-found.objective * scale, 0.0), found.values * scale, found.reduced_costs)


class Prior:
    """What a contributor could tell of a cell before anything is published, from its own cells alone.

    An attacker who knows one contributor cannot be made to know less than that. Nothing that is published counts here,
    public cells neither: what only they give away is a disclosure.

    Args:
        system: the linked system.
    """

    def __init__(self, system: LinkedSystem) -> None:
        self._system = system
        self._attackers: list[Attacker] | None = None
        self._place: dict[int, tuple[int, int]] = {}
        self._rows_of = system.equations.T.tocsr()
        self._up = np.maximum(system.upper - system.values, 0.0)
        self._down = np.maximum(system.values - system.lower, 0.0)

    def bounds(self, cell: int, sign: int) -> dict[int, float]:
        """By contributor, a distance that single equations show a cell cannot exceed for who knows its cells."""
        system, found = self._system, dict[int, float]()
        own_room = float((self._up if sign > 0 else self._down)[cell])
        rows, columns = self._rows_of, system.equations
        for row in rows.indices[rows.indptr[cell] : rows.indptr[cell + 1]]:
            entries = slice(columns.indptr[row], columns.indptr[row + 1])
            cells, weight = columns.indices[entries], columns.data[entries]
            is_other = cells != cell
            weight = weight[is_other] / float(weight[~is_other][0])
            cells = cells[is_other]
            room = np.abs(weight) * np.where(weight * sign < 0, self._up[cells], self._down[cells])
            who = system.contributor[cells]
            for contributor in np.unique(who[who >= 0]).tolist():
                bound = min(float(room[who != contributor].sum()), own_room)
                found[contributor] = min(bound, found.get(contributor, np.inf))
        return found

    def reach(self, cell: int, sign: int, contributor: int, enough: float, at_least: float = 0.0) -> float:
        """How far a cell can move for who knows a contributor's cells.

        Args:
            cell: its number in the system.
            sign: direction.
            contributor: who knows its own cells.
            enough: the answer is at most this.
            at_least: a distance that it is known to move after the publication, hence before it.
        """
        bound = min(enough, self.bounds(cell, sign).get(contributor, np.inf))
        if is_reached(at_least, bound):
            return bound
        if self._attackers is None:
            parts = components(self._system, np.ones(self._system.size, dtype=bool))[0]
            self._attackers = [Attacker(part, dual=True) for part in parts]
            for number, part in enumerate(parts):
                self._place.update({int(c): (number, position) for position, c in enumerate(part.cells)})
        if cell not in self._place:
            return 0.0
        number, position = self._place[cell]
        attacker = self._attackers[number]
        known = np.flatnonzero(attacker.part.contributor == contributor)
        return attacker.reach(position, sign, enough=enough, known=known, scale=scale_of(enough)).distance


def is_reached(distance: float, need: float) -> bool:
    """Whether a distance satisfies a protection level but for numerical error."""
    return distance >= need * (1.0 - REACHED)


def intervals(
    system: LinkedSystem,
    suppressed: ArrayLike,
    cells: Sequence[int] | None = None,
    known: Sequence[int] | None = None,
) -> pd.DataFrame:
    """The attacker's interval of cells.

    Args:
        system: the linked system.
        suppressed: (cells,) pattern; hidden cells count as suppressed, public cells as open.
        cells: numbers of the cells asked for, default all that are suppressed.
        known: numbers of the cells that this attacker knows besides the open ones.

    Returns:
        One row per cell asked for, in that order: `name`, `lower`, `upper` in the unit of the values.
    """
    movable = system.secret(suppressed)
    asked = np.flatnonzero(movable) if cells is None else np.asarray(list(cells), dtype=np.int64)
    if known is not None:
        movable[np.asarray(list(known), dtype=np.int64)] = False
    lower, upper = system.values.copy(), system.values.copy()
    wanted = np.zeros(system.size, dtype=bool)
    wanted[asked] = True
    for part in components(system, movable)[0]:
        if not wanted[part.cells].any():
            continue
        attacker = Attacker(part)
        positions = np.flatnonzero(wanted[part.cells])
        scales = [scale_of(float(system.protection[c] or abs(system.values[c]))) for c in part.cells[positions]]
        for scale, position in sorted(zip(scales, positions.tolist(), strict=True)):
            cell = part.cells[position]
            upper[cell] += attacker.reach(position, 1, scale=scale).distance
            lower[cell] -= attacker.reach(position, -1, scale=scale).distance
    return pd.DataFrame({"name": [system.names[c] for c in asked], "lower": lower[asked], "upper": upper[asked]})
