"""National accounts, one figure per year, area, sector, item and activity."""

from __future__ import annotations

from assets.table import SqlCheck, sql_table

national_account = sql_table(
    "integration.national_account",
    inputs=("source.national_account",),
    parameters=("reference_area",),
    checks=(
        SqlCheck(
            "gva_of_sectors_sums_to_total",
            "GVA of the institutional sectors sums to the total economy (S.1)",
            severity="error",
        ),
        SqlCheck(
            "activities_complete",
            "A section whose GVA was published once has one in every later year (S.1, reference area)",
        ),
        SqlCheck("gva_is_output_less_consumption", "Output less intermediate consumption is GVA (P.1 - P.2 = B.1g)"),
    ),
)

TABLES = (national_account,)
