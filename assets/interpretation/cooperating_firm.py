"""Who cooperates in which year: per cooperation, per type of cooperation and in all, so that a firm counts once.

`counted_participation` decides once, participation by participation, what counts for whom; the others add it up.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.attribution import project_shares, split_union
from methods.membership import any_probability_by, expected_days_by, union_days_by

EVIDENCE = ("possible", "candidate", "name", "identifier")
"""What a firm's participation rests on, weakest first; from `name` on the link is accepted."""

FIRM = ["reference_year", "numerator_code", "legal_unit_id"]
TYPE = [*FIRM, "cooperation_type_code"]
PAIR = [*FIRM, "cooperation_id"]
MEASURES = (
    "cooperation_count",
    "day_share_ratio",
    "is_year_end",
    "probability",
    "year_end_probability",
    "expected_day_share_ratio",
    "evidence",
)
CREDITED = ("cooperation_type_code", "fractional_ratio", "expected_fractional_ratio", "project_share_ratio")
DIGITS = 9
COUNTED = """
    SELECT reference_year, numerator_code, cooperation_id, cooperation_type_code, legal_unit_id, link_group_id,
           probability, valid_from, valid_to, eligible_cost, total_cost, strength
    FROM interpretation.counted_participation"""


def members(participations: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """What participations come to, for every combination of keys.

    Args:
        participations: the rows that count: the key columns, `reference_year`, `cooperation_id`, `link_group_id`,
            `valid_from` and `valid_to` cut to the year (half-open), `probability`, `strength` (position in `EVIDENCE`).
        keys: `FIRM`, `TYPE` or `PAIR`.

    Returns:
        One row per key, ordered: `day_share_ratio`, `is_year_end`, `cooperation_count`, `probability`,
        `year_end_probability`, `expected_day_share_ratio`, `evidence`. The first two are what holds if the links are
        right; the next three what is to be expected (see `methods.membership`).
    """
    if participations.empty:
        return pd.DataFrame(columns=[*keys, *MEASURES])
    start, end = participations["valid_from"].min(), participations["valid_to"].max()
    by_key = participations.groupby(keys, sort=True)
    result = pd.DataFrame({"cooperation_count": by_key["cooperation_id"].nunique()})
    index = result.index
    at_year_end = participations[participations["valid_to"] == year_ends(participations["reference_year"])]
    length = days_of_years(index.get_level_values("reference_year"))
    result["day_share_ratio"] = union_days_by(participations, keys, start, end) / length
    result["probability"] = any_probability_by(participations, keys).round(DIGITS)
    result["year_end_probability"] = any_probability_by(at_year_end, keys).reindex(index).fillna(0.0).round(DIGITS)
    result["is_year_end"] = result.index.isin(at_year_end.groupby(keys).size().index)
    expected = (expected_days_by(participations, keys, start, end) / length).round(DIGITS)
    # rounding must not lift an expectation over what bounds it
    result["expected_day_share_ratio"] = expected.clip(upper=result[["probability", "day_share_ratio"]].min(axis=1))
    result["evidence"] = np.array(EVIDENCE)[by_key["strength"].max().to_numpy()]
    return result[list(MEASURES)].reset_index()


def year_ends(years: pd.Series) -> pd.Series:
    """1 January of the following year: where an interval that covers 31 December and is cut to the year ends."""
    starts = (years.to_numpy() - 1969).astype("datetime64[Y]").astype("datetime64[us]")
    return pd.Series(starts, index=years.index)


def days_of_years(years: pd.Index) -> np.ndarray:
    """Days of calendar years."""
    first = (years.to_numpy() - 1970).astype("datetime64[Y]")
    days: np.ndarray = ((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(np.float64)
    return days


def attributed_members(participations: pd.DataFrame, firms: pd.DataFrame) -> pd.DataFrame:
    """Firms by year, numerator and cooperation, with what each rule of `methods.attribution` credits.

    Args:
        participations: the rows that count within a cooperation, see `members`; also
            `cooperation_type_code`, `eligible_cost`, `total_cost`.
        firms: the union, one row per `FIRM`: `day_share_ratio`, `expected_day_share_ratio`.

    Returns:
        The columns of `members` and `cooperation_type_code`, `fractional_ratio`, `expected_fractional_ratio`,
        `project_share_ratio`.
    """
    pairs = members(participations, PAIR)
    if pairs.empty:
        return pairs.drop(columns="cooperation_count").assign(**dict.fromkeys(CREDITED))
    union = pairs[FIRM].merge(firms, on=FIRM, how="left", validate="many_to_one")
    firm = pairs.groupby(FIRM, sort=True).ngroup()
    pairs["fractional_ratio"] = split_union(pairs["day_share_ratio"], union["day_share_ratio"], firm)
    expected = split_union(pairs["expected_day_share_ratio"], union["expected_day_share_ratio"], firm)
    pairs["expected_fractional_ratio"] = expected
    pairs["project_share_ratio"] = project_shares(participations, FIRM).to_numpy()
    types = participations.groupby("cooperation_id")["cooperation_type_code"].first()
    pairs["cooperation_type_code"] = pairs["cooperation_id"].map(types)
    return pairs.drop(columns="cooperation_count")


def _participations(build: Build, level: str) -> pd.DataFrame:
    """The participations that count at a level: `firm`, `type` or `pair`."""
    return build.frame(f"{COUNTED} WHERE is_counted_{level} ORDER BY ALL")


def _cooperating_firm(build: Build) -> Result:
    return members(_participations(build, "firm"), FIRM)


def _cooperating_firm_by_type(build: Build) -> Result:
    return members(_participations(build, "type"), TYPE)


def _member_attribution(build: Build) -> Result:
    participations = _participations(build, "pair")
    firms = build.frame("""
        SELECT reference_year, numerator_code, legal_unit_id, day_share_ratio, expected_day_share_ratio
        FROM interpretation.cooperating_firm ORDER BY ALL""")
    return attributed_members(participations, firms)


counted_participation = sql_table(
    "interpretation.counted_participation",
    inputs=("integration.participation", "interpretation.goal_1_cooperation"),
    parameters=("first_reference_year", "last_reference_year"),
    checks=(SqlCheck("intervals_lie_in_their_year", "What counts in a year covers days of that year only"),),
)

cooperating_firm = python_table(
    "interpretation.cooperating_firm",
    _cooperating_firm,
    inputs=("interpretation.counted_participation",),
    checks=(
        SqlCheck("n1_is_part_of_n2", "Whoever counts for N1 counts for N2"),
        SqlCheck("time_weights_within_any_day", "Days and 31 December count for no more than a member on any day"),
    ),
)

cooperating_firm_by_type = python_table(
    "interpretation.cooperating_firm_by_type",
    _cooperating_firm_by_type,
    inputs=("interpretation.counted_participation",),
    check_inputs=("interpretation.cooperating_firm",),
    checks=(SqlCheck("types_cover_firm", "A firm counts in all exactly if it counts for a type of cooperation"),),
)

member_attribution = python_table(
    "interpretation.member_attribution",
    _member_attribution,
    inputs=("interpretation.counted_participation", "interpretation.cooperating_firm"),
    checks=(SqlCheck("fractions_add_up_to_union", "A firm's fractions add up to its share of the year, so TV-5"),),
)

TABLES = (counted_participation, cooperating_firm, cooperating_firm_by_type, member_attribution)
