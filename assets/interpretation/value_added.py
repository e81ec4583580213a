"""Value added of legal units from their annual accounts, and of those whose accounts are missing.

Accounts are taken one fiscal year at a time, so that a national decade never stands in memory at once. What one
account lacks is filled from its own notes and items (`methods.imputation`); what a unit lacks, a year or a part of it,
from its neighbouring year (`sql/interpretation/value_added.sql`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from assets.table import Build, Coded, Result, SqlCheck, python_table
from methods.accounting_periods import calendarise
from methods.imputation import impute_ratio
from methods.value_added import value_added
from resources.exact import rounded

# seven items in whole thousands round to at most four thousand together, and large firms file in millions
ROUNDING_HUF_MN = 0.004
ROUNDING_RATIO = 0.001
BATCH = 131_072
"""Accounts that the engine hands over at once."""
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
# what `unit_year.sql` reads, beside what `with_lives` adds
ACCOUNT_YEAR = pa.schema(
    [
        ("unit_number", pa.int32()),
        ("year", pa.int32()),
        *((name, pa.float64()) for name in ("covered", *MEASURES, *AMOUNTS)),
        *((name, pa.bool_()) for name in (*KEPT, *FLAGS, *NOTES) if name.startswith("is_") and name != "is_imputed"),
    ]
)
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


def accounts_by_year(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The accounts of each fiscal year, which follow each other; one empty table if there are none."""
    pending, current = list[pa.RecordBatch](), None
    for batch in batches:
        years = batch.column("fiscal_year").to_numpy()
        limits = [0, *(np.flatnonzero(np.diff(years)) + 1).tolist(), len(years)]
        for start, end in itertools.pairwise(limits):
            if pending and years[start] != current:
                yield pa.Table.from_batches(pending)
                pending = []
            pending.append(batch.slice(start, end - start))
            current = years[start]
    yield pa.Table.from_batches(pending, batches.schema)


def in_exact_amounts(measured: pd.DataFrame) -> pa.Table:
    """What `account_years` found as `unit_year.sql` wants it: employees of the covered days, amounts as summed."""
    covered = measured["year_coverage"].to_numpy()
    amounts = {name: measured[name].to_numpy() for name in (*MEASURES, *AMOUNTS)}
    amounts |= {"covered": covered, "average_employees": amounts["average_employees"] * covered}
    exact = {name: pa.array(rounded(values), from_pandas=True) for name, values in amounts.items()}
    others = {name: pa.array(measured[name], from_pandas=True) for name in ACCOUNT_YEAR.names if name not in exact}
    return pa.table({**exact, **others}).select(ACCOUNT_YEAR.names).cast(ACCOUNT_YEAR)


def with_lives(by_year: Sequence[pa.Table], lives: pa.Table) -> pa.Table:
    """The account years of all fiscal years, with what is known of their units and years.

    Args:
        by_year: `unit_number`, `year`, `gva_basic_prices` and more by fiscal year, each of which has a unit and
            year once.
        lives: `unit_number`, `exists_from`, `exists_to` (half open), `stratum`, in the order of the numbers.

    Returns:
        All rows, with `is_alone` (no other account has a value for the unit and the year), `existed` (share of the days
        of the year) and `stratum`.
    """
    numbers = lives["unit_number"].to_numpy()
    place = np.zeros(int(numbers.max(initial=0)) + 1, np.int64)
    place[numbers] = np.arange(len(numbers))
    exists_from, exists_to = (lives[c].to_numpy().astype("datetime64[D]") for c in ("exists_from", "exists_to"))
    stratum = lives["stratum"].to_numpy()
    years = [table["year"].to_numpy() for table in by_year if table.num_rows]
    first = min((int(year.min()) for year in years), default=0)
    span = max((int(year.max()) for year in years), default=0) - first + 1
    accounts = np.zeros(len(numbers) * span, np.uint8)
    cells, columns = [], []
    for table in by_year:
        unit, year = place[table["unit_number"].to_numpy()], table["year"].to_numpy()
        cells.append(unit * span + (year - first))
        accounts[cells[-1][table["gva_basic_prices"].is_valid().to_numpy()]] += 1
        columns.append((existing_share(exists_from[unit], exists_to[unit], year), stratum[unit]))
    tables = [
        table.append_column("is_alone", pa.array(accounts[cell] <= 1))
        .append_column("existed", pa.array(existed))
        .append_column("stratum", pa.array(of_unit))
        for table, cell, (existed, of_unit) in zip(by_year, cells, columns, strict=True)
    ]
    return pa.concat_tables(tables)


def existing_share(
    since: NDArray[np.datetime64], until: NDArray[np.datetime64], year: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Share of the days of a year in [since, until), as the macro `existing_ratio` has it."""
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]")
    end = (year - 1969).astype("datetime64[Y]").astype("datetime64[D]")
    days = (np.minimum(until, end) - np.maximum(since, start)).astype(np.int64)
    return np.asarray(np.maximum(days, 0) / (end - start).astype(np.int64), np.float64)


def _value_added(build: Build) -> Result:
    connection = build.connection
    build.sql("interpretation/numbered_unit.sql")
    units = connection.execute(
        "SELECT legal_unit_id, nace_rev2_section FROM _interpretation_numbered_unit ORDER BY unit_number"
    ).to_arrow_table()
    sections = pd.Categorical(units["nace_rev2_section"].combine_chunks().dictionary_encode().to_pandas())
    periods, by_year = list[pa.Table](), list[pa.Table]()
    # neither accounts nor their years stand in the engine: at a million firms each is larger than what it may keep
    for accounts in accounts_by_year(build.relation("interpretation/comparable_account.sql").to_arrow_reader(BATCH)):
        columns = {name: accounts[name].to_numpy() for name in accounts.column_names if name != "fiscal_year"}
        columns["d29"] = columns["taxes_on_production"]
        columns["nace_rev2_section"] = sections.take(columns["unit_number"] - 1)
        by_year.append(in_exact_amounts(account_years(pd.DataFrame(columns, copy=False))))
        # copied, because a column of a batch keeps the whole batch in memory
        periods.append(pa.table({name: columns[name].copy() for name in ("unit_number", "period_from", "period_to")}))
    connection.register("account_period", pa.concat_tables(periods))
    lives = build.sql("interpretation/unit_life.sql").to_arrow_table()
    connection.unregister("account_period")
    connection.register("account_year", with_lives(by_year, lives))
    del periods, by_year
    build.view("interpretation/unit_year.sql")
    build.sql("interpretation/growth.sql")
    refused = connection.execute("SELECT count(*) FROM source.annual_account WHERE is_consolidated").fetchone()
    build.facts["consolidated_accounts_refused"] = refused[0] if refused else 0
    build.summary = """
        SELECT coalesce(CAST(100 AS DOUBLE) * count(*) FILTER (WHERE is_imputed) / nullif(count(*), 0), 0)
                   AS imputed_share_pct,
               count(*) FILTER (WHERE account_count = 0) AS missing_accounts_imputed,
               count(*) FILTER (WHERE is_edit_failed) AS edit_rule_failed
        FROM interpretation.value_added"""
    result = build.relation("interpretation/value_added.sql")
    return Coded(
        result.project("unit_number - 1 AS legal_unit_id, * EXCLUDE (unit_number)"),
        {"legal_unit_id": units["legal_unit_id"].combine_chunks()},
    )


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
