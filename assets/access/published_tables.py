"""The published tables and what is withheld from them.

Until the linked system of all tables is protected by optimisation, only T1 and T2 are published, in one variant each:
every further variant of the same cell is one more equation for an attacker.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.complement import withhold
from methods.disclosure import PrimaryRules, primary
from methods.target import target_tracker

CONTRIBUTIONS = """
    SELECT c.reference_year, c.numerator_code, coalesce(g.activity_code, '') AS activity_code, g.enterprise_group_id,
           g.calibrated_huf_mn AS value, c.evidence,
           c.legal_unit_id NOT IN (
               SELECT legal_unit_id FROM interpretation.cooperating_firm AS n
               WHERE n.numerator_code = 'N1' AND n.reference_year = c.reference_year
                 AND n.evidence IN ('identifier', 'name')
           ) AS is_beyond_n1
    FROM interpretation.cooperating_firm AS c JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE c.numerator_code IN ('N1', 'N2')
    ORDER BY ALL"""

CELL = ["reference_year", "numerator_code", "table_code", "activity_code"]


def withheld_cells(contributions: pd.DataFrame, rules: PrimaryRules) -> pd.DataFrame:
    """The cells of T1 and T2 that are not published, one row each with the columns of `CELL` and `reason`.

    A cell of N2 is also withheld where N2 less N1, both published, would leave too few contributors.
    """
    rows: list[tuple[object, ...]] = []
    for (year, numerator), part in contributions.groupby(["reference_year", "numerator_code"], sort=True):
        beyond = part[part["is_beyond_n1"]] if numerator != "N1" else part.iloc[:0]
        if is_unsafe(part, rules) or is_unsafe(beyond, rules):
            rows.append((year, numerator, "T1", "_T", "primary"))
        thin = [name for name, cell in beyond.groupby("activity_code", sort=True) if is_unsafe(cell, rules)]
        reasons = withhold(
            part, cell="activity_code", group="enterprise_group_id", value="value", rules=rules, already=thin
        )
        rows += [(year, numerator, "T2", str(name), reason) for name, reason in reasons.items()]
    return pd.DataFrame(rows, columns=[*CELL, "reason"])


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
    contributions = build.frame(CONTRIBUTIONS)
    withheld = withheld_cells(contributions[contributions["evidence"].isin(["identifier", "name"])], rules)
    for name, frame in (("withheld", withheld), ("unsafe_bound", unsafe_bounds(contributions, rules))):
        build.connection.register(f"_{name}", frame.astype({"reference_year": "int64"}))
        build.connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM _{name}")
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
    inputs=("interpretation.cooperation_gva", "interpretation.cooperating_firm", "interpretation.firm_gva"),
    sql=("access/cooperation_gva.sql",),
    parameters=(
        "headline_numerator",
        "headline_time_rule",
        "headline_attribution",
        "disclosure_min_contributors",
        "disclosure_p_percent",
    ),
    checks=(
        SqlCheck("disclosure_audit", "No unsafe cell is open and no withheld cell carries a value"),
        SqlCheck("withheld_sum_is_hidden", "No activity is withheld alone while its total is published"),
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
