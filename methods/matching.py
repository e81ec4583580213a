"""Comparing members with comparable non-members: exact matching on strata, coarsened where nobody is left to compare.

Belongs here: weights of strata, the matched difference and its variance in closed form. Does not belong here: who is a
member, which characteristics make firms comparable. Descriptive: firms that cooperate may differ in what was not
matched, so a difference is no effect of cooperation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

SIDES = ("member", "control")
MOMENTS = tuple(f"{side}_{moment}" for side in SIDES for moment in ("count", "sum", "squares"))
"""What is known of a stratum: number of units, sum and sum of squares of the outcome, of members and of controls."""


@dataclass(frozen=True)
class MatchedDifference:
    """Members' mean against that of matched controls, in the unit of the outcome.

    Attributes:
        member_count: members with a known outcome.
        matched_counts: how many of them were matched at each level, finest first.
        unmatched_count: members without a control at any level; they are in no mean.
        control_count: controls of the strata that were used.
        effective_controls: (sum of weights)^2 / sum of squared weights (Kish).
        member_mean: mean over matched members; NaN when there are none.
        control_mean: weighted mean of their controls.
        difference: member_mean - control_mean.
        standard_error: of the difference; NaN when no stratum shows any variance within a side.
        low: lower end of the confidence interval.
        high: upper end.
    """

    member_count: int
    matched_counts: tuple[int, ...]
    unmatched_count: int
    control_count: int
    effective_controls: float
    member_mean: float
    control_mean: float
    difference: float
    standard_error: float
    low: float
    high: float


def stratum_moments(units: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """Count, sum and sum of squares per stratum and side.

    Args:
        units: `keys`, `is_member`, `outcome`; rows without an outcome are left out.
        keys: columns that make a stratum.

    Returns:
        One row per stratum: `keys` and `MOMENTS`.
    """
    known = units[units["outcome"].notna()]
    member = known["is_member"].to_numpy(dtype=bool)
    frame = known[list(keys)].copy()
    for side, inside in zip(SIDES, (member, ~member), strict=True):
        outcome = known["outcome"].where(inside, 0.0)
        frame[f"{side}_count"] = inside.astype("int64")
        frame[f"{side}_sum"] = outcome
        frame[f"{side}_squares"] = outcome**2
    return frame.groupby(list(keys), sort=True, dropna=False)[list(MOMENTS)].sum().reset_index()


def matched_difference(
    strata: pd.DataFrame, *, levels: Sequence[Sequence[str]], confidence: float = 0.95
) -> MatchedDifference:
    """Mean of members less the weighted mean of their controls.

    A member is compared with the controls of its stratum at the first level that has any. Every matched member counts
    once; a control weighs (matched members) / (controls) of the cell, so that the controls have the members' structure:
    w_s = n1_s / n0_s (Iacus, King and Porro 2012, Causal inference without balance checks, Political Analysis 20(1)).

    Variance in closed form, given the strata: sum of n1_s s1_s^2 / n1^2 plus sum of squared control weights times
    s0_s^2, with s^2 the variance within the finest stratum and side; a stratum with one unit on a side takes that
    side's pooled variance within strata. No resampling, so nothing depends on a seed.

    Args:
        strata: the columns of `levels[0]` and `MOMENTS`; one row per finest stratum.
        levels: columns of the strata, finest first, each a subset of the one before.
        confidence: of the interval, in (0, 1).

    Raises:
        MethodError: levels that are not nested, a stratum given twice, or a confidence outside (0, 1).
    """
    if not 0 < confidence < 1:
        raise MethodError(f"a confidence of {confidence} is not within (0, 1)")
    if not levels or any(not set(b) < set(a) for a, b in pairwise(levels)):
        raise MethodError("levels of coarsening are nested, finest first")
    finest = list(levels[0])
    if strata.duplicated(finest).any():
        raise MethodError("a stratum is given twice")
    frame = strata.sort_values(finest, na_position="last").reset_index(drop=True)
    members, controls = (frame[f"{side}_count"].to_numpy(dtype=np.float64) for side in SIDES)
    waiting = members > 0
    matched = np.zeros(len(frame), dtype=bool)
    weight = np.zeros(len(frame))
    counts = []
    for level in levels:
        cell = _cells(frame, level)
        available = np.bincount(cell, controls)
        found = waiting & (available[cell] > 0)
        wanted = np.bincount(cell, np.where(found, members, 0.0))
        weight += np.divide(wanted, available, out=np.zeros_like(wanted), where=available > 0)[cell] * (controls > 0)
        counts.append(int(members[found].sum()))
        matched |= found
        waiting &= ~found
    n1 = members[matched].sum()
    used = np.where(weight > 0, controls, 0.0)
    if n1 == 0:
        nan = float("nan")
        return MatchedDifference(int(members.sum()), tuple(counts), int(members.sum()), 0, 0.0, *([nan] * 6))
    means = {side: _ratio(frame[f"{side}_sum"], frame[f"{side}_count"]) for side in SIDES}
    member_mean = float(frame.loc[matched, "member_sum"].sum() / n1)
    control_mean = float((weight * controls * means["control"]).sum() / n1)
    variance = float(
        (np.where(matched, members, 0.0) * _variance(frame, "member")).sum() / n1**2
        + (weight**2 * used * _variance(frame, "control")).sum() / n1**2
    )
    error = float(np.sqrt(variance))
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * error
    difference = member_mean - control_mean
    return MatchedDifference(
        member_count=int(members.sum()),
        matched_counts=tuple(counts),
        unmatched_count=int(members[waiting].sum()),
        control_count=int(used.sum()),
        effective_controls=float(n1**2 / (weight**2 * used).sum()),
        member_mean=member_mean,
        control_mean=control_mean,
        difference=difference,
        standard_error=error,
        low=difference - half,
        high=difference + half,
    )


def _cells(frame: pd.DataFrame, level: Sequence[str]) -> NDArray[np.int64]:
    if not level:
        return np.zeros(len(frame), dtype=np.int64)
    return np.asarray(frame.groupby(list(level), sort=True, dropna=False).ngroup(), dtype=np.int64)


def _ratio(top: ArrayLike, bottom: ArrayLike) -> NDArray[np.float64]:
    numerator, denominator = np.asarray(top, dtype=np.float64), np.asarray(bottom, dtype=np.float64)
    return np.asarray(np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0))


def _variance(frame: pd.DataFrame, side: str) -> NDArray[np.float64]:
    """Variance within each stratum; where a single unit shows none, the pooled one; NaN where nothing can be pooled."""
    count = frame[f"{side}_count"].to_numpy(dtype=np.float64)
    total = frame[f"{side}_sum"].to_numpy(dtype=np.float64)
    # rounding may leave a sum of squared deviations a hair below nought
    deviations = np.maximum(frame[f"{side}_squares"].to_numpy(dtype=np.float64) - total * _ratio(total, count), 0.0)
    several = count > 1
    freedom = (count[several] - 1).sum()
    pooled = deviations[several].sum() / freedom if freedom > 0 else np.nan
    own = np.divide(deviations, count - 1, out=np.full_like(count, pooled), where=several)
    return np.where(count > 0, own, 0.0)
