"""Filling amounts that accounts do not give, with a flag on every one.

Belongs here: ratio imputation and imputation from neighbouring years. Does not belong here: random imputation for
uncertainty draws, and the decision which method comes first, which is a parameter of the tables.

Both functions return a frame with the index of the input: `value`, `is_imputed`, `imputation_method` (`reported`,
`ratio_cell`, `ratio_total`, `previous_year`, `next_year`, `neighbour_mean`, or `none` where the value is still missing)
and `ratio` (the factor used, NaN elsewhere). Reported values are never changed.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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
    ratio = pd.Series(np.nan, index=frame.index)
    method = pd.Series("ratio_total", index=frame.index, dtype=object)
    if len(lacking):
        sums = {"t": [value[responds].sum()], "a": [help_[responds].sum()], "n": [responds.sum()]}
        ratio[lacking] = float(_ratio(pd.DataFrame(sums), 0).iloc[0])
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


def impute_neighbouring_years(
    frame: pd.DataFrame,
    target: str,
    *,
    unit: str = "firm_id",
    year: str = "year",
    by: Sequence[str] = (),
    max_years: int = 2,
    min_pairs: int = 5,
) -> pd.DataFrame:
    """Imputation from the unit's own nearest years: value per day of existence x growth between the two years.

    The reference of `sql/interpretation/value_added.sql`, `growth.sql` and `unit_year.sql`, which do the same for a
    nation and several measures at once; a test holds both to one answer.

    Source: METHODS section 1; Memobust, module "Imputation" (trend imputation with the matched sample). With usable
    values on both sides, at most `max_years` away, the mean of both guesses is taken: an interpolation, which does not
    ignore what the unit filed later. A value that was itself imputed is not carried further. Growth of a year is the
    sum over the units that report it and the year before in full, divided by their sum of the year before; a pair that
    differs more than tenfold says something of one of the accounts rather than of growth. Cells of fewer than
    `min_pairs` pairs take the growth of the coarser cell without their last column, in the end of all.

    Args:
        frame: one row per unit and year in which the unit existed. Optional columns: `existed` (share of the year's
            days, default 1), `covered` (share of the year's days of which the value speaks, default 1; above 1 where
            accounts overlap), `is_reported` (false where the value is carried but no measure of growth, default true).
        target: column to fill, missing where there is no usable value; any unit.
        unit: column of the unit.
        year: column of the year (integer).
        by: columns within which growth is measured, coarsest first, the same for all years of a unit.
        max_years: how far away a neighbouring value may be.
        min_pairs: units that report two years without which their growth is not believed.

    Returns:
        See the module; the value stays missing (`none`) where no value is near enough, or nobody's growth is known
        between the two years. `ratio` is missing where two values were used.

    Raises:
        MethodError: two rows for one unit and year, or `max_years` or `min_pairs` below one.
    """
    if max_years < 1 or min_pairs < 1:
        raise MethodError(f"max_years is {max_years} and min_pairs {min_pairs}: both are at least 1")
    if frame.duplicated([unit, year]).any():
        twice = frame[frame.duplicated([unit, year])].iloc[0]
        raise MethodError(f"{unit} {twice[unit]} has two rows for {twice[year]}")
    rows = frame[[unit, year, *by]].reset_index(drop=True)
    value = rows["value"] = frame[target].to_numpy(dtype=np.float64, na_value=np.nan)
    for column, default in (("existed", 1.0), ("covered", 1.0), ("is_reported", True)):
        rows[column] = frame[column].to_numpy() if column in frame.columns else default
    level, chain = _growth_levels(rows, unit, year, by, min_pairs)

    known = ~np.isnan(value)
    position = pd.Series(np.where(known, np.arange(len(rows)), np.nan))
    order = rows.sort_values([unit, year]).index
    grouped = position[order].groupby(rows[unit], sort=False)
    years, existed = rows[year].to_numpy(dtype=np.int64), rows["existed"].to_numpy(dtype=np.float64)
    covered = np.minimum(rows["covered"].to_numpy(dtype=np.float64), 1.0)
    factors, guesses = [], []
    for nearest in (grouped.ffill(), grouped.bfill()):
        donor = nearest.reindex(rows.index).fillna(0).to_numpy(dtype=np.int64)
        usable = nearest.reindex(rows.index).notna().to_numpy() & ~known & (existed > 0)
        usable &= (np.abs(years - years[donor]) <= max_years) & (chain == chain[donor])
        with np.errstate(divide="ignore", invalid="ignore"):
            factor = np.where(usable, existed / covered[donor] * level / level[donor], np.nan)
        factors.append(factor)
        guesses.append(value[donor] * factor)
    before, after = guesses
    has_before, has_after = ~np.isnan(before), ~np.isnan(after)
    guess = np.where(has_before & has_after, (before + after) / 2, np.where(has_before, before, after))
    ratio = np.where(has_before & has_after, np.nan, np.where(has_before, factors[0], factors[1]))
    method = np.where(has_before, np.where(has_after, "neighbour_mean", "previous_year"), "next_year")
    filled = (pd.Series(x, index=frame.index) for x in (value, guess, ratio, method.astype(object)))
    return _filled(*filled)


def _growth_levels(
    rows: pd.DataFrame, unit: str, year: str, by: Sequence[str], min_pairs: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Level of each row's cell, whose quotients are growth, and a number that changes where no growth is known."""
    is_full = rows["covered"].between(0.99, 1.01) & (rows["existed"] > 0.99) & rows["is_reported"].astype(bool)
    reported = rows[is_full & rows["value"].notna()]
    earlier = reported[[unit, year, "value"]].assign(**{year: reported[year] + 1}).rename(columns={"value": "before"})
    pairs = reported.merge(earlier, on=[unit, year])
    pairs = pairs[(pairs["value"] <= 10 * pairs["before"]) & (pairs["before"] <= 10 * pairs["value"])]
    span = pd.DataFrame({year: range(int(rows[year].min()), int(rows[year].max()) + 1)}) if len(rows) else rows[[year]]
    cells = span.merge(rows[list(by)].drop_duplicates(), how="cross") if by else span
    growth = pd.Series(np.nan, index=cells.index)
    for depth in range(len(by), -1, -1):
        keys = [year, *by[:depth]]
        sums = pairs.groupby(keys, dropna=False, observed=True).agg(
            now=("value", "sum"), before=("before", "sum"), pairs=("value", "size")
        )
        found = (sums["now"] / sums["before"].where((sums["before"] > 0) & (sums["pairs"] >= min_pairs))).rename("of")
        total = cells.merge(found.reset_index(), on=keys, how="left")["of"].to_numpy()
        growth = growth.fillna(pd.Series(total, index=cells.index))
    # the last of them is the growth of all: without it a chain ends
    cells = cells.assign(step=growth.fillna(1.0), gap=np.isnan(total)).sort_values(year, kind="stable")
    within = cells.groupby(list(by), dropna=False, observed=True) if by else cells.groupby(lambda _: 0)
    cells = cells.assign(level=within["step"].cumprod(), chain=within["gap"].cumsum())
    placed = rows.merge(cells, on=[year, *by], how="left")
    return placed["level"].to_numpy(dtype=np.float64), placed["chain"].to_numpy(dtype=np.int64)


def _filled(value: pd.Series, guess: pd.Series, ratio: pd.Series, method: pd.Series) -> pd.DataFrame:
    imputed = value.isna() & guess.notna()
    # looked up, because to make a text for every row takes longer than all the rest
    name = np.array(["reported", "none"], dtype=object)[value.isna().to_numpy().astype(np.int8)]
    name[imputed.to_numpy()] = method[imputed].to_numpy()
    return pd.DataFrame(
        {
            "value": value.where(value.notna(), guess),
            "is_imputed": imputed,
            "imputation_method": pd.Series(name, index=value.index, dtype=object),
            "ratio": ratio.where(imputed),
        }
    )
