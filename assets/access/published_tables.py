"""The published tables T1 to T8 and the tracker of the target.

Belongs here: printing the cells that `interpretation.cell_protection` leaves open, and nothing of the others. Does not
belong here: which cells are withheld. One attribution and one time rule are published: every further variant of the
same cell would be one more equation for an attacker.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.disclosure import PrimaryRules, primary
from methods.target import target_tracker

CONTRIBUTIONS = """
    SELECT c.reference_year, c.numerator_code, g.enterprise_group_id, g.calibrated_huf_mn AS value, c.evidence
    FROM interpretation.cooperating_firm AS c JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE c.evidence IN ('name', 'candidate')
    ORDER BY ALL"""


def unsafe_bounds(contributions: pd.DataFrame, rules: PrimaryRules) -> pd.DataFrame:
    """Years and numerators whose bounds are not published.

    The share less its lower bound is what firms linked by name contribute, the upper bound less the share is what
    candidates under review do; each of the two sets must be safe on its own, or a member could subtract itself.

    Returns:
        One row per `reference_year` and `numerator_code`.
    """
    rows = [
        key
        for key, part in contributions.groupby(["reference_year", "numerator_code"], sort=True)
        if any(is_unsafe(part[part["evidence"] == evidence], rules) for evidence in ("name", "candidate"))
    ]
    return pd.DataFrame(rows, columns=["reference_year", "numerator_code"])


def is_unsafe(contributions: pd.DataFrame, rules: PrimaryRules) -> bool:
    """Whether the sum of these contributions would reveal one of them; nothing reveals nothing."""
    return primary(contributions["value"].to_numpy(), list(contributions["enterprise_group_id"]), rules=rules).is_unsafe


def _cooperation_gva(build: Build) -> Result:
    rules = PrimaryRules(
        frequency=build.parameters["disclosure_min_contributors"],
        p_percent=build.parameters["disclosure_p_percent"],
    )
    unsafe = unsafe_bounds(build.frame(CONTRIBUTIONS), rules).astype({"reference_year": "int64"})
    build.connection.register("_unsafe_bound", unsafe)
    build.connection.execute("CREATE TEMP TABLE unsafe_bound AS SELECT * FROM _unsafe_bound")
    result = build.sql("access/cooperation_gva.sql")
    row = build.connection.execute(
        'SELECT count(*), count(*) FILTER (WHERE is_withheld) FROM "_access_cooperation_gva"'
    ).fetchone()
    build.facts |= {"cells": row[0] if row else 0, "withheld_cells": row[1] if row else 0}
    return result


def _target_tracker(build: Build) -> Result:
    p = build.parameters
    shares = build.frame("""
        SELECT numerator_code, reference_year, share_pct, share_lower_pct, share_upper_pct, is_withheld
        FROM access.cooperation_gva WHERE table_code = 'T1' ORDER BY ALL""")
    tracked = target_tracker(
        shares["share_pct"] / 100, shares["reference_year"], p["target_share_pct"] / 100, p["target_year"]
    )
    table = pd.concat([shares, tracked.drop(columns="is_reached")], axis=1)
    before = table[["numerator_code", "reference_year", "share_pct"]].assign(reference_year=table["reference_year"] + 1)
    table = table.merge(before, on=["numerator_code", "reference_year"], how="left", suffixes=("", "_before"))
    is_headline = table["numerator_code"] == p["headline_numerator"]
    is_baseline = (table["numerator_code"] == "N1") & (table["reference_year"] == p["baseline_year"])
    build.facts |= {
        f"share_{p['headline_numerator']}_{year}_pct": round(share, 4)
        for year, share in zip(
            *(table.loc[is_headline, c].tolist() for c in ("reference_year", "share_pct")), strict=True
        )
        if not pd.isna(share)
    }
    return table.assign(
        target_share_pct=p["target_share_pct"],
        target_year=p["target_year"],
        change_pp=table["share_pct"] - table["share_pct_before"],
        published_baseline_pct=pd.Series(p["baseline_share_pct"], index=table.index).where(is_baseline),
        is_headline=is_headline,
    ).drop(columns="share_pct_before")


cooperation_gva = python_table(
    "access.cooperation_gva",
    _cooperation_gva,
    inputs=(
        "interpretation.cooperation_gva",
        "interpretation.cell_protection",
        "interpretation.gva_interval",
        "interpretation.cooperating_firm",
        "interpretation.firm_gva",
    ),
    sql=("access/cooperation_gva.sql",),
    check_inputs=(
        "interpretation.cooperating_firm_by_type",
        "interpretation.regional_gva",
        "integration.legal_unit",
    ),
    parameters=(
        "headline_numerator",
        "headline_time_rule",
        "headline_attribution",
        "disclosure_min_contributors",
        "disclosure_p_percent",
    ),
    checks=(
        SqlCheck("certificate_covers_every_cell", "Every cell stands in the certificate as it is printed"),
        SqlCheck("disclosure_audit", "No unsafe cell is open and no withheld cell carries a value"),
        SqlCheck("withheld_sum_is_hidden", "No cell is withheld alone while the total it is part of is published"),
    ),
)

target_tracker_table = python_table(
    "access.target_tracker",
    _target_tracker,
    inputs=("access.cooperation_gva",),
    parameters=(
        "headline_numerator",
        "target_share_pct",
        "target_year",
        "baseline_share_pct",
        "baseline_year",
    ),
)

TABLES = (cooperation_gva, target_tracker_table)
