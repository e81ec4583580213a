"""Value added of a firm from its profit and loss account.

Belongs here: the production and the income route, the policy proxy, the bridge to basic prices and the edit rules that
compare them. Does not belong here: making accounts comparable (`accounting_periods`), filling what is missing
(`imputation`), regions (`regional`), national totals (`reconciliation`).

The total-cost layout of Act C of 2000, by column of the input:

| column | item | |
|---|---|---|
| `net_turnover` | I | net turnover |
| `capitalised_own_performance` | II | own work capitalised and change in own stocks |
| `other_income` | III | other income |
| `other_income_nonoperating` | III_nonop | of III: capital grants, disposals, reversals |
| `material_expenses` | IV | material-type expenses |
| `personnel_expenses` | V | personnel expenses |
| `depreciation` | VI | depreciation |
| `other_expenses` | VII | other expenses |
| `taxes_on_production` | T | of VII: local business tax, innovation contribution |
| `operating_result` | A | operating result as reported; computed when absent |
| `d29`, `d39` | D.29, D.39 | other taxes and subsidies on production, default 0 |
"""

from __future__ import annotations

from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from methods.errors import MethodError

ITEMS: tuple[str, ...] = (
    "net_turnover",
    "capitalised_own_performance",
    "other_income",
    "material_expenses",
    "personnel_expenses",
    "depreciation",
    "other_expenses",
)
"""Items I to VII, which must be columns of the accounts (their values may be missing)."""
OPTIONAL_ITEMS: tuple[str, ...] = (
    "other_income_nonoperating",
    "taxes_on_production",
    "operating_result",
    "d29",
    "d39",
)
FLOWS: tuple[str, ...] = ITEMS + OPTIONAL_ITEMS
"""All amounts of an account: what accrues over a period and is paid in a currency."""


def value_added(accounts: pd.DataFrame, *, tolerance: float = 0.5) -> pd.DataFrame:
    """Value added by both routes, the proxy, the bridge to basic prices and the edit rules.

    Production route I + II + (III - III_nonop) - IV - T; income route A + V + VI + (VII - T) - III_nonop; proxy
    A + V + VI; GVA at basic prices = value added at factor cost + D.29 - D.39. Source: METHODS section 1, TV-2; ESA
    2010, 3.14 (output), 3.88 (intermediate consumption), 4.22 and 4.36 (D.29, D.39), 8.10 (production account).

    Args:
        accounts: one row per account with the columns of the module's table, all in one unit and currency. Missing T
            or III_nonop count as zero and are flagged. Cost-of-sales accounts come with IV, V, VI missing and give
            missing values here until the notes or an imputation fill them. Rows with `is_consolidated` true are
            refused: their values are missing and `is_refused` is set.
        tolerance: how far the reported operating result may be from the computed one, in the unit of the accounts;
            the default lets whole units pass their own rounding only.

    Returns:
        Frame with the index of `accounts`, in its unit: `operating_result` (reported, else computed),
        `operating_result_gap` (reported - computed; 0 when not reported), `va_production`, `va_income`, `va_route_gap`
        (production - income), `va_proxy`, `va_proxy_gap` (proxy - income route, the quality indicator),
        `va_factor_cost` (production route, else income route), `gva_basic_prices`, and the flags
        `is_operating_result_computed`, `is_operating_result_consistent`, `is_route_consistent`, `is_incomplete` (one of
        I to VII missing), `is_nonoperating_income_assumed_zero`, `is_production_tax_assumed_zero`,
        `is_subsidy_assumed_zero` (D.39), `is_refused`. The two consistency flags are edit rules, nullable: true means
        passed, missing that the rule could not be evaluated, because one of its two sides lacks an item.

    Raises:
        MethodError: a column of I to VII is absent, or an amount is infinite or not a number; names account and column.
    """
    absent = [c for c in ITEMS if c not in accounts.columns]
    if absent:
        raise MethodError(f"accounts lack the columns {', '.join(absent)}")

    refused = _flag(accounts, "is_consolidated")
    item = {c: np.where(refused, np.nan, _amounts(accounts, c)) for c in FLOWS}
    turnover, own_work, income, material, personnel, depreciation, expenses = (item[c] for c in ITEMS)
    nonoperating_missing, tax_missing = (
        np.isnan(item["other_income_nonoperating"]),
        np.isnan(item["taxes_on_production"]),
    )
    nonoperating = np.nan_to_num(item["other_income_nonoperating"], nan=0.0)
    tax = np.nan_to_num(item["taxes_on_production"], nan=0.0)

    computed = turnover + own_work + income - material - personnel - depreciation - expenses
    reported = item["operating_result"]
    is_reported = ~np.isnan(reported)
    result = np.where(is_reported, reported, computed)
    gap = np.where(is_reported, reported - computed, np.where(np.isnan(computed), np.nan, 0.0))
    production = turnover + own_work + (income - nonoperating) - material - tax
    by_income = result + personnel + depreciation + (expenses - tax) - nonoperating
    proxy = result + personnel + depreciation
    factor_cost = np.where(np.isnan(production), by_income, production)
    basic_prices = factor_cost + np.nan_to_num(item["d29"], nan=0.0) - np.nan_to_num(item["d39"], nan=0.0)

    gross = sum(np.abs(np.nan_to_num(item[c])) for c in ITEMS)
    # Floating-point noise of large amounts in small units is no error of the accountant.
    allowed = tolerance + 1e-12 * gross
    return pd.DataFrame(
        {
            "operating_result": result,
            "operating_result_gap": gap,
            "va_production": production,
            "va_income": by_income,
            "va_route_gap": production - by_income,
            "va_proxy": proxy,
            "va_proxy_gap": proxy - by_income,
            "va_factor_cost": factor_cost,
            "gva_basic_prices": basic_prices,
            "is_operating_result_computed": ~is_reported & ~refused,
            "is_operating_result_consistent": _within(gap, allowed),
            "is_route_consistent": _within(production - by_income, allowed),
            "is_incomplete": np.isnan(computed) & ~refused,
            "is_nonoperating_income_assumed_zero": nonoperating_missing & ~refused,
            "is_production_tax_assumed_zero": tax_missing & ~refused,
            "is_subsidy_assumed_zero": np.isnan(item["d39"]) & ~refused,
            "is_refused": refused,
        },
        index=accounts.index,
    )


def _within(gap: NDArray[np.float64], allowed: NDArray[np.float64]) -> pd.arrays.BooleanArray:
    """Whether a gap is small enough, missing where there is none to look at."""
    return pd.arrays.BooleanArray(np.abs(gap) <= allowed, np.isnan(gap))


def _amounts(accounts: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """The column as floats, missing where the accounts do not have it.

    Raises:
        MethodError: an amount is infinite or not a number; text is refused also where it reads like one.
    """
    if column not in accounts.columns:
        return np.full(len(accounts), np.nan)
    values = accounts[column]
    if not pd.api.types.is_numeric_dtype(values.dtype):
        strange = values.notna() & ~values.map(lambda value: isinstance(value, Real | Decimal)).astype(bool)
        if strange.any():
            row = int(strange.to_numpy().argmax())
            raise MethodError(f"account {accounts.index[row]}: {column} is {values.iloc[row]!r}, which is not a number")
    amounts = values.to_numpy(dtype=np.float64, na_value=np.nan)
    infinite = np.isinf(amounts)
    if infinite.any():
        row = int(infinite.argmax())
        raise MethodError(f"account {accounts.index[row]}: {column} is {amounts[row]}, which is not an amount")
    return amounts


def _flag(accounts: pd.DataFrame, column: str) -> NDArray[np.bool_]:
    if column not in accounts.columns:
        return np.zeros(len(accounts), dtype=bool)
    return accounts[column].eq(True).fillna(False).to_numpy(dtype=bool)
