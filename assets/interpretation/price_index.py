"""Deflators of GVA by activity, from national accounts at previous-year prices."""

from __future__ import annotations

from assets.table import sql_table

price_index = sql_table(
    "interpretation.price_index",
    inputs=("source.national_account", "integration.national_account"),
    parameters=("first_reference_year", "last_reference_year", "reference_area"),
)

TABLES = (price_index,)
