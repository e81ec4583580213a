"""Value added of legal units from their annual accounts.

Accounts are taken one fiscal year at a time, so that a national decade never stands in memory at once.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, python_table
from methods.accounting_periods import calendarise
from methods.imputation import impute_ratio
from methods.value_added import value_added

# accounts are in HUF mn with three decimals of their thousands: half a thousand is rounding
ROUNDING_HUF_MN = 0.0005
MEASURES = ("va_production", "va_income", "va_proxy", "va_factor_cost", "gva_basic_prices")
KEPT = ("legal_unit_id", "year", "year_coverage", "is_calendarised", "is_previous_year", "is_converted")
AMOUNTS = ("net_turnover", "export_turnover", "average_employees")
FLAGS = (
    "is_route_consistent",
    "is_operating_result_consistent",
    "is_production_tax_assumed_zero",
    "is_nonoperating_income_assumed_zero",
)


def account_years(accounts: pd.DataFrame) -> pd.DataFrame:
    """Value added per account and calendar year; cost-of-sales accounts by the ratio of their section."""
    measured = pd.concat([accounts, value_added(accounts, tolerance=ROUNDING_HUF_MN)[[*MEASURES, *FLAGS]]], axis=1)
    lacking = measured["gva_basic_prices"].isna()
    for measure in MEASURES:
        measured[measure] = impute_ratio(measured, measure, "net_turnover", by=["nace_rev2_section"])["value"]
    measured["is_imputed"] = lacking & measured["gva_basic_prices"].notna()
    flows = [*MEASURES, "net_turnover", "export_turnover"]
    by_year = calendarise(measured, flows=flows)
    return by_year[[*KEPT, *MEASURES, *AMOUNTS, *FLAGS, "is_imputed"]].reset_index(drop=True)


def _value_added(build: Build) -> Result:
    connection = build.connection
    build.sql("interpretation/comparable_account.sql")
    accounts = '"_interpretation_comparable_account"'
    years = [r[0] for r in connection.execute(f"SELECT DISTINCT fiscal_year FROM {accounts} ORDER BY 1").fetchall()]
    for number, year in enumerate(years or [None]):
        condition = "fiscal_year = $year" if year is not None else "false"
        frame = connection.execute(
            f"SELECT * FROM {accounts} WHERE {condition} ORDER BY legal_unit_id", {"year": year} if year else None
        ).df()
        connection.register("_chunk", account_years(frame))
        verb = "CREATE TEMP TABLE account_year AS" if number == 0 else "INSERT INTO account_year"
        connection.execute(f"{verb} SELECT * FROM _chunk")
        connection.unregister("_chunk")
    result = build.sql("interpretation/value_added.sql")
    row = connection.execute(
        'SELECT count(*), count(*) FILTER (WHERE is_imputed) FROM "_interpretation_value_added"'
    ).fetchone()
    total, imputed = row or (0, 0)
    refused = connection.execute("SELECT count(*) FROM source.annual_account WHERE is_consolidated").fetchone()
    build.facts |= {
        "imputed_share_pct": 100.0 * imputed / total if total else 0.0,
        "consolidated_accounts_refused": refused[0] if refused else 0,
    }
    return result


value_added_table = python_table(
    "interpretation.value_added",
    _value_added,
    inputs=("source.annual_account", "source.exchange_rate", "integration.legal_unit"),
    sql=("interpretation/comparable_account.sql", "interpretation/value_added.sql"),
    parameters=("first_reference_year", "last_reference_year"),
)

TABLES = (value_added_table,)
