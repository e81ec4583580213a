"""Annual accounts, one file per year, and the true figures behind them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sample.accounts import Traits, balance_in_currency, heads, profit_and_loss
from sample.classification import EXCHANGE_RATES
from sample.economy import Population
from sample.identity import Identity
from sample.national_accounts import YEARS
from sample.publish.files import days, write_table

COST_OF_SALES_LACKS = ("material_expenses", "personnel_expenses", "depreciation")
MISSING_SHARE = 0.02


def write_accounts(
    rng: np.random.Generator,
    out: Path,
    population: Population,
    identity: Identity,
    traits: Traits,
    gva: np.ndarray,
    *,
    large: bool,
) -> dict[str, np.ndarray]:
    """Write `annual_accounts_<year>` and `truth/firm.parquet`.

    Args:
        rng: stream of accounts.
        out: directory of the economy.
        population: the S.11 firms.
        identity: who everybody is.
        traits: what does not change about the books.
        gva: true GVA, million HUF, shape (firms, years).
        large: Parquet instead of CSV.

    Returns:
        For 2023 the true `net_turnover`, `export_turnover` (million HUF) and `employees` by firm.
    """
    (out / "truth").mkdir(parents=True, exist_ok=True)
    schema = pa.schema(
        [
            ("firm_id", pa.string()),
            ("year", pa.int32()),
            ("gva_bp_huf_mn", pa.float64()),
            ("net_turnover_huf_mn", pa.float64()),
            ("export_turnover_huf_mn", pa.float64()),
            ("employees", pa.int64()),
        ]
    )
    truth_2023: dict[str, np.ndarray] = {}
    with pq.ParquetWriter(out / "truth" / "firm.parquet", schema, compression="zstd") as writer:
        for t, year in enumerate(YEARS):
            staff = heads(traits, population, gva, t)
            rows = np.flatnonzero(gva[:, t] > 0)
            table, turnover, exports = _year(rng, population, identity, traits, gva, t, rows, staff)
            write_table(table, out / "accounts" / f"annual_accounts_{year}", large=large)
            columns = [
                identity.firm_id.take(pa.array(rows)),
                np.full(rows.size, year),
                gva[rows, t],
                turnover,
                exports,
                staff[rows],
            ]
            writer.write_table(pa.table(columns, schema=schema), row_group_size=250_000)
            if year == 2023:
                truth_2023 = {name: np.zeros(population.count) for name in ("net_turnover", "export_turnover")}
                truth_2023["net_turnover"][rows], truth_2023["export_turnover"][rows] = turnover, exports
                truth_2023["employees"] = staff
    return truth_2023


def _year(
    rng: np.random.Generator,
    population: Population,
    identity: Identity,
    traits: Traits,
    gva: np.ndarray,
    t: int,
    rows: np.ndarray,
    staff: np.ndarray,
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    year = YEARS[t]
    shifted = traits.start_month[rows] > 1
    # A business year that begins in July (October) has half (a quarter) of its days in the year before.
    part_before = np.where(shifted, (13 - traits.start_month[rows]) / 12, 0.0)
    before = gva[rows, t - 1] if t else gva[rows, t] * 0.93
    value = part_before * before + (1 - part_before) * gva[rows, t]
    items = profit_and_loss(rng, traits, value, rows, staff[rows] > 0)
    ratio = gva[rows, t] / value
    turnover = items["net_turnover"] / 1000 * ratio
    exports = items["export_turnover"] / 1000 * ratio

    in_eur = traits.in_eur[rows]
    foreign = balance_in_currency(items, np.full(rows.size, EXCHANGE_RATES["EUR"][t]))
    items = {name: np.where(in_eur, foreign[name], amount) for name, amount in items.items()}

    month = traits.start_month[rows]
    start = (np.datetime64(f"{year - 1}-01") + (month - 1)).astype("datetime64[D]")
    start = np.where(shifted, start, np.datetime64(f"{year}-01-01"))
    end = np.where(
        shifted, (np.datetime64(f"{year}-01") + (month - 1)).astype("datetime64[D]"), np.datetime64(f"{year + 1}-01-01")
    )
    # An account runs from the founding and to the end of a firm; the last day is part of it.
    last = np.minimum(end, population.dissolved[rows]) - 1
    period_from = np.minimum(np.maximum(start, population.founded[rows]), last)
    filed = end + np.where(
        rng.random(rows.size) < 0.9, rng.integers(90, 151, rows.size), rng.integers(151, 420, rows.size)
    )

    kept = (rng.random(rows.size) >= MISSING_SHARE) | traits.top[rows]
    parents = kept & traits.consolidated[rows] & ~shifted
    single = np.flatnonzero(kept)
    again = np.flatnonzero(parents)
    order = np.concatenate((single, again))
    is_consolidated = np.concatenate((np.zeros(single.size, dtype=int), np.ones(again.size, dtype=int)))
    sort = np.lexsort((is_consolidated, order))
    order, is_consolidated = order[sort], is_consolidated[sort]
    by_function = traits.cost_of_sales[rows][order]
    columns: dict[str, pa.Array] = {
        "tax_number": identity.tax_number.take(pa.array(rows[order])),
        "fiscal_year": pa.array(np.full(order.size, year, dtype=np.int32)),
        "period_from": days(period_from[order]),
        "period_to": days(last[order]),
        "layout": pa.array(["total_cost", "cost_of_sales"]).take(pa.array(by_function.astype(int))),
        "is_consolidated": pa.array(is_consolidated),
        "currency": pa.array(["HUF", "EUR"]).take(pa.array(in_eur[order].astype(int))),
        "unit": pa.array(["thousand"]).take(pa.array(np.zeros(order.size, dtype=int))),
    }
    # Consolidated accounts of a parent are three times its own: whoever counts them counts subsidiaries twice.
    for name, amount in items.items():
        shown = np.where(is_consolidated == 1, amount[order] * 3, amount[order])
        missing = by_function & (name in COST_OF_SALES_LACKS)
        columns[name] = pa.array(shown, mask=missing)
    columns["average_employees"] = pa.array(staff[rows][order] * np.where(is_consolidated == 1, 3, 1))
    columns["filing_date"] = days(filed[order])
    return pa.table(columns), turnover, exports
