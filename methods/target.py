"""Arithmetic of a target: how far, how fast from here, and who would have to join.

Belongs here: distance, required pace, required entrants. Does not belong here: the target itself (a parameter),
forecasts (`outlook`).
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

LADDER = (1, 5, 10, 25, 50, 100)
"""Numbers of largest outsiders whose joining is worked out beside the number that is needed."""


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


def compound_growth(yearly: ArrayLike) -> float:
    """Mean yearly growth as a ratio: the geometric mean of (1 + growth), less 1.

    Args:
        yearly: (years,) growth as ratios, 0.05 for 5 %; missing years are left out.

    Returns:
        Ratio a year; NaN without any year or where a year loses everything.
    """
    growth = np.asarray(yearly, dtype=np.float64)
    growth = growth[np.isfinite(growth)]
    if not growth.size or (growth <= -1).any():
        return math.nan
    return math.expm1(math.fsum(np.log1p(growth)) / growth.size)


def gap_to_target(
    members: float, economy: float, target: float, *, years: float, member_growth: float, economy_growth: float
) -> float:
    """GVA that entrants must bring, in money of the base year and of firms that grow with the economy from there.

    In the target year target x Y (1 + g)^h is wanted and M (1 + m)^h is there without anyone joining; the difference
    divided by (1 + g)^h is what entrants are worth in the base year: target x Y - M ((1 + m) / (1 + g))^h. With m = g
    nothing of h or g is left: the constant economy.

    Args:
        members: GVA of the members now (M), HUF mn.
        economy: GVA of the economy now (Y), HUF mn.
        target: share wanted, as a ratio.
        years: years to the target year (h); a past target year counts as 0.
        member_growth: growth of members' GVA a year (m), ratio.
        economy_growth: growth of the economy's GVA a year (g), ratio.

    Returns:
        HUF mn; negative where the members alone pass the target.
    """
    if member_growth <= -1 or economy_growth <= -1:
        raise MethodError(f"growth of {member_growth} and {economy_growth} a year leaves nothing to grow")
    drift = ((1.0 + member_growth) / (1.0 + economy_growth)) ** max(years, 0.0)
    return float(target * economy - members * drift)


def entrants_needed(gap: float, size: ArrayLike) -> NDArray[np.float64]:
    """How many entrants of a size close a gap.

    Args:
        gap: HUF mn, see `gap_to_target`.
        size: (sizes,) GVA of one entrant, HUF mn.

    Returns:
        (sizes,) whole numbers; 0 where there is no gap, NaN where the entrant adds nothing.
    """
    sizes = np.atleast_1d(np.asarray(size, dtype=np.float64))
    count = np.full(sizes.shape, np.nan)
    if gap <= 0:
        return np.zeros(sizes.shape)
    # a quotient that is whole but for its rounding must not ask for one entrant more
    np.divide(gap, sizes, out=count, where=sizes > 0)
    return np.ceil(np.round(count, 9))


def largest_joining(sizes: ArrayLike, gap: float) -> pd.DataFrame:
    """What the n largest outsiders would bring, for the n that closes the gap and for those of `LADDER`.

    Args:
        sizes: (outsiders,) GVA of each enterprise group outside, HUF mn; those that are not positive stay outside.
        gap: HUF mn, see `gap_to_target`.

    Returns:
        Rows `profile` (`next_needed`, then `next_<n>` for each n that the outsiders allow), `count` (NaN where all of
        them together do not close the gap) and `gva` (HUF mn that they bring; all of them where the count is NaN).
    """
    values = np.sort(np.asarray(sizes, dtype=np.float64))[::-1]
    values = values[values > 0]
    # brings[n] is what n of them bring; a quotient of sums may be off by rounding, hence the tolerance of the gap
    brings = np.concatenate([[0.0], np.cumsum(values)])
    needed = int(np.searchsorted(brings, gap - 1e-9 * abs(gap)))
    is_enough = needed < len(brings)
    rows = [("next_needed", float(needed) if is_enough else math.nan, brings[needed if is_enough else -1])]
    rows += [(f"next_{n}", float(n), brings[n]) for n in LADDER if n < len(brings)]
    return pd.DataFrame(rows, columns=["profile", "count", "gva"])
