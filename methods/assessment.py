"""Cluster assessment: values of indicators become points on a fixed scale.

Belongs here: the scale from floor to ceiling, points per indicator and per dimension. Does not belong here: how
indicators are measured, which cooperation is outstanding in its industry (`methods.scoreboard`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

DIGITS = 9
"""Decimals kept of scores and points: far below what anybody reads, far above what rounding can disturb."""

UNIT = ["reference_year", "cooperation_id"]


def scale_share(value: ArrayLike, floor: ArrayLike, ceiling: ArrayLike) -> NDArray[np.float64]:
    """Share of an indicator's points: 0 up to the floor, 1 from the ceiling, linear between; 0 where unknown.

    min-max scaling with fixed goalposts, as in composite indicators whose levels must stay comparable over time.
    Source: OECD/JRC (2008), Handbook on Constructing Composite Indicators, section 5.3; the Human Development Index.

    Args:
        value: values of the indicator; NaN where it cannot be measured.
        floor: value that gives nothing.
        ceiling: value that gives everything, above the floor.

    Returns:
        Ratios in [0, 1] of the broadcast shape.

    Raises:
        MethodError: a ceiling that is not above its floor.
    """
    v, low, high = (np.asarray(a, dtype=np.float64) for a in (value, floor, ceiling))
    if np.any(~(high > low)):
        raise MethodError("a scale needs a ceiling above its floor")
    return np.asarray(np.nan_to_num(np.clip((v - low) / (high - low), 0.0, 1.0), nan=0.0))


def indicator_points(indicators: pd.DataFrame, scales: pd.DataFrame) -> pd.DataFrame:
    """Points of every cooperation, year and indicator of the scale.

    Args:
        indicators: `reference_year`, `cooperation_id`, `indicator_code`, `value`; one row per combination. Indicators
            outside the scale give no points and are left out.
        scales: `dimension_code`, `indicator_code`, `floor`, `ceiling`, `max_points`; an indicator may stand in
            several dimensions.

    Returns:
        One row per cooperation, year and row of `scales`, ordered by year, cooperation, dimension and indicator:
        the scale's columns with `value`, `is_missing` and `points` in [0, max_points].

    Raises:
        MethodError: an indicator delivered twice, or a scale whose ceiling is not above its floor.
    """
    key = [*UNIT, "indicator_code"]
    twice = indicators.duplicated(key)
    if twice.any():
        first = indicators.loc[twice, key].iloc[0]
        raise MethodError(f"indicator {first.iloc[2]} of {first.iloc[1]} in {first.iloc[0]} is given twice")
    units = indicators[UNIT].drop_duplicates().sort_values(UNIT)
    frame = units.merge(scales.sort_values(["dimension_code", "indicator_code"]), how="cross")
    frame = frame.merge(indicators[[*key, "value"]], on=key, how="left", validate="many_to_one")
    frame["is_missing"] = frame["value"].isna()
    share = scale_share(frame["value"], frame["floor"], frame["ceiling"])
    frame["points"] = (frame["max_points"] * share).round(DIGITS)
    return frame.reset_index(drop=True)


def dimension_points(points: pd.DataFrame) -> pd.DataFrame:
    """Points of every dimension: the sum over its indicators.

    Args:
        points: as `indicator_points` returns them.

    Returns:
        By year, cooperation and dimension: `points`, `max_points`, `score_ratio` (points / max_points, in [0, 1]) and
        `missing_count` (indicators of unknown value).
    """
    by_dimension = points.groupby([*UNIT, "dimension_code"], sort=True)
    frame = by_dimension.agg(
        points=("points", "sum"), max_points=("max_points", "sum"), missing_count=("is_missing", "sum")
    ).reset_index()
    frame["points"] = frame["points"].round(DIGITS).clip(upper=frame["max_points"])
    frame["score_ratio"] = (frame["points"] / frame["max_points"]).round(DIGITS)
    return frame.astype({"missing_count": "int64"})
