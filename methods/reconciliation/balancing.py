"""Weighted least squares balancing of cells under any number of linear totals.

Belongs here: `balance` and the matrix of totals for labelled cells. Does not belong here: two-way tables without fixed
cells, for which raking keeps signs and odds ratios.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import ReconciliationError
from methods.reconciliation.arguments import as_floats

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]

# Totals of several hierarchies repeat each other (every hierarchy adds up to the same grand total), so their normal
# equations are singular. A small ridge makes them solvable and the refinement below removes its effect.
RIDGE = 1e-9
MAX_REFINEMENTS = 200
NO_SIGN = 1e-12
"""Share of a cell below which what is left of it is zero up to rounding and has no sign."""
MAX_NAMED = 5
"""Totals named on each side of a contradiction."""
TOLERANCE = 1e-10
"""Largest distance of a total from its target, relative to the target."""


def balance(
    values: ArrayLike,
    constraints: Any,
    targets: ArrayLike,
    *,
    alterability: ArrayLike | None = None,
    may_change_sign: bool = False,
) -> Floats:
    """Adjusts cells to totals with the least weighted squared change.

    Minimises sum (y - x)^2 / (|x| a) subject to C y = t. Source: Stone, Champernowne and Meade (1942), "The precision
    of national income estimates"; alterability coefficients as in Quenneville and Fortier (2012), "Restoring accounting
    constraints in time series"; METHODS section 3, TV-9.

    A cell of zero stays zero, a cell with alterability zero stays as it is. Least squares do not know of signs: where
    totals ask for less than nothing of a cell, it would turn from an inflow into an outflow. That is refused, unless
    the cells are differences, such as changes in stocks, whose sign means little. `gras` keeps signs.

    Args:
        values: (cells,) preliminary values x.
        constraints: (totals, cells) coefficients C, dense or scipy.sparse; rows may repeat each other (hierarchies).
        targets: (totals,) t, same unit as the values.
        alterability: (cells,) a >= 0, default 1; 0 fixes a cell, larger lets it move more.
        may_change_sign: whether a cell may come out with another sign than it went in with.

    Returns:
        (cells,) balanced values y, totals met to 1e-10 relative.

    Raises:
        ReconciliationError: wrong shapes, missing values, a total over fixed cells that is not its target (both are
            named), totals that contradict each other (all of them are named, with their targets), or a cell that
            changes its sign (the first is named).
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    x, t = as_floats("values", values), as_floats("targets", targets)
    matrix: csr_array = sparse.csr_array(constraints, dtype=np.float64)
    a = np.ones_like(x) if alterability is None else as_floats("alterabilities", alterability)
    if x.ndim != 1 or matrix.shape != (t.size, x.size) or a.shape != x.shape:
        raise ReconciliationError(
            f"{x.size} values and {t.size} targets need constraints of shape ({t.size}, {x.size}), got {matrix.shape}, "
            f"and {x.size} alterabilities, got {a.size}"
        )
    if not np.isfinite(matrix.data).all():
        raise ReconciliationError("constraints contain a missing or infinite value")
    if not (np.isfinite(x).all() and np.isfinite(t).all() and np.isfinite(a).all()) or (a < 0).any():
        raise ReconciliationError("values, targets and alterabilities must be finite, alterabilities >= 0")

    weight = np.abs(x) * a
    if not t.size:
        return x.copy()
    squares = matrix.multiply(matrix)
    norm = np.sqrt(np.asarray(squares @ weight))
    movable = norm > 0
    gross = np.asarray(abs(matrix) @ np.abs(x))
    _check_fixed(np.asarray(matrix @ x), t, gross, where=~movable)
    if not movable.any():
        return x.copy()

    # In units of z = (y - x) / sqrt(weight) and with rows of length one the problem is the shortest z with A z = b.
    rows = sparse.diags_array(1.0 / norm[movable]) @ matrix[np.flatnonzero(movable)]
    scaled = sparse.csr_array(rows @ sparse.diags_array(np.sqrt(weight)))
    normal = (scaled @ scaled.T + RIDGE * sparse.eye_array(scaled.shape[0])).tocsc()
    solve = splu(normal).solve
    y = x.copy()
    previous = np.inf
    for _ in range(MAX_REFINEMENTS):
        residual = t - matrix @ y
        gap = float((np.abs(residual) / _scale(t, gross)).max())
        # Two orders better than promised, or as good as rounding allows.
        if gap <= TOLERANCE / 100 or (gap <= TOLERANCE and gap > previous / 2):
            return y if may_change_sign else _with_signs(y, x)
        previous = gap
        y += np.sqrt(weight) * (scaled.T @ solve(residual[movable] / norm[movable]))
    if (np.abs(t - matrix @ y) > TOLERANCE * _scale(t, gross)).any():
        raise _contradiction(matrix, x, t, residual, norm, movable, weight > 0)
    return y if may_change_sign else _with_signs(y, x)


def _with_signs(balanced: Floats, before: Floats) -> Floats:
    """The balanced cells; those that should have become zero do, and none has changed its sign."""
    balanced = np.where(np.abs(balanced) <= NO_SIGN * np.abs(before), 0.0, balanced)
    changed = balanced * before < 0
    if changed.any():
        cell = int(changed.argmax())
        raise ReconciliationError(
            f"cell {cell} would change its sign from {before[cell]:.10g} to {balanced[cell]:.10g} "
            f"({int(changed.sum())} of {before.size} cells would): its totals ask for less than nothing of it; "
            "correct them, let other cells move more, or allow may_change_sign"
        )
    return balanced


def _contradiction(
    matrix: csr_array,
    x: Floats,
    targets: Floats,
    residual: Floats,
    norm: Floats,
    movable: NDArray[np.bool_],
    moves: NDArray[np.bool_],
) -> ReconciliationError:
    """Which totals contradict each other.

    What least squares cannot remove of the gaps is a combination of totals in which the cells cancel out: the totals
    with a plus and those with a minus speak of the same cells and should have the same sum.
    """
    weights = np.zeros_like(targets)
    weights[movable] = residual[movable] / norm[movable] ** 2
    # rounded, because refinement leaves the last digits of weights that are whole numbers open
    weights = np.round(weights / np.abs(weights).max(), 6)
    # what fixed cells contribute is no matter of the targets
    free = targets - np.asarray(matrix @ np.where(moves, 0.0, x))
    sides = []
    for side in (np.flatnonzero(weights > 0), np.flatnonzero(weights < 0)):
        share = np.abs(weights[side])
        named = ", ".join(f"total {k} with target {targets[k]:.10g}" for k in side[:MAX_NAMED])
        more = f" and {side.size - MAX_NAMED} more" if side.size > MAX_NAMED else ""
        total = float(share @ free[side])
        weighted = "sum to" if (share == 1).all() else "sum, weighted, to"
        sides.append(named + more + (f" ({weighted} {total:.10g})" if side.size > 1 else ""))
    sides = [side for side in sides if side]
    if len(sides) < 2:
        return ReconciliationError(f"inconsistent totals: {sides[0]} cannot be met")
    fixed = "" if moves.all() else ", given the cells that are fixed or zero"
    return ReconciliationError(f"inconsistent totals: {sides[0]} contradicts the other totals: {sides[1]}{fixed}")


def aggregation_matrix(cells: pd.DataFrame, hierarchies: Sequence[Sequence[str]]) -> tuple[csr_array, pd.DataFrame]:
    """The 0/1 matrix of the totals of labelled cells, one hierarchy after the other.

    Args:
        cells: one row per cell with its labels, e.g. activity, region, size_class.
        hierarchies: the breakdowns whose totals bind, each a list of columns; an empty list is the grand total.

    Returns:
        The (totals, cells) matrix for `balance`, and a frame that labels its rows (`hierarchy` counts from 0; labels
        that do not apply are missing), ordered by hierarchy and label.

    Raises:
        ReconciliationError: a hierarchy names a column that the cells do not have.
    """
    from scipy import sparse

    for column in (c for columns in hierarchies for c in columns):
        if column not in cells.columns:
            raise ReconciliationError(f"cells have no column {column}, only {', '.join(map(str, cells.columns))}")
    blocks, labels = [], []
    for number, columns in enumerate(hierarchies):
        if columns:
            grouped = cells.groupby(list(columns), sort=True, observed=True, dropna=False)
            codes = grouped.ngroup().to_numpy()
            block = grouped.size().index.to_frame(index=False)
        else:
            codes, block = np.zeros(len(cells), dtype=np.int64), pd.DataFrame(index=[0])
        position = np.arange(len(cells))
        blocks.append(sparse.csr_array((np.ones(len(cells)), (codes, position)), shape=(len(block), len(cells))))
        labels.append(block.assign(hierarchy=number))
    return sparse.csr_array(sparse.vstack(blocks)), pd.concat(labels, ignore_index=True)


def _scale(targets: Floats, gross: Floats) -> Floats:
    """What a gap is relative to: the target, or a thousandth of the gross sum where the target is smaller."""
    scale = np.maximum(np.abs(targets), 1e-3 * gross)
    return np.where(scale > 0, scale, 1.0)


def _check_fixed(sums: Floats, targets: Floats, gross: Floats, where: NDArray[np.bool_]) -> None:
    gap = np.where(where, np.abs(sums - targets) / _scale(targets, gross), 0.0)
    worst = int(gap.argmax())
    if gap[worst] > TOLERANCE:
        raise ReconciliationError(
            f"inconsistent totals: total {worst} has only fixed or zero cells, but the cells sum to "
            f"{sums[worst]:.10g}, the target is {targets[worst]:.10g}"
        )
