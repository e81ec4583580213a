"""Cooperation-linked GVA per cell, with the verdict of the primary disclosure rules on each."""

from __future__ import annotations

import numpy as np

from assets.table import Build, Result, SqlCheck, python_table
from methods.disclosure import PrimaryRules, primary_cells

CELL = ["reference_year", "numerator_code", "time_rule", "table_code", "activity_code", "region_code"]

CONTRIBUTIONS = """
    SELECT reference_year, numerator_code, time_rule, table_code, activity_code, region_code, enterprise_group_id,
           weight_ratio * calibrated_huf_mn AS contribution
    FROM _interpretation_contribution
    WHERE evidence <> 'candidate' AND weight_ratio > 0
    ORDER BY ALL"""


def _cooperation_gva(build: Build) -> Result:
    build.sql("interpretation/contribution.sql")
    rules = PrimaryRules(
        frequency=build.parameters["disclosure_min_contributors"],
        p_percent=build.parameters["disclosure_p_percent"],
    )
    verdict = primary_cells(
        build.frame(CONTRIBUTIONS), cell=CELL, contributor="enterprise_group_id", value="contribution", rules=rules
    ).reset_index()
    verdict["rule"] = np.select([verdict["is_frequency"], verdict["is_p_percent"]], ["frequency", "p_percent"], "none")
    build.connection.register("verdict", verdict)
    return build.sql("interpretation/cooperation_gva.sql")


cooperation_gva = python_table(
    "interpretation.cooperation_gva",
    _cooperation_gva,
    inputs=("interpretation.cooperating_firm", "interpretation.firm_gva", "integration.national_account"),
    sql=("interpretation/contribution.sql", "interpretation/cooperation_gva.sql"),
    parameters=("reference_area", "disclosure_min_contributors", "disclosure_p_percent"),
    checks=(
        SqlCheck("complement_not_negative", "Cooperating firms produce no more than the whole cell", severity="warn"),
        SqlCheck("sections_sum_to_total", "T2 adds up to T1 for firms with a known activity", severity="warn"),
    ),
)

TABLES = (cooperation_gva,)
