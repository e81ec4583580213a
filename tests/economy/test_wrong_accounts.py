"""One wrong account must not move the headline: it fails the edit rule, or its cell stops the release."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from assets.interpretation.value_added import account_years
from resources.errors import BlockedInputError
from tests.economy.refreshing import refresh
from tests.economy.tiny import STEMS, write_tiny_economy


def accounts(**changes: float) -> pd.DataFrame:
    """Ten firms of one section with value added 100 and personnel expenses 60; the first is changed."""
    frame = pd.DataFrame(
        {
            "unit_number": range(10),
            "nace_rev2_section": "C",
            "period_from": pd.Timestamp(2023, 1, 1),
            "period_to": pd.Timestamp(2024, 1, 1),
            "net_turnover": 200.0,
            "capitalised_own_performance": 0.0,
            "other_income": 0.0,
            "other_income_nonoperating": 0.0,
            "material_expenses": 100.0,
            "personnel_expenses": 60.0,
            "depreciation": 20.0,
            "other_expenses": 0.0,
            "taxes_on_production": 0.0,
            "operating_result": 20.0,
            "export_turnover": 50.0,
            "d29": 0.0,
            "average_employees": 10.0,
            "is_previous_year": False,
            "is_converted": False,
        }
    )
    for column, value in changes.items():
        frame.loc[0, column] = value
    return frame


def test_turnover_in_the_wrong_unit_is_not_believed() -> None:
    result = account_years(accounts(net_turnover=200_000.0))
    assert result.loc[0, "gva_basic_prices"] == pytest.approx(100.0), "imputed by personnel expenses"
    assert result.loc[0, "is_edit_failed"]
    assert result["is_edit_failed"].sum() == 1
    assert result["gva_basic_prices"].sum() == pytest.approx(1000.0)


def test_rounding_is_believed() -> None:
    result = account_years(accounts(operating_result=20.003))
    assert not result["is_edit_failed"].any()
    assert not result["is_imputed"].any()


def test_a_consistent_account_in_the_wrong_unit_stops_the_release(tmp_path: Path) -> None:
    home = write_tiny_economy(tmp_path)
    path = home / "deliveries" / "annual_accounts.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    wrong = [line.replace(",thousand,", ",million,") if line.startswith(STEMS["F1"]) else line for line in lines]
    path.write_text("\n".join(wrong) + "\n", encoding="utf-8")
    with pytest.raises(BlockedInputError, match=r"interpretation.reconciliation failed its blocking check year_within"):
        refresh(home, "wrong unit")
