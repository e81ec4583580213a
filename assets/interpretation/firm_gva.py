"""The three published lines per legal unit and year, and rolled up to enterprises."""

from __future__ import annotations

from assets.table import SqlCheck, sql_table

firm_gva = sql_table(
    "interpretation.firm_gva",
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
