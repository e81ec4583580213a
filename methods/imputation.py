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

    Raises:
        MethodError: two rows of one label.
    """
    if not frame.index.is_unique:
        raise MethodError(f"two rows of the frame have the label {frame.index[frame.index.duplicated()][0]}")
    value, help_ = frame[target].astype(np.float64), frame[auxiliary].astype(np.float64)
    responds = value.notna() & help_.notna()
    lacking = frame.index[value.isna() & help_.notna()]
    total = _ratio(pd.DataFrame({"t": [value[responds].sum()], "a": [help_[responds].sum()], "n": [responds.sum()]}), 0)
    overall = float(total.iloc[0])
    ratio = pd.Series(np.nan, index=frame.index)
    ratio[lacking] = overall
    method = pd.Series("ratio_total", index=frame.index, dtype=object)
    if not by and responds.sum() >= min_respondents:
        method[:] = "ratio_cell"
    elif by and len(lacking):
        keys = [frame.loc[responds, c] for c in by]
        grouped = pd.DataFrame({"t": value[responds], "a": help_[responds], "n": 1.0}).groupby(
            keys, dropna=False, observed=True
        )
        of_cell = _ratio(grouped.sum(), min_respondents).rename("ratio").reset_index()
        own = frame.loc[lacking, list(by)].merge(of_cell, on=list(by), how="left")["ratio"].set_axis(lacking).dropna()
        ratio[own.index] = own
        method[own.index] = "ratio_cell"
    return _filled(value, help_ * ratio, ratio, method)


def _ratio(sums: pd.DataFrame, min_respondents: int) -> pd.Series:
    """Target / auxiliary where enough units respond and the auxiliary is positive, else missing."""
    return (sums["t"] / sums["a"].where((sums["a"] > 0) & (sums["n"] >= min_respondents))).astype(np.float64)


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
    return _filled(value, before * growth, growth, pd.Series("previous_year", index=frame.index))


def _filled(value: pd.Series, guess: pd.Series, ratio: pd.Series, method: pd.Series) -> pd.DataFrame:
    imputed = value.isna() & guess.notna()
    name = np.full(len(value), "reported", dtype=object)
    name[value.isna().to_numpy()] = "none"
    name[imputed.to_numpy()] = method[imputed].to_numpy()
    return pd.DataFrame(
        {
            "value": value.where(value.notna(), guess),
            "is_imputed": imputed,
            "imputation_method": pd.Series(name, index=value.index, dtype=object),
            "ratio": ratio.where(imputed),
        }
    )
