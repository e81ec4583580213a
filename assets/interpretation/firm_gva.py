"""The three published lines per legal unit and year."""

from __future__ import annotations

from assets.table import SqlCheck, sql_table

firm_gva = sql_table(
    "interpretation.firm_gva",
    inputs=("interpretation.value_added", "interpretation.reconciliation", "integration.legal_unit"),
    checks=(
        SqlCheck(
            "calibrated_firms_sum_to_cells",
            "Calibrated firms add up to the raked cells they were calibrated to",
        ),
    ),
)

TABLES = (firm_gva,)
