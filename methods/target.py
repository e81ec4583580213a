"""Arithmetic of a target: how far, and how fast from here.

Belongs here: distance and required pace. Does not belong here: the target itself (a parameter), forecasts (`outlook`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


def target_tracker(share: ArrayLike | pd.Series, year: ArrayLike, target: float, target_year: int) -> pd.DataFrame:
    """Distance to a target share and the steady pace that would reach it. Source: METHODS sections 0 and 2.

    Args:
        share: (n,) shares as ratios, 0.0229 for 2.29 %.
        year: (n,) reference years of the shares.
        target: target share as a ratio.
        target_year: year of the target.

    Returns:
        Frame with a row per share (the index of `share` if it is a Series): `distance_pp` = target - share in
        percentage points (negative once surpassed), `years_left`, `required_pace_pp` in percentage points a year,
        `required_growth_pct` as compound growth of the share in per cent a year, `is_reached`. Once reached nothing is
        required (0); where no year is left, or the share is missing, or growth starts from zero, the pace is NaN.
    """
    index = share.index if isinstance(share, pd.Series) else None
    ratio = np.atleast_1d(np.asarray(share, dtype=np.float64))
    left = np.broadcast_to(target_year - np.asarray(year, dtype=np.float64), ratio.shape)
    distance = target - ratio
    reached = distance <= 0
    possible = (left > 0) & ~reached
    pace = np.where(reached, 0.0, np.nan)
    growth = pace.copy()
    np.divide(distance * 100.0, left, out=pace, where=possible)
    grows = possible & (ratio > 0)
    growth[grows] = (np.power(target / ratio[grows], 1.0 / left[grows]) - 1.0) * 100.0
    return pd.DataFrame(
        {
            "distance_pp": distance * 100.0,
            "years_left": left,
            "required_pace_pp": pace,
            "required_growth_pct": growth,
            "is_reached": reached,
        },
        index=index,
    )
