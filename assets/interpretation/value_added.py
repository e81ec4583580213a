"""Value added of legal units from their annual accounts, and of those whose accounts are missing.

Accounts are taken one fiscal year at a time, so that a national decade never stands in memory at once. What one
account lacks is filled from its own notes and items (`methods.imputation`); what a unit lacks, a year or a part of it,
from its neighbouring year (`sql/interpretation/value_added.sql`).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.accounting_periods import calendarise
from methods.imputation import impute_ratio
from methods.value_added import value_added

# seven items in whole thousands round to at most four thousand together, and large firms file in millions
ROUNDING_HUF_MN = 0.004
ROUNDING_RATIO = 0.001
ROUTES = ("va_production", "va_income")
MEASURES = (*ROUTES, "va_proxy", "va_factor_cost", "gva_basic_prices")
KEPT = ("unit_number", "year", "year_coverage", "is_calendarised", "is_previous_year", "is_converted")
AMOUNTS = ("net_turnover", "export_turnover", "average_employees")
FLAGS = (
    "is_route_consistent",
    "is_operating_result_consistent",
    "is_production_tax_assumed_zero",
    "is_subsidy_assumed_zero",
    "is_nonoperating_income_assumed_zero",
)
NOTES = ("is_cost_of_sales", "is_from_notes", "is_ratio_imputed", "is_imputed", "is_edit_failed")
BY_NATURE = ("net_turnover", "capitalised_own_performance", "other_income", "material_expenses")


def account_years(accounts: pd.DataFrame) -> pd.DataFrame:
    """Value added per account and calendar year, units by number.

    An account by function (cost of sales) lacks the items by nature; its notes give the wages, from which its personnel
    expenses follow, and the income route does without the rest. An account whose operating result does not follow from
    its items is not believed: one of them is wrong, often by a factor of a thousand, and nobody knows which. Its value
    added is imputed by the personnel expenses of its section; what no route can measure, by the turnover of its
    section. A route that lacks an item stays empty, and so does the rule that compares it with the other.
    """
    # grouping by a category takes a tenth of the time of grouping by text
    accounts = accounts.assign(nace_rev2_section=accounts["nace_rev2_section"].astype("category"))
    complete, from_notes = complete_from_notes(accounts)
    measured = pd.concat([complete, value_added(complete, tolerance=ROUNDING_HUF_MN)[[*MEASURES, *FLAGS]]], axis=1)
    lacking = measured["gva_basic_prices"].isna()
    failed = fails_edit_rule(measured)
    is_evaluated = {route: measured[route].notna() for route in ROUTES}
    measured.loc[failed, list(MEASURES)] = np.nan
    by_turnover = measured.assign(net_turnover=measured["net_turnover"].where(~failed))
    for measure in MEASURES:
        value = impute_ratio(by_turnover, measure, "net_turnover", by=["nace_rev2_section"])["value"]
        if failed.any():
            personnel = impute_ratio(measured, measure, "personnel_expenses", by=["nace_rev2_section"])["value"]
            value = value.where(~failed, personnel)
        measured[measure] = value.where(is_evaluated[measure]) if measure in ROUTES else value
    measured["is_ratio_imputed"] = (lacking | failed) & measured["gva_basic_prices"].notna()
    measured["is_edit_failed"] = failed
    measured["is_from_notes"] = from_notes & ~lacking
    measured["is_imputed"] = measured["is_ratio_imputed"] | measured["is_from_notes"]
    measured["is_cost_of_sales"] = measured.get("is_cost_of_sales", pd.Series(False, index=measured.index))
    columns = [c for c in (*KEPT, *MEASURES, *AMOUNTS, *FLAGS, *NOTES) if c in measured.columns]
    measured = measured[["period_from", "period_to", *columns]]
    by_year = calendarise(measured, flows=[*MEASURES, "net_turnover", "export_turnover"])
    return by_year[[*KEPT, *MEASURES, *AMOUNTS, *FLAGS, *NOTES]].reset_index(drop=True)


def complete_from_notes(accounts: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series]:
    """Personnel expenses and depreciation of accounts that neither route could measure without them.

    Personnel expenses = wages in the notes x personnel expenses / wages of the section; depreciation by turnover.

    Returns:
        The accounts with both items filled where possible, and which rows were.
    """
    wanted = accounts[list(BY_NATURE)].isna().any(axis=1)
    if "wages" in accounts.columns:
        wanted &= accounts["wages"].notna() & accounts["operating_result"].notna()
    else:
        wanted &= False
    filled = accounts.copy()
    for item, auxiliary in (("personnel_expenses", "wages"), ("depreciation", "net_turnover")):
        if wanted.any():
            value = impute_ratio(accounts, item, auxiliary, by=["nace_rev2_section"])["value"]
            filled[item] = accounts[item].where(~wanted, value)
    items = ["personnel_expenses", "depreciation"]
    return filled, wanted & accounts[items].isna().any(axis=1) & filled[items].notna().all(axis=1)


def fails_edit_rule(measured: pd.DataFrame) -> pd.Series:
    """Accounts whose two routes differ by more than rounding: half a per mille and more of what went through them."""
    gap = (measured["va_production"] - measured["va_income"]).abs()
    scale = measured[["net_turnover", "material_expenses", "personnel_expenses"]].abs().max(axis=1)
    failed = gap > ROUNDING_HUF_MN + ROUNDING_RATIO * scale.fillna(0.0)
    return failed.fillna(False).astype(bool)


def _value_added(build: Build) -> Result:
    connection = build.connection
    build.sql("interpretation/numbered_unit.sql")
    build.sql("interpretation/comparable_account.sql")
    build.sql("interpretation/unit_life.sql")
    accounts = '"_interpretation_comparable_account"'
    years = [r[0] for r in connection.execute(f"SELECT DISTINCT fiscal_year FROM {accounts} ORDER BY 1").fetchall()]
    for number, year in enumerate(years or [None]):
        condition = "fiscal_year = $year" if year is not None else "false"
        frame = connection.execute(
            f"SELECT * EXCLUDE (fiscal_year) FROM {accounts} WHERE {condition} ORDER BY unit_number",
            {"year": year} if year else None,
        ).df()
        connection.register("_chunk", account_years(frame))
        verb = "CREATE TEMP TABLE account_year AS" if number == 0 else "INSERT INTO account_year"
        connection.execute(f"{verb} SELECT * FROM _chunk")
        connection.unregister("_chunk")
    # at a million firms each of these tables is larger than what the engine may keep in memory
    connection.execute(f"DROP TABLE {accounts}")
    build.sql("interpretation/unit_year.sql")
    connection.execute("DROP TABLE account_year")
    build.sql("interpretation/growth.sql")
    result = build.sql("interpretation/value_added.sql")
    connection.execute('DROP TABLE "_interpretation_unit_year"')
    row = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE is_imputed), count(*) FILTER (WHERE account_count = 0), "
        'count(*) FILTER (WHERE is_edit_failed) FROM "_interpretation_value_added"'
    ).fetchone()
    total, imputed, missing, failed = row or (0, 0, 0, 0)
    refused = connection.execute("SELECT count(*) FROM source.annual_account WHERE is_consolidated").fetchone()
    build.facts |= {
        "imputed_share_pct": 100.0 * imputed / total if total else 0.0,
        "missing_accounts_imputed": missing,
        "edit_rule_failed": failed,
        "consolidated_accounts_refused": refused[0] if refused else 0,
    }
    return result


value_added_table = python_table(
    "interpretation.value_added",
    _value_added,
    inputs=("source.annual_account", "source.exchange_rate", "integration.legal_unit"),
    sql=(
        "interpretation/numbered_unit.sql",
        "interpretation/comparable_account.sql",
        "interpretation/unit_life.sql",
        "interpretation/unit_year.sql",
        "interpretation/growth.sql",
        "interpretation/value_added.sql",
    ),
    parameters=(
        "first_reference_year",
        "last_reference_year",
        "imputation_max_years",
        "imputation_min_coverage_ratio",
    ),
    checks=(SqlCheck("imputed_units_existed", "No value is imputed for a year in which the unit did not exist"),),
)

TABLES = (value_added_table,)
