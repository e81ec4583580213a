"""The variant in which an enterprise cooperates if one of its legal units does, beside the headline's legal units.

Links are to legal units; the register of 31 December says which enterprise a unit belongs to. What a single legal unit
counts for is `cooperating_firm`'s subject.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.charts_insight import unit_chart
from assets.interpretation.cooperating_firm import DIGITS, EVIDENCE
from assets.table import Build, Chart, Result, SqlCheck, python_table, sql_table
from methods.membership import any_probability_by

ENTERPRISE = ["reference_year", "numerator_code", "enterprise_id"]
GROUP = [*ENTERPRISE, "link_group_id"]


def cooperating_enterprises(links: pd.DataFrame) -> pd.DataFrame:
    """Probability that at least one legal unit of an enterprise takes part (METHODS 1 and 5).

    A group of records (one text) means one unit or none, so its links to several units of an enterprise exclude each
    other and their probabilities add up. Groups are independent: P = 1 - product over groups of (1 - sum of the group).
    With the largest of a group instead of the sum, a text that means one sister or the other would count as if it might
    as well mean nobody.

    Args:
        links: one row per enterprise, group and legal unit: the columns of `GROUP`, `legal_unit_id`, `probability`
            (ratio), `strength` (position in `EVIDENCE`).

    Returns:
        One row per year, numerator and enterprise, ordered: `probability`, `evidence`, `cooperating_unit_count`.
    """
    if links.empty:
        return pd.DataFrame(columns=[*ENTERPRISE, "probability", "evidence", "cooperating_unit_count"])
    groups = links.groupby(GROUP, sort=True)["probability"].sum().clip(upper=1.0).reset_index()
    by_enterprise = links.groupby(ENTERPRISE, sort=True)
    result = pd.DataFrame({"cooperating_unit_count": by_enterprise["legal_unit_id"].nunique()})
    result["probability"] = any_probability_by(groups, ENTERPRISE).round(DIGITS)
    result["evidence"] = np.array(EVIDENCE)[by_enterprise["strength"].max().to_numpy()]
    return result.reset_index()


def _cooperating_enterprise(build: Build) -> Result:
    links = build.sql("interpretation/enterprise_link.sql").order(", ".join([*GROUP, "legal_unit_id"])).df()
    return cooperating_enterprises(links)


cooperating_enterprise = python_table(
    "interpretation.cooperating_enterprise",
    _cooperating_enterprise,
    inputs=("interpretation.counted_participation", "interpretation.firm_gva", "integration.legal_unit"),
    check_inputs=("interpretation.cooperating_firm",),
    sql=("interpretation/enterprise_link.sql",),
    checks=(
        SqlCheck("enterprise_as_sure_as_its_units", "An enterprise takes part at least as surely as each of its units"),
    ),
)

enterprise_cooperation_gva = sql_table(
    "interpretation.enterprise_cooperation_gva",
    inputs=(
        "interpretation.cooperating_enterprise",
        "interpretation.cooperating_firm",
        "interpretation.firm_gva",
        "integration.national_account",
    ),
    check_inputs=(
        "interpretation.enterprise_gva",
        "interpretation.cooperation_gva",
        "interpretation.variant_definition",
    ),
    parameters=("reference_area",),
    checks=(
        SqlCheck("legal_unit_line_is_headline", "The line of legal units is the total of the cube"),
        SqlCheck(
            "enterprise_line_not_below_units",
            "Enterprises come to no less than their cooperating legal units, but for sister units with negative value",
        ),
        SqlCheck("enterprise_counts_once", "The line of enterprises is the sum over enterprises, each of them once"),
        SqlCheck("every_unit_is_defined", "Every statistical unit is in interpretation.variant_definition"),
    ),
    charts=(
        Chart(
            "share_by_statistical_unit",
            """SELECT numerator_code, reference_year, unit_code, share_pct
               FROM interpretation.enterprise_cooperation_gva WHERE share_pct IS NOT NULL ORDER BY ALL""",
            unit_chart,
        ),
    ),
)

TABLES = (cooperating_enterprise, enterprise_cooperation_gva)
