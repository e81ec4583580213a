"""Secondary suppression: which further cells to withhold so that every primary cell is protected.

Belongs here: the choice between exact and heuristic for each component, refusals, the result. Does not belong here: how
either works, the proof (`certificate`).

A component (cells that can move together) is given to the heuristic first; up to `EXACT_CELLS` cells that may be
suppressed the mixed-integer programme then looks for the optimum, above that it only improves the pattern for a few
rounds. Where there is very much to prove, joint proofs come before the heuristic and at most reopening after it. The
choice depends on sizes alone, never on the clock, so that the same system always gets the same pattern.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from methods.disclosure.attack import Prior
from methods.disclosure.components import Component, components
from methods.disclosure.exact import RELATIVE_GAP, optimum
from methods.disclosure.heuristic import Shield, UnprotectableError
from methods.disclosure.highs import solver
from methods.disclosure.joint import JointProofs
from methods.disclosure.system import BoolArray, FloatArray, LinkedSystem
from methods.errors import MethodError

Method = Literal["auto", "exact", "heuristic", "joint"]

EXACT_CELLS = 300
"""Largest component, in cells that may be suppressed, that `auto` solves by mixed-integer programming."""

JOINT_REQUIREMENTS = 500
JOINT_PAIRS = 10_000
"""Requirements of a component (two for each primary cell), and pairs of a requirement and a contributor, from which
`auto` proves them jointly, without a search for the optimum: one by one they would be tens of thousands of programs."""

REOPENING_PAIRS = 50_000
"""Pairs up to which cells that joint proofs withheld are tried again one by one."""

PREFERRED_DISCOUNT = 0.9
"""Factor on the cost of cells suppressed in an earlier vintage: stable patterns, at most a tenth dearer."""

COUNT_COST = 1e-6
"""Cost of a further cell in units of the mean cost: of equally dear patterns the shorter one, also at no value."""


@dataclass(frozen=True)
class Effort:
    """Rounds of the integer programme, nodes of each of its trees, linear programs times equations of all attacks."""

    rounds: int
    nodes: int
    work: float


EFFORT: dict[str, Effort] = {
    "exact": Effort(500, 1_000_000, np.inf),
    "auto": Effort(12, 50, 3e6),
    "heuristic": Effort(4, 10, 1e6),
    "joint": Effort(0, 0, 0.0),
}


@dataclass(frozen=True, eq=False)
class Suppression:
    """A suppression pattern and how good it is.

    Attributes:
        suppressed: (cells,) cells that must not be published: primary, secondary and hidden.
        secondary: (cells,) those neither primary nor hidden.
        method: `exact`, `heuristic`, `joint`, or `mixed` when components were solved by different methods.
        cost: cost of all suppressed cells that are not hidden.
        secondary_cost: cost of the secondary cells alone.
        is_optimal: proven optimal.
        gap: upper bound of (secondary cost - optimum) / optimum, in the costs after the discount for preferred cells;
            inf where a component was too large to look for a bound.
        facts: counts and solver, for the record; nothing that depends on the clock.
        witnesses: (proofs, cells) deviations that prove protection, for `certify`; there may be none.
    """

    suppressed: BoolArray
    secondary: BoolArray
    method: str
    cost: float
    secondary_cost: float
    is_optimal: bool
    gap: float
    facts: dict[str, float | int | str] = field(default_factory=dict)
    witnesses: FloatArray = field(default_factory=lambda: np.empty((0, 0)))


def protect(
    system: LinkedSystem,
    *,
    preferred: ArrayLike | None = None,
    method: Method = "auto",
    time_limit_s: float | None = None,
) -> Suppression:
    """Chooses secondary suppressions of least cost so that every primary cell is protected.

    Protected means, for an outsider and for whoever knows a single contributor (and so its own cells): the interval of
    a primary cell reaches from `required_lower` to `required_upper` of the system, or as far as it did for that
    attacker before anything was published.

    Args:
        system: the linked system.
        preferred: (cells,) cells suppressed in an earlier vintage; they cost a little less.
        method: `exact`, `heuristic`, `joint` (proofs for many cells at once), or by the size of each component.
        time_limit_s: of the exact search of each component, by the clock; only for measurements.

    Returns:
        The pattern.

    Raises:
        MethodError: a primary cell that cannot be protected whatever is suppressed, with the reason.
    """
    if method not in EFFORT:
        raise MethodError(f"there is no method {method}: {', '.join(EFFORT)}")
    parts, fixed_by = components(system, ~system.is_public)
    needed = (system.values > system.required_lower) | (system.required_upper > system.values)
    for cell in np.flatnonzero(system.is_primary & needed & ~np.isnan(fixed_by)):
        raise MethodError(
            f"cell {system.names[cell]} cannot be protected: in {system.equation_names[int(fixed_by[cell])]}"
            " all other cells are public or follow from public ones"
        )
    cost = _cost(system, preferred)
    suppressed = system.secret(system.is_primary)
    prior = Prior(system)
    price = bound = 0.0
    solves = cuts = 0
    used: set[str] = set()
    is_optimal = True
    witnesses: list[FloatArray] = []
    for part in parts:
        if not (part.need_up.any() or part.need_down.any()):
            continue
        choosable = int((~part.is_forced).sum())
        chosen = method if method != "auto" else "exact" if choosable <= EXACT_CELLS else "heuristic"
        effort = EFFORT["auto" if method == "auto" and chosen == "exact" else chosen]
        shield = Shield(part, cost[part.cells], prior=prior)
        many, pairs = len(shield.requirements), len(shield.requirements) * (1 + len(shield.cells_of))
        is_large = method == "auto" and (many >= JOINT_REQUIREMENTS or pairs >= JOINT_PAIRS)
        joint: JointProofs | None = None
        try:
            if is_large or method == "joint":
                shield.excuse()
                joint = JointProofs(shield)
                joint.find()
            shield.protect()
        except UnprotectableError as error:
            raise _refusal(system, part, error) from None
        if joint:
            joint.reopen()
            if many < JOINT_REQUIREMENTS and pairs <= REOPENING_PAIRS:
                shield.clean()
            suppressed[part.cells] |= shield.secret
            # nothing is cheaper than nothing
            price, is_optimal = price + shield.price(), is_optimal and shield.price() == 0
            solves += shield.solves + joint.solves
            proofs = [deviation for deviation in shield.deviations if shield.secret[deviation != 0].all()]
            witnesses.extend(_placed(part, deviation, system.size) for deviation in proofs)
            used.add("joint")
            continue
        shield.clean()
        best = optimum(
            part,
            cost[part.cells],
            shield,
            rounds=effort.rounds,
            nodes=effort.nodes,
            work=effort.work,
            time_limit_s=time_limit_s,
        )
        suppressed[part.cells] |= best.secret
        price, bound = price + best.price, bound + best.bound
        solves, cuts = solves + best.solves, cuts + best.cuts
        is_optimal &= best.is_optimal
        used.add(chosen)
    secondary = suppressed & ~system.is_primary & ~system.is_hidden
    gap = 0.0 if price <= bound * (1.0 + RELATIVE_GAP) else (price - bound) / bound if bound > 0 else np.inf
    return Suppression(
        suppressed=suppressed,
        secondary=secondary,
        method=used.pop() if len(used) == 1 else "mixed" if used else "exact",
        cost=float(system.cost[suppressed & ~system.is_hidden].sum()),
        secondary_cost=float(system.cost[secondary].sum()),
        is_optimal=is_optimal,
        gap=float(gap),
        facts={
            "cells": system.size,
            "primary": int(system.is_primary.sum()),
            "secondary": int(secondary.sum()),
            "components": len(parts),
            "linear_programs": solves,
            "cuts": cuts,
            "solver": solver(),
        },
        witnesses=np.array(witnesses).reshape(len(witnesses), system.size),
    )


def _placed(part: Component, deviation: FloatArray, size: int) -> FloatArray:
    """A deviation of a component in the system's numbering."""
    whole = np.zeros(size)
    whole[part.cells] = deviation
    return whole


def _cost(system: LinkedSystem, preferred: ArrayLike | None) -> FloatArray:
    free = system.is_primary | system.is_hidden | system.is_public
    cost = system.cost.copy()
    if preferred is not None:
        cost[np.asarray(preferred, dtype=bool)] *= PREFERRED_DISCOUNT
    mean = float(cost[~free].mean()) if (~free).any() else 0.0
    return np.where(free, 0.0, cost / (mean if mean > 0 else 1.0) + COUNT_COST)


def _refusal(system: LinkedSystem, part: Component, error: UnprotectableError) -> MethodError:
    cell = int(part.cells[error.cell])
    whom = "an outsider" if error.contributor is None else f"whoever knows contributor {error.contributor}"
    rows = part.matrix[:, [error.cell]].nonzero()[0]
    names = {system.names[c] for row in rows for c in part.cells[part.matrix[[row]].indices] if c != cell}
    public = system.equations[:, np.flatnonzero(system.is_public)]
    touching = [
        system.equation_names[row]
        for row in np.flatnonzero(system.equations[:, [cell]].toarray().ravel())
        if public[[row]].nnz
    ]
    return MethodError(
        f"cell {system.names[cell]} cannot be protected against {whom}, even with everything withheld that is not"
        " public"
        f" ({len(names)} cells beside it): public cells bind it through {', '.join(touching[:3]) or 'other equations'}"
    )
