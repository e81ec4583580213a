"""Annual accounts that contradict themselves, or of nobody the register knows."""

from __future__ import annotations

from typing import Any

from tests.source.checking import Case


def account(**changed: Any) -> dict[str, Any]:
    """METHODS, TV-2."""
    items = {
        "net_turnover": 1000,
        "capitalised_own_performance": 30,
        "other_income": 40,
        "other_income_nonoperating": 15,
        "material_expenses": 600,
        "personnel_expenses": 250,
        "wages": 200,
        "depreciation": 60,
        "other_expenses": 50,
        "taxes_on_production": 20,
        "operating_result": 110,
        "export_turnover": 600,
    }
    return {"tax_stem": "1", "fiscal_year": 2023, "layout": "total_cost", "currency": "HUF", **items, **changed}


CASES: list[Case] = [
    ("account_operating_result", {"annual_account": [account()]}, 0),
    ("account_operating_result", {"annual_account": [account(operating_result=116)]}, 1),
    ("account_operating_result", {"annual_account": [account(operating_result=113)]}, 0),
    ("account_operating_result", {"annual_account": [account(operating_result=9, layout="cost_of_sales")]}, 0),
    ("account_operating_result", {"annual_account": [account(operating_result=9, material_expenses=None)]}, 0),
    ("account_parts", {"annual_account": [account()]}, 0),
    (
        "account_parts",
        {"annual_account": [account(export_turnover=1002), account(wages=300), account(taxes_on_production=60)]},
        3,
    ),
    ("account_parts", {"annual_account": [account(other_income_nonoperating=50), account(other_income=-5)]}, 1),
    ("account_unit_known", {"annual_account": [account()]}, 0),
    (
        "account_unit_known",
        {"annual_account": [account()], "business_registry": [{"legal_unit_id": "F", "tax_stem": "2"}]},
        1,
    ),
    (
        "account_unit_known",
        {"annual_account": [account()], "business_registry": [{"tax_stem": "1"}, {"tax_stem": None}]},
        0,
    ),
    ("account_unit_mostly_known", {"annual_account": [account()]}, 0),
    (
        "account_unit_mostly_known",
        {
            "annual_account": [account(), account(tax_stem="2"), account(tax_stem="3")],
            "business_registry": [{"tax_stem": "1"}, {"tax_stem": None}],
        },
        2,
    ),
    ("account_currency_known", {"annual_account": [account(currency="EUR")]}, 0),
    (
        "account_currency_known",
        {
            "annual_account": [account(currency="EUR"), account(currency="USD"), account()],
            "exchange_rate": [{"currency": "EUR", "year": 2023}, {"currency": "USD", "year": 2022}],
        },
        1,
    ),
]
