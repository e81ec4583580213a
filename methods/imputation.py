"""Filling amounts that accounts do not give, with a flag on every one.

Belongs here: ratio and previous-year imputation. Does not belong here: random imputation for uncertainty draws, and the
decision which method comes first, which is a parameter of the tables.

Both functions return a frame with the index of the input: `value`, `is_imputed`, `imputation_method` (`reported`,
`ratio_cell`, `ratio_total`, `previous_year`, or `none` where the value is still missing) and `ratio` (the factor used,
NaN elsewhere). Reported values are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from methods.errors import MethodError


def impute_ratio(
    frame: pd.DataFrame, target: str, auxiliary: str, *, by: Sequence[str] = (), min_respondents: int = 5
) -> pd.DataFrame:
    """Ratio imputation: auxiliary x (sum of target / sum of auxiliary over respondents of the cell).

    Source: METHODS section 1; Handbook on Methodology of Modern Business Statistics (Memobust), module "Imputation".

    Args:
        frame: one row per unit.
        target: column to fill, any unit.
        auxiliary: column known for non-respondents too (turnover, employees), any unit.
        by: columns that form the cells, e.g. activity and size class.
        min_respondents: cells with fewer respondents, or an auxiliary sum that is not positive, take the ratio of all
            respondents (`ratio_total`).

    Returns:
        See the module; values stay missing (`none`) where the auxiliary is missing or there is no respondent.
    """
    value, help_ = frame[target].astype(np.float64), frame[auxiliary].astype(np.float64)
    responds = value.notna() & help_.notna()
    sums: pd.DataFrame = pd.DataFrame(
        {"t": value.where(responds), "a": help_.where(responds), "n": responds.astype(np.float64)}
    )
    total = sums.sum()
    overall = total["t"] / total["a"] if total["a"] > 0 else np.nan
    if by:
        keys = [frame[c] for c in by]
        cell = sums.groupby(keys, dropna=False, observed=True).transform("sum")
    else:
        cell = pd.DataFrame({c: total[c] for c in ("t", "a", "n")}, index=frame.index)
    own = (cell["n"] >= min_respondents) & (cell["a"] > 0)
    ratio = (cell["t"] / cell["a"].where(cell["a"] > 0)).where(own, overall)
    return _filled(value, help_ * ratio, ratio, np.where(own, "ratio_cell", "ratio_total"))


def impute_previous_year(
    frame: pd.DataFrame, target: str, *, unit: str = "firm_id", year: str = "year", by: Sequence[str] = ()
) -> pd.DataFrame:
    """Previous-year imputation: the unit's reported value of the year before x growth of the units that report both.

    Source: METHODS section 1; Memobust, module "Imputation" (trend imputation with the matched sample). A value that
    was itself imputed is not carried further, so nobody lives on for years after the last account.

    Args:
        frame: one row per unit and year.
        target: column to fill, any unit.
        unit: column of the unit.
        year: column of the year (integer).
        by: columns within which growth is measured, beside the year; units there without a match grow by the total.

    Returns:
        See the module; the value stays missing (`none`) where the unit reported nothing in the year before.

    Raises:
        MethodError: two rows for one unit and year.
    """
    if frame.duplicated([unit, year]).any():
        twice = frame[frame.duplicated([unit, year])].iloc[0]
        raise MethodError(f"{unit} {twice[unit]} has two rows for {twice[year]}")
    value = frame[target].astype(np.float64)
    keys = pd.DataFrame({"unit": frame[unit].to_numpy(), "year": frame[year].to_numpy(dtype=np.int64)})
    lookup = keys.assign(year=keys["year"] + 1, before=value.to_numpy())
    before = keys.merge(lookup, on=["unit", "year"], how="left")["before"].set_axis(frame.index)

    both = value.notna() & before.notna()
    matched = pd.DataFrame({"now": value.where(both), "before": before.where(both)})
    growth = pd.Series(np.nan, index=frame.index)
    for columns in ([year, *by], [year]):
        sums = matched.groupby([frame[c] for c in columns], dropna=False, observed=True).transform("sum")
        growth = growth.fillna(sums["now"] / sums["before"].where(sums["before"] > 0))
    # Without a single unit that reports both years the best guess of growth is none.
    growth = growth.fillna(1.0)
    return _filled(value, before * growth, growth, np.full(len(frame), "previous_year", dtype=object))


def _filled(value: pd.Series, guess: pd.Series, ratio: pd.Series, method: object) -> pd.DataFrame:
    imputed = value.isna() & guess.notna()
    name = pd.Series(method, index=value.index, dtype=object).where(imputed, "none").where(value.isna(), "reported")
    return pd.DataFrame(
        {
            "value": value.where(value.notna(), guess),
            "is_imputed": imputed,
            "imputation_method": name,
            "ratio": ratio.where(imputed),
        }
    )
