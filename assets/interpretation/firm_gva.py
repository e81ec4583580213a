"""The three published lines per legal unit and year, and rolled up to enterprises."""

from __future__ import annotations

from assets.table import Build, Result, SqlCheck, python_table, sql_table

STEPS = ("continuing_enterprise", "divided_unit", "firm_gva")
"""The few units that changed hands or work in several regions; then all."""


def _firm_gva(build: Build) -> Result:
    for step in STEPS[:-1]:
        build.sql(f"interpretation/{step}.sql")
    return build.query(f"interpretation/{STEPS[-1]}.sql")


firm_gva = python_table(
    "interpretation.firm_gva",
    _firm_gva,
    sql=tuple(f"interpretation/{step}.sql" for step in STEPS),
    inputs=(
        "interpretation.value_added",
        "interpretation.regional_share",
        "interpretation.reconciliation",
        "interpretation.price_index",
        "integration.legal_unit",
        "source.legal_unit_event",
    ),
)

enterprise_gva = sql_table(
    "interpretation.enterprise_gva",
    inputs=("interpretation.firm_gva", "integration.legal_unit"),
    checks=(SqlCheck("enterprises_sum_to_units", "Enterprises add up to their legal units in every year"),),
)

TABLES = (firm_gva, enterprise_gva)
