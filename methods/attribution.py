"""How much of a firm's value added a cooperation is credited with.

Belongs here: the attribution rules, totals that count each firm once, and the overlap between them. Does not belong
here: which memberships belong to a numerator, breakdowns by activity or region, calibration.

| rule | a cooperation gets of a member's GVA | a firm gives in all (the union) | additive |
|---|---|---|---|
| `full` | all of it, if a member on any day of the year | all of it, once | no |
| `day_weighted` | the share of the year it was a member | the share of the year it was a member of any | no |
| `fractional` | its part of the union share, in proportion to days | the union share | yes |
| `project_share` | eligible cost / total cost, at most 1 | the sum of the shares, at most 1 | no |

`fractional` splits (GVA x union of days / days in the year) over the cooperations in proportion to the days in each.
That is the rule which yields TV-5: F2 (400) is half the year in K1 and, within that time, a quarter in P1; the union is
a half, 200, split 2 : 1 into 133.33 and 66.67. (Splitting day by day among the cooperations of that day would give 150
and 50.) The sum over cooperations is the day-weighted union, so nothing is counted twice and nothing is lost.

Attributions and time rules belong together, see `VARIANTS`: `full` asks whether a firm was a member, on any day or on
31 December; `day_weighted` and `fractional` ask for how long; `project_share` takes the share of cost instead of time.
Source: METHODS section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from methods.errors import MethodError
from methods.membership import calendar_year_of, union_days_by, year_bounds

RULES: tuple[str, ...] = ("full", "day_weighted", "fractional", "project_share")

VARIANTS: tuple[tuple[str, str], ...] = (
    ("full", "any_day"),
    ("full", "year_end"),
    ("day_weighted", "day_weighted"),
    ("fractional", "day_weighted"),
    ("project_share", "_Z"),
)
"""Attribution and time rule of every variant; `_Z` where no time rule applies."""


def attribute(
    gva: pd.Series, memberships: pd.DataFrame, *, rule: str, year: int | None = None, period: Any = None
) -> pd.Series:
    """Attributes firms' value added to their cooperations.

    Args:
        gva: value added by firm_id (the index, unique), any unit; firms without a value contribute nothing.
        memberships: `firm_id`, `cooperation_id`; `valid_from`, `valid_to` (half-open, null or absent = open end); for
            `project_share` also `eligible_cost` and `total_cost` (one currency; both null where the cooperation is no
            project, which then counts fully). Several rows of one pair are joined: intervals by union, costs by sum.
        rule: one of `RULES`, see the module.
        year: the reference year. Left out, it is the one calendar year that holds all given dates.
        period: (start, end) half-open instead of a year.

    Returns:
        Series `gva` by cooperation_id (all of the frame's, ordered), in the unit of `gva`. For the total that counts a
        firm once see `union_total`.

    Raises:
        MethodError: unknown rule, duplicate firms, dates of several years without `year`, costs that are no share.
    """
    pairs = attribute_pairs(gva, memberships, rule=rule, year=year, period=period)
    result = pairs.groupby("cooperation_id", sort=True, observed=True)["gva"].sum()
    return result.astype(np.float64).rename("gva")


def union_total(
    gva: pd.Series, memberships: pd.DataFrame, *, rule: str, year: int | None = None, period: Any = None
) -> float:
    """Value added of cooperating firms with every firm counted once; arguments and errors as `attribute`."""
    pairs = attribute_pairs(gva, memberships, rule=rule, year=year, period=period)
    firms = pairs.drop_duplicates("firm_id")
    return float((firms["firm_gva"] * firms["union_share"]).sum())


def overlap(
    gva: pd.Series, memberships: pd.DataFrame, *, rule: str, year: int | None = None, period: Any = None
) -> pd.Series:
    """The overlap line of a by-cooperation table; arguments and errors as `attribute`.

    Returns:
        Series with `sum_over_cooperations`, `union_total`, `overlap` (their difference, the amount counted more than
        once) and `overlap_ratio` (overlap / union, NaN where the union is zero).
    """
    summed = float(attribute(gva, memberships, rule=rule, year=year, period=period).sum())
    union = union_total(gva, memberships, rule=rule, year=year, period=period)
    return pd.Series(
        {
            "sum_over_cooperations": summed,
            "union_total": union,
            "overlap": summed - union,
            "overlap_ratio": (summed - union) / union if union else np.nan,
        }
    )


def attribute_pairs(
    gva: pd.Series, memberships: pd.DataFrame, *, rule: str, year: int | None = None, period: Any = None
) -> pd.DataFrame:
    """The attribution firm by firm: what `attribute` sums, to be joined with activity, region or size class.

    Returns:
        One row per firm and cooperation of the frame, ordered: `firm_id`, `cooperation_id`, `share` (ratio credited to
        the cooperation), `union_share` (ratio the firm gives in all), `firm_gva` (0 where unknown), `gva`.
    """
    if rule not in RULES:
        raise MethodError(f"unknown attribution rule {rule!r}; the rules are {', '.join(RULES)}")
    gva = pd.Series(gva, dtype=np.float64)
    if not gva.index.is_unique:
        raise MethodError(f"value added is given twice for firm {gva.index[gva.index.duplicated()][0]}")
    start, end = _window(memberships, year, period)
    length = float((end - start) / np.timedelta64(1, "D"))
    days = union_days_by(memberships, ["firm_id", "cooperation_id"], start, end)
    pairs = days.reset_index()
    pairs["share"] = pairs.pop("days") / length
    firm = pairs["firm_id"]
    union = firm.map(union_days_by(memberships, ["firm_id"], start, end) / length)

    if rule == "full":
        pairs["share"] = (pairs["share"] > 0).astype(np.float64)
        pairs["union_share"] = (union > 0).astype(np.float64)
    elif rule == "day_weighted":
        pairs["union_share"] = union
    elif rule == "fractional":
        pairs["share"] = split_union(pairs["share"], union, firm)
        pairs["union_share"] = union
    else:
        pairs["share"] = project_shares(memberships).to_numpy() * (pairs["share"] > 0)
        pairs["union_share"] = pairs.groupby("firm_id", observed=True)["share"].transform("sum").clip(upper=1.0)
    pairs["firm_gva"] = firm.map(gva).astype(np.float64).fillna(0.0)
    pairs["gva"] = pairs["firm_gva"] * pairs["share"]
    return pairs


def split_union(share: pd.Series, union: pd.Series, firm: pd.Series) -> pd.Series:
    """The share a firm gives in all, divided among its cooperations in proportion to the days in each.

    The rule `fractional`. Where links are uncertain both are expectations (`membership.expected_days_by`): exact where
    links are certain, the ratio of expectations elsewhere, additive always.

    Args:
        share: share of the year by firm and cooperation, ratio in [0, 1].
        union: share of the year in any cooperation, repeated in every row of the firm.
        firm: the firm of every row.

    Returns:
        Ratio by row; a firm's rows add up to its union share (to 0 where all its shares are 0).
    """
    total = share.groupby(firm, observed=True).transform("sum")
    return (share * union / total.where(total > 0, 1.0)).where(total > 0, 0.0)


def project_shares(memberships: pd.DataFrame, firm: Sequence[str] = ("firm_id",)) -> pd.Series:
    """Eligible over total cost by firm and cooperation: the rule `project_share` without its condition of membership.

    Args:
        memberships: the columns of `firm`, `cooperation_id`, `eligible_cost`, `total_cost` in one currency, both null
            where the cooperation is no project.
        firm: columns that name a firm, for example `reference_year` and `firm_id`.

    Returns:
        Ratio in [0, 1] by firm and cooperation, ordered; 1 where no cost is known.

    Raises:
        MethodError: a column is missing, or costs are no share.
    """
    pair = [*firm, "cooperation_id"]
    missing = [c for c in ("eligible_cost", "total_cost") if c not in memberships.columns]
    if missing:
        raise MethodError(f"rule project_share needs the columns {' and '.join(missing)}")
    costs = memberships[[*pair, "eligible_cost", "total_cost"]].astype(
        {"eligible_cost": np.float64, "total_cost": np.float64}
    )
    known = costs["eligible_cost"].notna()
    bad = (known != costs["total_cost"].notna()) | (known & ((costs["eligible_cost"] < 0) | (costs["total_cost"] <= 0)))
    if bad.any():
        row = costs[bad].iloc[0]
        raise MethodError(
            f"firm {row[firm[-1]]} in {row['cooperation_id']}: eligible cost {row['eligible_cost']} of total cost "
            f"{row['total_cost']} is no share"
        )
    sums = costs.groupby(pair, sort=True, observed=True)[["eligible_cost", "total_cost"]].sum(min_count=1)
    return (sums["eligible_cost"] / sums["total_cost"]).clip(upper=1.0).fillna(1.0)


def _window(memberships: pd.DataFrame, year: int | None, period: Any) -> tuple[np.datetime64, np.datetime64]:
    if year is not None and period is not None:
        raise MethodError("give a year or a period, not both")
    if period is not None:
        start, end = (np.datetime64(edge, "s") for edge in period)
        if not start < end:
            raise MethodError(f"the period ends on {end}, not after its start on {start}")
        return start, end
    if year is None:
        year = calendar_year_of(memberships)
        if year is None and _has_dates(memberships):
            raise MethodError("the memberships' dates lie in several years: name the reference year")
    # Without any date every membership lasts all year, whichever year that is.
    return year_bounds(2000 if year is None else int(year))


def _has_dates(memberships: pd.DataFrame) -> bool:
    return any(c in memberships.columns and memberships[c].notna().any() for c in ("valid_from", "valid_to"))
