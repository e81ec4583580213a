"""What stands behind the share: concentration, leave-one-out, the yearly change, and what the target would take.

All of it describes one variant, a member on any day of the year with full attribution, as expected totals (sum of GVA x
link probability). Single firms and groups can be read off these tables: none of them is published.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from assets.charts_insight import decomposition_chart
from assets.table import Build, Chart, Result, SqlCheck, python_table
from methods.change_decomposition import MOVEMENTS, decompose_change, movements
from methods.concentration import concentration
from methods.leave_one_out import membership_without
from methods.target import compound_growth, entrants_needed, gap_to_target, largest_joining, target_tracker

SHARE = "interpretation/share_by_year.sql"
SHARE_INPUTS = ("interpretation.cooperating_firm", "interpretation.firm_gva", "integration.national_account")

DECOMPOSITION_COLUMNS = {
    "reference_year": "reference_year",
    "numerator_code": "numerator_code",
    "share_before_pct": "share_before_pct",
    "share_pct": "share_pct",
    "change_pp": "change_pp",
    "entrants_pp": "entrants_pp",
    "joined_pp": "entrants_joined_pp",
    "founded_pp": "entrants_founded_pp",
    "account_appeared_pp": "entrants_account_pp",
    "leavers_pp": "leavers_pp",
    "left_pp": "leavers_left_pp",
    "dissolved_pp": "leavers_dissolved_pp",
    "account_missing_pp": "leavers_account_pp",
    "continuing_pp": "continuing_pp",
    "own_growth_pp": "own_growth_pp",
    "national_growth_pp": "national_growth_pp",
    "link_pp": "link_pp",
    "denominator_pp": "denominator_pp",
    **{f"{movement}_count": f"{movement}_count" for movement in MOVEMENTS},
    "member_growth_pct": "member_growth_pct",
    "national_growth_pct": "national_growth_pct",
}
"""Terms of `methods.change_decomposition` and the columns that hold them."""

CONCENTRATION_COLUMNS = [
    "reference_year",
    "numerator_code",
    "group_count",
    "gva_huf_mn",
    "share_pct",
    "top1_huf_mn",
    "top5_huf_mn",
    "top1_share_pct",
    "top5_share_pct",
    "top1_pp",
    "top5_pp",
    "hhi_ratio",
    "effective_group_count",
]

TARGET_COLUMNS = [
    "numerator_code",
    "growth_code",
    "entrant_profile",
    "size_class",
    "reference_year",
    "share_pct",
    "target_share_pct",
    "target_year",
    "years_left",
    "required_pace_pp",
    "member_growth_pct",
    "national_growth_pct",
    "share_without_entrants_pct",
    "gap_huf_mn",
    "entrant_gva_huf_mn",
    "entrant_count",
    "entrants_per_year",
    "available_count",
    "share_with_entrants_pct",
    "is_feasible",
]

PROFILES = ("median", "mean", "p90")
"""Sizes of an entrant: what firms outside have in a size class."""


def _concentration(build: Build) -> Result:
    shares = build.sql(SHARE).df()
    groups = build.sql("interpretation/group_contribution.sql").df()
    parts = dict(iter(groups.groupby(["reference_year", "numerator_code"])))
    rows = []
    for year, numerator, national, gva, share in shares[
        ["reference_year", "numerator_code", "national_gva_huf_mn", "gva_huf_mn", "share_pct"]
    ].itertuples(index=False):
        part = parts.get((year, numerator), groups.iloc[:0])
        found = concentration(part["gva_huf_mn"], national)
        rows.append(
            {
                "reference_year": year,
                "numerator_code": numerator,
                "group_count": int(part["is_accepted"].sum()),
                "gva_huf_mn": gva,
                "share_pct": share,
                **{f"top{k}_huf_mn": found[f"top{k}"] for k in (1, 5)},
                **{name: found[name] for name in ("top1_share_pct", "top5_share_pct", "top1_pp", "top5_pp")},
                "hhi_ratio": found["hhi"],
                "effective_group_count": found["effective_number"],
            }
        )
    return pd.DataFrame(rows, columns=CONCENTRATION_COLUMNS)


def _leave_one_out(build: Build) -> Result:
    build.sql(SHARE)
    links = build.sql("interpretation/qualifying_link.sql").df()
    membership = membership_without(links, by=["reference_year", "numerator_code"])
    pair = ["reference_year", "numerator_code", "firm_id", "cooperation_id"]
    linked = links.groupby(pair, as_index=False)["is_linked"].any()
    membership = membership.merge(linked, on=pair, how="left", validate="one_to_one")
    build.connection.register("membership", membership.assign(is_accepted=membership["is_linked"]))
    return build.sql("interpretation/leave_one_out.sql")


def _change_decomposition(build: Build) -> Result:
    build.sql(SHARE)
    pairs = build.sql("interpretation/member_pair.sql").df()
    rows = []
    for _, part in pairs.groupby(["reference_year", "numerator_code"], sort=True):
        year, numerator = int(part["reference_year"].iloc[0]), str(part["numerator_code"].iloc[0])
        economy = (part["national_before_huf_mn"].iloc[0], part["national_after_huf_mn"].iloc[0])
        terms = decompose_change(part, movements(part, year), economy)
        rows.append({"reference_year": year, "numerator_code": numerator, **terms})
    return pd.DataFrame(rows, columns=list(DECOMPOSITION_COLUMNS)).rename(columns=DECOMPOSITION_COLUMNS)


def target_rows(
    state: pd.Series, growth: tuple[str, float, float], outsiders: pd.DataFrame, groups: pd.Series, goal: dict[str, Any]
) -> pd.DataFrame:
    """What would have to be true, for one numerator and one assumption about growth.

    Args:
        state: `reference_year`, `share_pct`, `gva_huf_mn`, `national_gva_huf_mn` of the last year.
        growth: code of the assumption, growth of members and of the economy a year (ratios).
        outsiders: `size_class`, `available_count` and a column per profile, HUF mn.
        groups: GVA of each enterprise group outside, HUF mn.
        goal: `target_share_pct`, `target_year`.

    Returns:
        One row per size class and profile, and per rung of the ladder of largest groups.
    """
    code, member_growth, economy_growth = growth
    target = goal["target_share_pct"] / 100.0
    economy = float(state["national_gva_huf_mn"])
    tracked = target_tracker([state["share_pct"] / 100.0], state["reference_year"], target, goal["target_year"]).iloc[0]
    gap = gap_to_target(
        float(state["gva_huf_mn"]),
        economy,
        target,
        years=tracked["years_left"],
        member_growth=member_growth,
        economy_growth=economy_growth,
    )
    classes = outsiders.melt(
        id_vars=["size_class", "available_count"],
        value_vars=list(PROFILES),
        var_name="entrant_profile",
        value_name="entrant_gva_huf_mn",
    )
    classes["entrant_count"] = entrants_needed(gap, classes["entrant_gva_huf_mn"])
    classes["joining_huf_mn"] = classes["entrant_count"] * classes["entrant_gva_huf_mn"]
    ladder = largest_joining(groups, gap).rename(columns={"profile": "entrant_profile", "count": "entrant_count"})
    ladder = ladder.assign(size_class="_T", available_count=int((groups > 0).sum()), joining_huf_mn=ladder["gva"])
    ladder["entrant_gva_huf_mn"] = ladder["gva"] / ladder["entrant_count"].where(ladder["entrant_count"] > 0)
    rows = pd.concat([classes, ladder.drop(columns="gva")], ignore_index=True)
    years = tracked["years_left"] if tracked["years_left"] > 0 else np.nan
    return rows.drop(columns="joining_huf_mn").assign(
        growth_code=code,
        reference_year=state["reference_year"],
        share_pct=state["share_pct"],
        target_share_pct=goal["target_share_pct"],
        target_year=goal["target_year"],
        years_left=tracked["years_left"],
        required_pace_pp=tracked["required_pace_pp"],
        member_growth_pct=100.0 * member_growth,
        national_growth_pct=100.0 * economy_growth,
        gap_huf_mn=gap,
        share_without_entrants_pct=100.0 * (target - gap / economy),
        share_with_entrants_pct=100.0 * (target + (rows["joining_huf_mn"] - gap) / economy),
        entrants_per_year=rows["entrant_count"] / years,
        is_feasible=rows["entrant_count"].notna() & (rows["entrant_count"] <= rows["available_count"]),
    )


def _target_arithmetic(build: Build) -> Result:
    shares = build.sql(SHARE).df()
    outsiders = build.sql("interpretation/outsider.sql").df()
    groups = build.sql("interpretation/outside_group.sql").df()
    past = build.frame("""
        SELECT numerator_code, member_growth_pct, national_growth_pct FROM interpretation.change_decomposition
        WHERE member_growth_pct IS NOT NULL ORDER BY numerator_code, reference_year""")
    goal = {name: build.parameters[name] for name in ("target_share_pct", "target_year")}
    frames = []
    for numerator, part in shares.groupby("numerator_code", sort=True):
        yearly = past[past["numerator_code"] == numerator]
        assumptions = [("constant", 0.0, 0.0)]
        trend = [compound_growth(yearly[c] / 100.0) for c in ("member_growth_pct", "national_growth_pct")]
        if np.isfinite(trend).all():
            assumptions.append(("trend", trend[0], trend[1]))
        frames += [
            target_rows(
                part.sort_values("reference_year").iloc[-1],
                growth,
                outsiders[outsiders["numerator_code"] == numerator],
                groups.loc[groups["numerator_code"] == numerator, "gva_huf_mn"],
                goal,
            ).assign(numerator_code=numerator)
            for growth in assumptions
        ]
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in TARGET_COLUMNS})
    return pd.concat(frames, ignore_index=True)[TARGET_COLUMNS]


concentration_table = python_table(
    "interpretation.concentration",
    _concentration,
    inputs=SHARE_INPUTS,
    sql=(SHARE, "interpretation/group_contribution.sql"),
    parameters=("reference_area",),
)

leave_one_out = python_table(
    "interpretation.leave_one_out",
    _leave_one_out,
    inputs=("interpretation.counted_participation", *SHARE_INPUTS),
    sql=(SHARE, "interpretation/qualifying_link.sql", "interpretation/leave_one_out.sql"),
    parameters=("reference_area",),
    checks=(
        SqlCheck(
            "leave_one_out_starts_from_the_share",
            "The share that a cooperation is taken from is the one that cooperating firms give",
        ),
    ),
    check_inputs=("interpretation.concentration",),
)

change_decomposition = python_table(
    "interpretation.change_decomposition",
    _change_decomposition,
    inputs=("integration.legal_unit", *SHARE_INPUTS),
    sql=(SHARE, "interpretation/member_pair.sql"),
    parameters=("reference_area",),
    checks=(SqlCheck("change_terms_add_up", "Entrants, leavers, continuing and denominator make up the change"),),
    charts=(
        Chart(
            "change_by_cause",
            """SELECT numerator_code, reference_year, change_pp, entrants_pp, leavers_pp, own_growth_pp, link_pp,
                      national_growth_pp + denominator_pp AS economy_pp
               FROM interpretation.change_decomposition ORDER BY ALL""",
            decomposition_chart,
        ),
    ),
    check_inputs=("interpretation.concentration",),
)

target_arithmetic = python_table(
    "interpretation.target_arithmetic",
    _target_arithmetic,
    inputs=("interpretation.change_decomposition", *SHARE_INPUTS),
    sql=(SHARE, "interpretation/outsider.sql", "interpretation/outside_group.sql"),
    parameters=("reference_area", "target_share_pct", "target_year"),
)

TABLES = (concentration_table, leave_one_out, change_decomposition, target_arithmetic)
