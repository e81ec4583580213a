"""Proofs for many primary cells at once: deviations that move every cell of a group by its protection.

Belongs here: joint witnesses, found by a few linear programs for hundreds of requirements. Does not belong here: what a
single requirement needs beyond them (`heuristic`), the choice between methods (`protection`).

A deviation d with A d = 0 within the room of every cell proves all requirements whose cell it moves far enough, against
everybody whose own cells it does not move. So instead of one program per requirement and attacker, one program moves as
many primary cells as it can,

    max sum_p R min(s_p d_p / U_p, 1) - sum_i c_i |d_i|  subject to  A d = 0,  lower - X <= d <= upper - X,

with signs s given beforehand, first for outsiders and then with the cells of a whole group of contributors held still:
what it proves, it proves against each of the group (group testing; a group that leaves something unproved is split).
What no joint program proves is left to the requirement's own program. Source: the linear programming heuristic of
Fischetti and Salazar-Gonzalez (2001, section 5), solved for all primary cells together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from methods.disclosure.attack import FAR, REACHED, scale_of
from methods.disclosure.heuristic import ALMOST_FREE, Requirement, Shield
from methods.disclosure.highs import FreshPrograms
from methods.disclosure.system import BoolArray, FloatArray

REWARDS = (1e-3, 1e-3, 1e-3, 1e-3, 0.02, 0.02, 0.1, 0.1, 0.5, 0.5, 2.0, 2.0, 10.0, 10.0, 1e3, 1e3)
"""Reward of moving a primary cell far enough, in units of the mean cost of suppressing a cell, program after program:
each takes what the last ones left, with other signs, and only what cheap cells cannot prove may cost dear ones."""

GROUP_REWARDS = (1e-3, 1e-3, 0.3, 0.3, 3.0, 3.0, 1e3, 1e3)
"""The same for groups of contributors, of whom there are many; most is proved by what outsiders need anyway."""

GROUPS = (32, 8, 1)
"""Contributors whose cells are held still together, first and after each split."""

ALIKE = 20
"""Powers of two between protections that one program can see together."""

RESIDUAL = 1e-9
"""Violation of an equation, in units of the smallest protection proved, that is numerical."""


@dataclass(frozen=True, eq=False)
class _Asked:
    """Requirements of like size, as arrays."""

    requirements: Sequence[Requirement]
    cell: np.ndarray
    sign: np.ndarray
    need: FloatArray


class JointProofs:
    """Adds joint witnesses to the requirements of a pattern in the making.

    Args:
        shield: the pattern; its `secret` grows by the cells that deviations move.
    """

    def __init__(self, shield: Shield) -> None:
        self.shield, part = shield, shield.part
        matrix = part.matrix
        self._matrix = sp.hstack([matrix, -matrix, matrix, -matrix]).tocsc()
        self._programs = FreshPrograms()
        self._left: dict[int, frozenset[int] | None] = {
            id(r): r.suspects() if r.knower is None or r.witnesses else frozenset({r.knower})
            for r in shield.requirements
        }

    @property
    def solves(self) -> int:
        """Linear programs solved so far."""
        return self._programs.solves

    def find(self) -> None:
        """Proves what joint programs can prove, first against outsiders, then against single contributors."""
        for asked in self._by_magnitude([r for r in self.shield.requirements if self._left[id(r)] is None]):
            self._prove(asked, frozenset())
        for size in GROUPS:
            everybody = sorted({a for r in self.shield.requirements for a in self._left[id(r)] or ()})
            for start in range(0, len(everybody), size):
                group = frozenset(everybody[start : start + size])
                open_to = [r for r in self.shield.requirements if (self._left[id(r)] or frozenset()) & group]
                for asked in self._by_magnitude(open_to):
                    self._prove(asked, group)

    def _by_magnitude(self, requirements: Sequence[Requirement]) -> list[_Asked]:
        """One program sees protections of like size, or the small ones drown in its tolerance."""
        found: dict[int, list[Requirement]] = {}
        for requirement in requirements:
            found.setdefault(round(np.log2(requirement.need) / ALIKE), []).append(requirement)
        return [
            _Asked(
                found[size],
                np.array([r.cell for r in found[size]]),
                np.array([r.sign for r in found[size]]),
                np.array([r.need for r in found[size]]),
            )
            for size in sorted(found, reverse=True)
        ]

    def _prove(self, asked: _Asked, group: frozenset[int]) -> None:
        still = np.isin(self.shield.part.contributor, sorted(group)) if group else np.zeros(self.shield.part.size, bool)
        for number, reward in enumerate(GROUP_REWARDS if group else REWARDS):
            waiting = np.array([self._is_open(r, group) for r in asked.requirements])
            if not waiting.any():
                return
            chosen = waiting & ~still[asked.cell] & self._signs(asked, waiting, number)
            if not chosen.any():
                chosen = waiting & ~still[asked.cell]
                if not chosen.any():
                    return
                chosen &= self._signs(asked, waiting, number + 1)
                if not chosen.any():
                    continue
            deviation = self._move(asked, chosen, still, reward)
            if deviation is not None:
                self._note(asked, deviation)
                mirrored = self._mirror(deviation)
                if mirrored is not None:
                    self._note(asked, mirrored)

    def _is_open(self, requirement: Requirement, group: frozenset[int]) -> bool:
        left = self._left[id(requirement)]
        return left is None or bool(left & group)

    def _signs(self, asked: _Asked, waiting: np.ndarray, number: int) -> BoolArray:
        """Which of the requirements a program asks for: of each cell one direction, alternating among the waiting."""
        place = np.cumsum(waiting) - 1
        turn = (place >> (number // 2)) + number if number > 1 else place + number
        wanted = np.where(turn % 2 == 0, 1, -1)
        first: dict[int, int] = {}
        for cell, sign in zip(asked.cell[waiting].tolist(), wanted[waiting].tolist(), strict=True):
            first.setdefault(cell, sign)
        return np.array([first.get(int(c)) == s for c, s in zip(asked.cell, asked.sign, strict=True)], dtype=bool)

    def _move(self, asked: _Asked, chosen: np.ndarray, still: BoolArray, reward: float) -> FloatArray | None:
        """The deviation that moves most of the chosen cells far enough, at little cost."""
        part, size = self.shield.part, self.shield.part.size
        need, cell, sign = asked.need[chosen], asked.cell[chosen], asked.sign[chosen]
        scale = scale_of(float(need.max()))
        far = FAR * float(need.max())
        movable = ~still & (self.shield.usable | self.shield.secret)
        up = np.where(movable, np.minimum(part.up, far), 0.0)
        down = np.where(movable, np.minimum(part.down, far), 0.0)
        upper = np.concatenate([up, down, np.zeros(2 * size)])
        room = np.minimum(np.maximum(up, down), need.mean())
        column = np.where(sign > 0, 0, size) + cell
        upper[2 * size + column] = np.minimum(need, upper[column])
        upper[column] -= upper[2 * size + column]
        upper[np.where(sign > 0, size, 0) + cell] = 0.0
        per_unit = np.where(self.shield.secret, ALMOST_FREE, self.shield.cost / np.maximum(room, 1e-9) * scale)
        cost = np.concatenate([per_unit, per_unit, per_unit, per_unit])
        cost[2 * size + column] = ALMOST_FREE - reward * scale / need
        found = self._programs.minimise(self._matrix, upper / scale, cost)
        if found is None:
            return None
        flow = found.reshape(4, size)
        deviation = (flow[0] - flow[1] + flow[2] - flow[3]) * scale
        deviation[np.abs(deviation) < 1e-12 * scale] = 0.0
        return np.asarray(deviation)

    def _mirror(self, deviation: FloatArray) -> FloatArray | None:
        part = self.shield.part
        is_inside = (-deviation <= part.up).all() and (deviation <= part.down).all()
        return -deviation if is_inside else None

    def _note(self, asked: _Asked, deviation: FloatArray) -> None:
        """Adds the deviation to the requirements that it helps, and withholds what it moves."""
        part = self.shield.part
        reach = deviation[asked.cell] * asked.sign
        is_moved = reach >= asked.need * (1.0 - REACHED)
        residual = float(np.abs(part.matrix @ deviation).max(initial=0.0))
        is_moved &= residual <= np.maximum(RESIDUAL * np.abs(deviation).max(initial=0.0), 1e-7 * asked.need)
        if not is_moved.any():
            return
        witness = self.shield.witness(deviation, float(asked.need[is_moved].min()))
        is_useful = False
        for requirement in np.array(asked.requirements)[is_moved]:
            before = self._left[id(requirement)]
            after = witness[1] - requirement.excused if before is None else before & witness[1]
            if before is None or after != before:
                requirement.witnesses.append(witness)
                self._left[id(requirement)] = frozenset(after)
                is_useful = True
        if is_useful:
            moved = np.fromiter(witness[0], dtype=np.int64, count=len(witness[0]))
            self.shield.secret[moved] = True
            self.shield.deviations.append(deviation)

    def reopen(self) -> None:
        """Opens cells, largest cost first, that no proof needs."""
        part, shield = self.shield.part, self.shield
        spare = np.flatnonzero(shield.secret & ~part.is_forced)
        users: dict[int, list[Requirement]] = {}
        for requirement in shield.requirements:
            for cell in frozenset().union(*(moved for moved, _ in requirement.witnesses)):
                users.setdefault(cell, []).append(requirement)
        for cell in spare[np.lexsort((-spare, -shield.cost[spare]))].tolist():
            if all(requirement.suspects(without=cell) == frozenset() for requirement in users.get(cell, ())):
                shield.secret[cell] = False
                for requirement in users.get(cell, ()):
                    requirement.witnesses = [w for w in requirement.witnesses if cell not in w[0]]
