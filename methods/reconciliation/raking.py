"""Biproportional fitting of a two-way table to its margins.

Belongs here: `rake` for cells that are not negative, `gras` for cells of both signs, and the checks they share. Does
not belong here: more than two margins or cells held fixed (`balancing`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from methods.errors import ReconciliationError
from methods.reconciliation.arguments import as_floats, check_iteration

Floats = NDArray[np.float64]

# A margin close to zero is the difference of large cells: below this share of the line's gross sum, rounding of the
# cells decides, and a relative criterion on the margin itself could never be met.
SMALL_MARGIN_RATIO = 1e-3

# Plain passes converge slowly where a table nearly falls apart into blocks: then a Newton step is taken now and then.
PLAIN_ITERATIONS = 50
NEWTON_EVERY = 5


def rake(
    cells: ArrayLike,
    row_totals: ArrayLike,
    column_totals: ArrayLike,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 10_000,
) -> Floats:
    """Rakes a table of cells >= 0 to row and column totals by iterative proportional fitting.

    Source: Deming and Stephan (1940), "On a least squares adjustment of a sampled frequency table"; METHODS section 3,
    TV-6. Zero cells stay zero; the odds ratios of the table are kept.

    Args:
        cells: (rows, columns), >= 0.
        row_totals: (rows,), >= 0, same unit as the cells.
        column_totals: (columns,), >= 0, same sum as `row_totals`.
        tolerance: largest relative distance of any line's sum from its total, and of the two grand totals.
        max_iterations: passes over rows and columns, at least 1.

    Returns:
        (rows, columns) array whose lines sum to the totals within `tolerance`.

    Raises:
        ReconciliationError: negative cells or totals, inconsistent grand totals (both are named), a line of zeros with
            a positive total, a tolerance outside (0, 1), or no convergence.
    """
    check_iteration(tolerance, max_iterations)
    table, rows, columns = _checked(cells, row_totals, column_totals, tolerance)
    if (table < 0).any():
        where = tuple(int(k) for k in np.argwhere(table < 0)[0])
        raise ReconciliationError(
            f"raking needs cells >= 0, but cell {where} is {table[where]:.10g}; "
            "plain raking would flip signs: use gras for negative cells"
        )
    for kind, totals in (("row", rows), ("column", columns)):
        if (totals < 0).any():
            line = int(np.flatnonzero(totals < 0)[0])
            raise ReconciliationError(f"{kind} {line} has no negative cell but its total is {totals[line]:.10g}")
    table = table.copy()
    for iteration in range(max_iterations):
        if _is_newton_turn(iteration):
            of_rows, of_columns = _newton_step(table, np.zeros_like(table), rows, columns)
            table *= np.exp(of_rows[:, None] + of_columns[None, :])
        table *= _factors(table.sum(axis=1), rows, "row")[:, None]
        table *= _factors(table.sum(axis=0), columns, "column")[None, :]
        if _largest_gap(table, rows, columns) <= tolerance:
            return table
    raise _not_converged("raking", table, rows, columns, max_iterations)


def gras(
    cells: ArrayLike,
    row_totals: ArrayLike,
    column_totals: ArrayLike,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = 10_000,
) -> Floats:
    """Fits a table with cells of both signs to row and column totals; every cell keeps its sign.

    Source: Junius and Oosterhaven (2003), "The solution of updating or regionalizing a matrix with both positive and
    negative entries", Economic Systems Research 15(1), with the correction of Lenzen, Wood and Gallego (2007) for
    lines without positive cells; METHODS section 3, TV-8. With P the positive and N the absolute negative cells the
    result is r_i p_ij s_j - n_ij / (r_i s_j), and each multiplier solves the quadratic of its own line.

    Args:
        cells: (rows, columns), any sign.
        row_totals: (rows,), same unit as the cells.
        column_totals: (columns,), same sum as `row_totals`.
        tolerance: largest distance of any line's sum from its total, relative to the total (or to a thousandth of the
            line's gross sum where the total is smaller than that).
        max_iterations: passes over rows and columns, at least 1.

    Returns:
        (rows, columns) array; on cells >= 0 the same as `rake`.

    Raises:
        ReconciliationError: inconsistent grand totals (both are named), a line whose cells cannot have the sign of
            its total, a tolerance outside (0, 1), or no convergence.
    """
    check_iteration(tolerance, max_iterations)
    table, rows, columns = _checked(cells, row_totals, column_totals, tolerance)
    for kind, lines, totals in (("row", table, rows), ("column", table.T, columns)):
        _check_signs(kind, lines, totals)
    positive, negative = np.maximum(table, 0.0), np.maximum(-table, 0.0)
    # A line of one sign with a total of zero can only become zeros; its multiplier would be zero or infinite.
    for axis, totals in ((1, rows), (0, columns)):
        empty = (totals == 0) & ((positive.sum(axis=axis) == 0) | (negative.sum(axis=axis) == 0))
        positive[empty if axis == 1 else (slice(None), empty)] = 0.0
        negative[empty if axis == 1 else (slice(None), empty)] = 0.0

    fitted = positive - negative
    r, s = np.ones(len(rows)), np.ones(len(columns))
    with np.errstate(all="ignore"):
        for iteration in range(max_iterations):
            if _is_newton_turn(iteration):
                up, down = r[:, None] * positive * s[None, :], negative / (r[:, None] * s[None, :])
                r *= np.exp(_newton_step(up, down, rows, columns)[0])
            s = _multipliers(positive.T @ r, negative.T @ (1.0 / r), columns)
            r = _multipliers(positive @ s, negative @ (1.0 / s), rows)
            fitted = r[:, None] * positive * s[None, :] - negative / (r[:, None] * s[None, :])
            if not np.isfinite(fitted).all():
                break
            if _largest_gap(fitted, rows, columns) <= tolerance:
                return fitted
    raise _not_converged("GRAS", fitted, rows, columns, max_iterations)


def _checked(
    cells: ArrayLike, row_totals: ArrayLike, column_totals: ArrayLike, tolerance: float
) -> tuple[Floats, Floats, Floats]:
    """The three arrays as floats, of fitting shapes, finite, with one grand total."""
    table = as_floats("cells", cells)
    rows, columns = as_floats("row totals", row_totals), as_floats("column totals", column_totals)
    if table.ndim != 2 or rows.shape != (table.shape[0],) or columns.shape != (table.shape[1],):
        raise ReconciliationError(
            f"cells of shape {table.shape} need as many row and column totals, got {rows.shape} and {columns.shape}"
        )
    for name, array in (("cells", table), ("row totals", rows), ("column totals", columns)):
        if not np.isfinite(array).all():
            raise ReconciliationError(f"{name} contain a missing or infinite value")
    total_rows, total_columns = float(rows.sum()), float(columns.sum())
    gross = max(float(np.abs(rows).sum()), float(np.abs(columns).sum()))
    # Summation order alone moves the sums by some units in the last place, whatever the tolerance.
    if abs(total_rows - total_columns) > max(tolerance, 1e-12) * gross:
        raise ReconciliationError(
            f"inconsistent margins: row totals sum to {total_rows:.12g}, column totals sum to {total_columns:.12g}"
        )
    return table, rows, columns


def _factors(sums: Floats, totals: Floats, kind: str) -> Floats:
    impossible = (sums == 0) & (totals > 0)
    if impossible.any():
        line = int(np.flatnonzero(impossible)[0])
        raise ReconciliationError(
            f"{kind} {line} has no positive cell left but its total is {totals[line]:.10g}; "
            "give it a cell or set its total to zero"
        )
    return np.divide(totals, sums, out=np.zeros_like(totals), where=sums > 0)


def _check_signs(kind: str, lines: Floats, totals: Floats) -> None:
    has_positive, has_negative = (lines > 0).any(axis=1), (lines < 0).any(axis=1)
    for impossible, missing in ((~has_positive & (totals > 0), "positive"), (~has_negative & (totals < 0), "negative")):
        if impossible.any():
            line = int(np.flatnonzero(impossible)[0])
            raise ReconciliationError(
                f"{kind} {line} has no {missing} cell but its total is {totals[line]:.10g}; signs are kept"
            )


def _multipliers(positive: Floats, negative: Floats, totals: Floats) -> Floats:
    """The positive root x of positive x^2 - total x - negative = 0, line by line; 1 where the line is empty."""
    root = np.sqrt(totals * totals + 4.0 * positive * negative)
    # The two textbook forms of the root; each is used where it does not subtract nearly equal numbers.
    with_plus = (totals + root) / (2.0 * positive)
    with_minus = 2.0 * negative / (root - totals)
    x = np.where((totals >= 0) & (positive > 0), with_plus, with_minus)
    return np.where((positive == 0) & (negative == 0), 1.0, x)


def _is_newton_turn(iteration: int) -> bool:
    return iteration >= PLAIN_ITERATIONS and iteration % NEWTON_EVERY == 0


def _newton_step(up: Floats, down: Floats, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Logarithms of row and column multipliers that bring `up` - `down` closer to its margins.

    Both methods minimise a convex function of these logarithms, whose gradient is the gap of the margins and whose
    Hessian is made of the gross cells; Brauer et al. (2017), "A Sinkhorn-Newton method for entropic optimal transport".
    """

    def gap(step: Floats) -> Floats:
        grown = np.exp(step[:height, None] + step[None, height:])
        table = up * grown - down / grown
        return np.concatenate([rows - table.sum(axis=1), columns - table.sum(axis=0)])

    height, gross = len(rows), up + down
    lines = np.concatenate([gross.sum(axis=1), gross.sum(axis=0)])
    scale = 1.0 / np.sqrt(np.where(lines > 0, lines, 1.0))
    hessian = np.block([[np.diag(lines[:height]), gross], [gross.T, np.diag(lines[height:])]])
    before = gap(np.zeros(len(lines))) * scale
    if not (np.isfinite(hessian).all() and np.isfinite(before).all()):
        return np.zeros(height), np.zeros(len(columns))
    # Rows up and columns down by one factor change nothing, so the matrix is singular: the shortest step is taken.
    step = scale * np.linalg.lstsq(scale[:, None] * hessian * scale[None, :], before, rcond=None)[0]
    for _ in range(30):
        with np.errstate(all="ignore"):
            after = gap(step) * scale
        if np.linalg.norm(after) < np.linalg.norm(before):
            return step[:height], step[height:]
        step = step / 2.0
    return np.zeros(height), np.zeros(len(columns))


def _gaps(table: Floats, rows: Floats, columns: Floats) -> tuple[Floats, Floats]:
    """Relative distance of each row's and each column's sum from its total."""
    gaps = []
    for axis, totals in ((1, rows), (0, columns)):
        gross = np.abs(table).sum(axis=axis)
        scale = np.maximum(np.abs(totals), SMALL_MARGIN_RATIO * gross)
        gaps.append(np.abs(table.sum(axis=axis) - totals) / np.where(scale > 0, scale, 1.0))
    return gaps[0], gaps[1]


def _largest_gap(table: Floats, rows: Floats, columns: Floats) -> float:
    by_row, by_column = _gaps(table, rows, columns)
    return float(max(by_row.max(initial=0.0), by_column.max(initial=0.0)))


def _not_converged(
    method: str, table: Floats, rows: Floats, columns: Floats, max_iterations: int
) -> ReconciliationError:
    by_row, by_column = _gaps(np.nan_to_num(table), rows, columns)
    kind, gaps, sums, totals = (
        ("row", by_row, table.sum(axis=1), rows)
        if by_row.max(initial=0.0) >= by_column.max(initial=0.0)
        else ("column", by_column, table.sum(axis=0), columns)
    )
    line = int(gaps.argmax())
    return ReconciliationError(
        f"{method} did not converge in {max_iterations} iterations: {kind} {line} sums to {sums[line]:.10g}, "
        f"its total is {totals[line]:.10g}; the zero cells may not allow these margins"
    )
