"""Making the margins of two-way tables complete and consistent before cells are fitted to them.

Belongs here: years without a published margin, margins that differ in total by the rounding of what is published. Does
not belong here: fitting cells (`raking`), which margins bind (tables of the interpretation layer).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from methods.errors import ReconciliationError
from methods.reconciliation.benchmarking import denton


def extrapolate_margins(
    margins: pd.DataFrame, indicator: pd.DataFrame, *, max_years: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fills margins of years without one by proportional Denton on an indicator: the last ratio is carried.

    Source: METHODS section 3 (years without a benchmark); `denton`. Published margins are never changed.

    Args:
        margins: (years, lines), published margins, NaN where there is none yet; the index holds every year once.
        indicator: (years, lines) of the same labels, e.g. what accounts add up to. A line whose indicator is missing or
            not positive in some year moves with the sum of all lines.
        max_years: years that are further than this from the next published margin of the line stay missing.

    Returns:
        The completed margins and a frame of booleans, true where a margin is extrapolated.

    Raises:
        ReconciliationError: years that are not consecutive, or a negative `max_years`.
    """
    if max_years < 0:
        raise ReconciliationError(f"max_years is {max_years}: it cannot be negative")
    years = margins.index.to_numpy(dtype=np.int64)
    if len(years) and (np.diff(years) != 1).any():
        raise ReconciliationError("margins need consecutive years, every one once")
    moves = indicator.reindex(index=margins.index, columns=margins.columns).astype(np.float64)
    total = indicator.reindex(index=margins.index).sum(axis=1).to_numpy(dtype=np.float64)
    filled = margins.astype(np.float64).copy()
    for line in margins.columns:
        published = filled[line].to_numpy(copy=True)
        known = np.flatnonzero(~np.isnan(published))
        distance = np.abs(np.arange(len(years))[:, None] - known[None, :]).min(axis=1, initial=len(years) + 1)
        wanted = np.isnan(published) & (distance <= max_years)
        if not known.size or not wanted.any():
            continue
        first, last = min(known[0], np.flatnonzero(wanted)[0]), max(known[-1], np.flatnonzero(wanted)[-1]) + 1
        own = moves[line].to_numpy()[first:last]
        own = own if (own > 0).all() else total[first:last]
        if not (own > 0).all():
            continue
        spread = denton(own, published[first:last], periods_per_benchmark=1)
        filled[line] = np.where(wanted, np.pad(spread, (first, len(years) - last), constant_values=np.nan), published)
    return filled, margins.isna() & filled.notna()


def common_total(
    rows: pd.Series,
    columns: pd.Series,
    *,
    row_is_extrapolated: pd.Series,
    column_is_extrapolated: pd.Series,
    total: float | None = None,
    row_limit: pd.Series | None = None,
    rounding: float = 0.0,
) -> tuple[pd.Series, pd.Series]:
    """Brings the two margins of one table to one total.

    Published margins bind, extrapolated ones give way in proportion. The total is that of a margin that is published in
    full (rows first), else `total`, else the sum of the rows. Two published margins may differ by their rounding: then
    the columns give way.

    Args:
        rows: margin by row, no value missing.
        columns: margin by column, same unit.
        row_is_extrapolated: labels as `rows`.
        column_is_extrapolated: labels as `columns`.
        total: published total, used where both margins are extrapolated in part.
        row_limit: what an extrapolated row may not exceed, e.g. the same activity in the whole economy; rows without a
            limit are free.
        rounding: largest error of one published figure, same unit.

    Returns:
        Rows and columns with equal sums (to the last bits of a float).

    Raises:
        ReconciliationError: a rounding that is negative, published margins differ by more than it, or leave nothing for
            extrapolated lines; the message names both totals.
    """
    if not 0 <= rounding < np.inf:
        raise ReconciliationError(f"rounding is {rounding!r}: the largest error of a figure is not negative")
    limit = pd.Series(np.inf, index=rows.index) if row_limit is None else row_limit.reindex(rows.index).fillna(np.inf)
    rows, columns = rows.astype(np.float64), columns.astype(np.float64)
    rows = rows.where(~row_is_extrapolated, rows.clip(upper=limit))
    if not row_is_extrapolated.any():
        target = float(rows.sum())
    elif not column_is_extrapolated.any():
        target = float(columns.sum())
    else:
        target = float(rows.sum()) if total is None else total
    if not row_is_extrapolated.any() and not column_is_extrapolated.any():
        of_columns = float(columns.sum())
        if abs(of_columns - target) > rounding * (len(rows) + len(columns)) + 1e-12 * abs(target):
            raise ReconciliationError(
                f"inconsistent margins: row totals sum to {target:.12g}, column totals sum to {of_columns:.12g}"
            )
        return rows, columns * (target / of_columns) if of_columns else columns
    free = pd.Series(np.inf, index=columns.index)
    return (
        _give_way(rows, row_is_extrapolated, target, limit, "row"),
        _give_way(columns, column_is_extrapolated, target, free, "column"),
    )


def _give_way(margin: pd.Series, is_extrapolated: pd.Series, target: float, limit: pd.Series, kind: str) -> pd.Series:
    result, loose = margin.copy(), is_extrapolated.copy()
    while loose.any():
        rest = target - float(result[~loose].sum())
        if rest <= 0 or float(margin[loose].sum()) <= 0:
            line = margin.index[int(loose.to_numpy().argmax())]
            raise ReconciliationError(
                f"inconsistent margins: {kind} totals published or at their limit sum to {target - rest:.12g}, "
                f"the table to {target:.12g}, which leaves nothing for {kind} {line} without a published margin"
            )
        result[loose] = margin[loose] * (rest / float(margin[loose].sum()))
        above = loose & (result > limit * (1 + 1e-12))
        if not above.any():
            return result
        # what is at its limit stays there, the others share what is left
        result[above] = limit[above]
        loose &= ~above
    if is_extrapolated.any():
        raise ReconciliationError(
            f"inconsistent margins: {kind} totals at their limits sum to {float(result.sum()):.12g}, "
            f"the table to {target:.12g}"
        )
    return result
