"""The instruments of the strategy over time: labels, agreements between clusters, projects, events, exports.

Counts of what there is, by year, and members' export share beside that of comparable non-members. Descriptive: none of
these tables says what an instrument brought about. Indicators of single cooperations are in `key_industry`.
"""

from __future__ import annotations

import dataclasses

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.matching import matched_difference

YEARS = ("first_reference_year", "last_reference_year")

LEVELS = (("activity_code", "size_class", "nuts2_code"), ("activity_code", "size_class"), ("activity_code",))
"""Strata of the export comparison, finest first: region is given up before size, activity never."""

MATCHED = ("exact_count", "without_region_count", "activity_only_count")
CONFIDENCE = 0.95


def export_comparisons(strata: pd.DataFrame) -> pd.DataFrame:
    """Members' mean export share beside that of matched non-members, by year and numerator.

    Args:
        strata: `reference_year`, `numerator_code`, the columns of `LEVELS[0]`, and the moments of the export share in %
            that `methods.matching` names.

    Returns:
        One row per year and numerator that has a member with a known export share.
    """
    rows = []
    for (year, numerator), part in strata.groupby(["reference_year", "numerator_code"], sort=True):
        result = matched_difference(part, levels=LEVELS, confidence=CONFIDENCE)
        if result.member_count == 0:
            continue
        every_control = part["control_count"].sum()
        rows.append(
            {
                "reference_year": year,
                "numerator_code": numerator,
                **dataclasses.asdict(result),
                **dict(zip(MATCHED, result.matched_counts, strict=True)),
                "unmatched_mean": part["control_sum"].sum() / every_control if every_control else None,
            }
        )
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else None)


NAMES = {
    "reference_year": "reference_year",
    "numerator_code": "numerator_code",
    "member_count": "member_count",
    "exact_count": "exact_count",
    "without_region_count": "without_region_count",
    "activity_only_count": "activity_only_count",
    "unmatched_count": "unmatched_count",
    "control_count": "control_count",
    "effective_controls": "effective_control_count",
    "member_mean": "member_share_pct",
    "control_mean": "control_share_pct",
    "difference": "difference_pct",
    "standard_error": "standard_error_pct",
    "low": "ci_low_pct",
    "high": "ci_high_pct",
    "unmatched_mean": "all_non_members_share_pct",
}


def _export_comparison(build: Build) -> Result:
    build.sql("interpretation/export_stratum.sql")
    strata = build.frame("SELECT * FROM _interpretation_export_stratum ORDER BY ALL")
    frame = export_comparisons(strata).reindex(columns=list(NAMES)).rename(columns=NAMES)
    measures = [name for name in NAMES.values() if name.endswith("_pct") or name.startswith("effective")]
    return frame.assign(**{name: frame[name].astype("float64").round(6) for name in measures})


instrument_label = sql_table(
    "interpretation.instrument_label",
    inputs=("source.cluster", "source.cluster_label", "integration.participation"),
    parameters=YEARS,
)

instrument_c2c = sql_table(
    "interpretation.instrument_c2c",
    inputs=("source.c2c_agreement", "integration.participation"),
    parameters=(*YEARS, "reference_area"),
    checks=(SqlCheck("home_and_abroad_make_all", "Agreements at home and abroad are all agreements"),),
)

instrument_project = sql_table(
    "interpretation.instrument_project",
    inputs=(
        "integration.cooperation",
        "integration.participant",
        "integration.participation",
        "source.cordis_organisation",
    ),
    parameters=(*YEARS, "reference_area"),
    checks=(SqlCheck("project_types_make_all", "The kinds of projects are all projects"),),
)

instrument_event = sql_table(
    "interpretation.instrument_event",
    inputs=("source.cooperation_event", "source.event_participant", "integration.participation"),
    parameters=(*YEARS, "reference_area", "good_practice_countries", "good_practice_frontrunners"),
)

export_comparison = python_table(
    "interpretation.export_comparison",
    _export_comparison,
    inputs=("interpretation.cooperating_firm", "interpretation.firm_gva"),
    sql=("interpretation/export_stratum.sql",),
    checks=(SqlCheck("every_member_is_matched_or_not", "Members are matched at one level or at none"),),
)

TABLES = (instrument_label, instrument_c2c, instrument_project, instrument_event, export_comparison)
