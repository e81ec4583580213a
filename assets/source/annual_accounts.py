"""Annual accounts: profit and loss items as filed, and the exchange rates that filings in other currencies need.

Belongs here: filings and their internal identities. Does not belong here: computing value added
(`assets.interpretation.value_added`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.annual_account",
        checks=(
            SqlCheck(
                "account_operating_result",
                "A = I + II + III - IV - V - VI - VII in accounts by nature, within rounding",
                "warn",
                max_failing_share=0.02,
            ),
            SqlCheck(
                "account_parts",
                "A part of an item (export, wages, taxes on production, non-operating income) is not above the item",
                "warn",
                max_failing_share=0.02,
            ),
            SqlCheck(
                "account_unit_known",
                "Filing firms are legal units of the register",
                "warn",
                max_failing_share=0.05,
            ),
            SqlCheck(
                "account_unit_mostly_known",
                "The register is whole: hardly a filing firm is missing from it",
                "error",
                max_failing_share=0.25,
            ),
            SqlCheck(
                "account_currency_known",
                "Filings in another currency than HUF have an exchange rate for their year",
                "warn",
            ),
        ),
        check_inputs=("source.business_registry", "source.exchange_rate"),
    ),
    source_table("source.exchange_rate"),
)
