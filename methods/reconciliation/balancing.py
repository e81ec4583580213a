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

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Floats = NDArray[np.float64]

# Totals of several hierarchies repeat each other (every hierarchy adds up to the same grand total), so their normal
# equations are singular. A small ridge makes them solvable and the refinement below removes its effect.
RIDGE = 1e-9
MAX_REFINEMENTS = 200
TOLERANCE = 1e-10
"""Largest distance of a total from its target, relative to the target."""


def balance(
    values: ArrayLike, constraints: Any, targets: ArrayLike, *, alterability: ArrayLike | None = None
) -> Floats:
    """Adjusts cells to totals with the least weighted squared change.

    Minimises sum (y - x)^2 / (|x| a) subject to C y = t. Source: Stone, Champernowne and Meade (1942), "The precision
    of national income estimates"; alterability coefficients as in Quenneville and Fortier (2012), "Restoring accounting
    constraints in time series"; METHODS section 3, TV-9.

    A cell of zero stays zero, a cell with alterability zero stays as it is. A cell may change its sign
    when its totals ask for less than nothing of it: `gras` keeps signs.

    Args:
        values: (cells,) preliminary values x.
        constraints: (totals, cells) coefficients C, dense or scipy.sparse; rows may repeat each other (hierarchies).
        targets: (totals,) t, same unit as the values.
        alterability: (cells,) a >= 0, default 1; 0 fixes a cell, larger lets it move more.

    Returns:
        (cells,) balanced values y, totals met to 1e-10 relative.

    Raises:
        ReconciliationError: wrong shapes, missing values, a total over fixed cells that is not its target, or totals
            that contradict each other; the message names the sum and the target.
    """
    from scipy import sparse
    from scipy.sparse.linalg import splu

    x = np.asarray(values, dtype=np.float64)
    t = np.asarray(targets, dtype=np.float64)
    matrix: csr_array = sparse.csr_array(constraints, dtype=np.float64)
    a = np.ones_like(x) if alterability is None else np.asarray(alterability, dtype=np.float64)
    if x.ndim != 1 or matrix.shape != (t.size, x.size) or a.shape != x.shape:
        raise ReconciliationError(
            f"{x.size} values and {t.size} targets need constraints of shape ({t.size}, {x.size}), got {matrix.shape}, "
            f"and {x.size} alterabilities, got {a.size}"
        )
    if not (np.isfinite(x).all() and np.isfinite(t).all() and np.isfinite(a).all()) or (a < 0).any():
        raise ReconciliationError("values, targets and alterabilities must be finite, alterabilities >= 0")

    weight = np.abs(x) * a
    if not t.size:
        return x.copy()
    squares = matrix.multiply(matrix)
    norm = np.sqrt(np.asarray(squares @ weight))
    movable = norm > 0
    gross = np.asarray(abs(matrix) @ np.abs(x))
    _check_totals(np.asarray(matrix @ x), t, gross, "only fixed or zero cells, but", where=~movable)
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
            return y
        previous = gap
        y += np.sqrt(weight) * (scaled.T @ solve(residual[movable] / norm[movable]))
    _check_totals(np.asarray(matrix @ y), t, gross, "contradicts the other totals:")
    return y


def aggregation_matrix(cells: pd.DataFrame, hierarchies: Sequence[Sequence[str]]) -> tuple[csr_array, pd.DataFrame]:
    """The 0/1 matrix of the totals of labelled cells, one hierarchy after the other.

    Args:
        cells: one row per cell with its labels, e.g. activity, region, size_class.
        hierarchies: the breakdowns whose totals bind, each a list of columns; an empty list is the grand total.

    Returns:
        The (totals, cells) matrix for `balance`, and a frame that labels its rows (`hierarchy` counts from 0; labels
        that do not apply are missing), ordered by hierarchy and label.
    """
    from scipy import sparse

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


def _check_totals(
    sums: Floats, targets: Floats, gross: Floats, reason: str, where: NDArray[np.bool_] | None = None
) -> None:
    gap = np.abs(sums - targets) / _scale(targets, gross)
    if where is not None:
        gap = np.where(where, gap, 0.0)
    worst = int(gap.argmax())
    if gap[worst] > TOLERANCE:
        raise ReconciliationError(
            f"inconsistent totals: total {worst} {reason} the cells sum to {sums[worst]:.10g}, "
            f"the target is {targets[worst]:.10g}"
        )
