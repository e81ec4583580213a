"""National and regional accounts: published aggregates with their flags, and the identities between them.

Belongs here: the observations as published. Does not belong here: choosing the margins that the estimates are
reconciled to (`assets.integration.national_account`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.national_account",
        checks=(
            SqlCheck(
                "national_account_production",
                "P1 - P2 = B1G at current prices, within rounding (ESA 2010, production account)",
                "error",
                max_failing_share=0.0001,
            ),
            SqlCheck(
                "national_account_gdp",
                "B1G + D21X31 + published discrepancy = B1GQ at current prices, within rounding",
                "error",
                max_failing_share=0.0001,
            ),
            SqlCheck(
                "national_account_sectors",
                "S11 + S12 + S13 + S14 + S15 = S1 for gross value added at current prices, within rounding",
                "error",
                max_failing_share=0.0001,
            ),
        ),
    ),
)
