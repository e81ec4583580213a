"""Making accounts comparable: calendar years and one currency.

Belongs here: splitting fiscal years over calendar years, converting amounts at dated rates. Does not belong here:
what the amounts mean (`value_added`), where rates come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from methods.errors import MethodError
from methods.value_added import FLOWS


def calendarise(accounts: pd.DataFrame, *, flows: Sequence[str] | None = None) -> pd.DataFrame:
    """Splits accounts over the calendar years of their fiscal period, pro rata by days.

    Source: METHODS section 1 (fiscal years that are not calendar years); ESA 2010, 1.101 (accounts are kept on accrual
    basis for the calendar year). Flows are assumed even over the period.

    Args:
        accounts: `period_from`, `period_to` (half-open: the day after the last one) and amounts.
        flows: the columns to split; default the amounts of `value_added` that the frame has. All other columns are
            repeated, also stocks such as a balance sheet total.

    Returns:
        One row per account and calendar year, ordered as the accounts and by year, index labels repeated. New columns:
        `year`, `day_share` (days of the period in that year / days of the period), `year_coverage` (the same days /
        days of the year) and `is_calendarised` (the period was not a calendar year). Sums of the flows over years are
        those of the account; a firm's year is the sum over its accounts.

    Raises:
        MethodError: a period that is missing or not longer than nothing.
    """
    start, end = (_dates(accounts, c) for c in ("period_from", "period_to"))
    wrong = ~(start < end)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise MethodError(f"account {accounts.index[row]}: the period from {start[row]} to {end[row]} is no period")
    first = _years(start)
    # The last day decides: a period that ends on 1 January (half-open) has no day in the new year.
    count = _years(end - np.timedelta64(1, "D")) - first + 1
    position = np.repeat(np.arange(len(accounts)), count)
    step = np.arange(len(position)) - np.repeat(np.cumsum(count) - count, count)
    year = first[position] + step
    year_start, year_end = _first_of(year), _first_of(year + 1)
    days = (np.minimum(end[position], year_end) - np.maximum(start[position], year_start)).astype(np.int64)
    share = days / (end - start).astype(np.int64)[position]
    # taking rows copies them
    result = accounts.iloc[position]
    for column in flows if flows is not None else [c for c in FLOWS if c in accounts.columns]:
        result[column] = result[column].to_numpy(dtype=np.float64, na_value=np.nan) * share
    coverage = days / (year_end - year_start).astype(np.int64)
    return result.assign(
        year=year, day_share=share, year_coverage=coverage, is_calendarised=~((share == 1.0) & (coverage == 1.0))
    )


def convert_currency(
    amounts: pd.Series, currency: pd.Series, dates: pd.Series, rates: pd.DataFrame, *, into: str = "HUF"
) -> pd.Series:
    """Converts amounts at the rate that was valid on their date. Source: METHODS section 1 (dated rate table).

    Args:
        amounts: amounts, index as the other two.
        currency: ISO 4217 code of each amount.
        dates: the date each amount is converted at (for a flow, what the rate table is made for: its year's middle,
            end or average).
        rates: `currency`, `valid_from`, `rate` (units of `into` for one unit of the currency), one row per currency
            and date; a rate holds until the next one.
        into: target currency, converted at 1.

    Returns:
        Amounts in `into`; missing amounts stay missing.

    Raises:
        MethodError: an amount without a rate on its date, a rate that is not positive, or two rates for one date.
    """
    table = rates.assign(valid_from=_dates(rates, "valid_from").astype("datetime64[s]"))[
        ["currency", "valid_from", "rate"]
    ]
    if not (table["rate"] > 0).all():
        raise MethodError(f"the rate of {table.loc[~(table['rate'] > 0), 'currency'].iloc[0]} is not positive")
    if table.duplicated(["currency", "valid_from"]).any():
        twice = table[table.duplicated(["currency", "valid_from"])].iloc[0]
        raise MethodError(f"{twice['currency']} has two rates valid from {twice['valid_from']:%Y-%m-%d}")
    wanted = pd.DataFrame(
        {
            "position": np.arange(len(amounts)),
            "currency": currency.to_numpy(),
            "date": _dates(pd.DataFrame({"date": dates.to_numpy()}), "date").astype("datetime64[s]"),
        }
    )
    foreign = wanted[amounts.notna().to_numpy() & (wanted["currency"] != into).to_numpy()]
    unknown = foreign["date"].isna() | foreign["currency"].isna()
    if unknown.any():
        raise MethodError(f"amount {amounts.index[foreign.loc[unknown, 'position'].iloc[0]]} has no currency or date")
    found = pd.merge_asof(
        foreign.sort_values(["date", "position"]),
        table.sort_values(["valid_from", "currency"]),
        left_on="date",
        right_on="valid_from",
        by="currency",
    )
    if found["rate"].isna().any():
        row = found[found["rate"].isna()].iloc[0]
        raise MethodError(f"no {into} rate of {row['currency']} on {row['date']:%Y-%m-%d}")
    factor = np.ones(len(amounts))
    factor[found["position"].to_numpy()] = found["rate"].to_numpy(dtype=np.float64)
    return amounts.astype(np.float64) * factor


def _dates(frame: pd.DataFrame, column: str) -> NDArray[np.datetime64]:
    values: Any = frame[column]
    if values.dtype.kind != "M":
        values = values.astype(object).where(values.notna(), None)
    try:
        return np.asarray(values.to_numpy(), dtype="datetime64[D]")
    except (TypeError, ValueError) as error:
        raise MethodError(f"{column} holds something that is not a date: {error}") from error


def _years(dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
    return dates.astype("datetime64[Y]").astype(np.int64) + 1970


def _first_of(years: NDArray[np.int64]) -> NDArray[np.datetime64]:
    return (years - 1970).astype("datetime64[Y]").astype("datetime64[D]")
