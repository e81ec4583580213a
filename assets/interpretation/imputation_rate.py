"""How much of the value added was not reported: the quality indicators of non-response and imputation."""

from __future__ import annotations

from assets.table import SqlCheck, sql_table

imputation_rate = sql_table(
    "interpretation.imputation_rate",
    inputs=("interpretation.value_added", "integration.legal_unit"),
    parameters=(
        "first_reference_year",
        "last_reference_year",
        "imputation_warn_share_pct",
        "imputation_blocking_share_pct",
    ),
    checks=(
        SqlCheck("imputed_share_small", "A small share of each year's GVA is imputed", severity="warn"),
        SqlCheck(
            "imputed_share_acceptable",
            "No more of a year's GVA is imputed than may be published; wait for the accounts or shorten the years",
        ),
    ),
)

TABLES = (imputation_rate,)
