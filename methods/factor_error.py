"""How wrong a calibration factor may be: what cells and firms differ by, and how the margins hold it together.

Belongs here: estimating the spread of cells and of firms around the factors of the margins, fitting drawn cells to
the margins again. Does not belong here: the calibration itself (`methods.reconciliation`), random numbers
(`methods.draws`).

Margins by activity and by region fix the total of every line; how the lines cross is taken over from firms' accounts. A
third source that crosses them, the regional accounts of the whole economy by groups of activities, shows how far that
is wrong: with v the calibrated value of a cell and w the published one, ln(v / w) less its means by activity and by
region would be 0 if accounts covered a cell as its activity and its region say. The published cells hold all
institutional sectors, so that the spread also holds what the part of corporations differs by among regions: it is
rather too large than too small.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_LINES = 3
"""Activities and regions that a year must have; two means are taken off each cell."""
NORMAL_90 = 3.2897072539
"""Distance of the 5th and the 95th percentile of the standard normal distribution."""
MEDIAN_SQUARE = 0.4549364231
"""Median of the square of a standard normal variable (chi-squared, one degree of freedom)."""


def crossed_residuals(cells: pd.DataFrame) -> pd.DataFrame:
    """What is left of a cell's logarithm when the means of its activity and its region are taken off, year by year.

    Args:
        cells: `reference_year`, `activity_code`, `region_code`, `log_ratio` = ln(v / w); a year counts only the
            activities and regions that are complete in it.

    Returns:
        The rows that count with `residual`, enlarged for the degrees of freedom that the means take; none where a year
        has fewer than `MIN_LINES` activities or regions.
    """
    frames = []
    for _, year in cells.groupby("reference_year", sort=True):
        table = year.pivot(index="activity_code", columns="region_code", values="log_ratio")
        table = table.loc[table.notna().mean(axis=1) >= 0.5].dropna(axis=1)
        rows, columns = table.shape
        if min(rows, columns) < MIN_LINES:
            continue
        values = table.to_numpy(np.float64)
        left = values - values.mean(axis=1, keepdims=True) - values.mean(axis=0, keepdims=True) + values.mean()
        left = left * np.sqrt(rows * columns / ((rows - 1) * (columns - 1)))
        residual = pd.DataFrame(left, index=table.index, columns=table.columns).melt(
            ignore_index=False, value_name="residual"
        )
        frames.append(year.merge(residual.reset_index(), on=["activity_code", "region_code"], validate="one_to_one"))
    return pd.concat(frames, ignore_index=True) if frames else cells.iloc[:0].assign(residual=0.0)


def cell_spread(residuals: pd.DataFrame) -> float:
    """Standard deviation of the logarithm of a cell's own coverage, robust: the middle 90 % of the residuals.

    Args:
        residuals: see `crossed_residuals`.

    Returns:
        0 where there is nothing to compare.
    """
    if residuals.empty:
        return 0.0
    low, high = np.quantile(residuals["residual"], [0.05, 0.95])
    return float((high - low) / NORMAL_90)


def own_spread(residuals: pd.DataFrame) -> float:
    """Standard deviation s of the logarithm of a firm's own ratio around the factor of its cell, from year to year.

    A cell of many firms moves less than one of few: if firms differ independently, the change of a residual from one
    year to the next has the variance 2 s^2 C, C = sum v^2 / (sum v)^2 of the firms in the cell. s^2 is the median of
    change^2 / (2 C) over that of the chi-squared distribution; the median, because an account in the wrong unit would
    decide a mean. Whatever else moves a cell counts as the firms' own: s is an upper estimate.

    Args:
        residuals: as `crossed_residuals`, with `concentration_ratio` C, within (0, 1].

    Returns:
        0 where no cell has two consecutive years.
    """
    ordered = residuals.sort_values(["activity_code", "region_code", "reference_year"])
    of_cell = ordered.groupby(["activity_code", "region_code"])
    follows = of_cell["reference_year"].diff() == 1
    both = (ordered["concentration_ratio"] + of_cell["concentration_ratio"].shift()).where(follows)
    square = (of_cell["residual"].diff() ** 2 / both).dropna()
    return float(np.sqrt(square.median() / MEDIAN_SQUARE)) if len(square) else 0.0


def fit_again(cells: Floats, margins_of: Floats, *, tolerance: float = 1e-6, max_iterations: int = 100) -> Floats:
    """Fits drawn cells to the margins of the cells they were drawn from, by iterative proportional fitting.

    Args:
        cells: drawn cells, not negative, shape (activities, regions, draws).
        margins_of: the calibrated cells, not negative, zero where `cells` are, shape (activities, regions).
        tolerance: relative, of the margins by activity; those by region are met exactly.
        max_iterations: then the nearest is returned; a draw is no published number.

    Returns:
        Cells with the margins of `margins_of` in every draw, shape of `cells`.
    """
    fitted = np.array(cells, dtype=np.float64)
    rows, columns = margins_of.sum(axis=1)[:, None], margins_of.sum(axis=0)[:, None]
    for _ in range(max_iterations):
        factor = _ratio(rows, fitted.sum(axis=1))
        fitted *= factor[:, None, :]
        fitted *= _ratio(columns, fitted.sum(axis=0))[None, :, :]
        if np.abs(factor - 1.0).max(initial=0.0) < tolerance:
            break
    return fitted


def _ratio(wanted: Floats, found: Floats) -> Floats:
    return np.divide(wanted, found, out=np.ones_like(found), where=found > 0)
