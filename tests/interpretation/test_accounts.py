"""Items that accounts lack: notes of the layout by function, subsidies, and what is flagged."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from assets.interpretation.value_added import account_years, accounts_by_year, existing_share, with_lives
from resources.engine import SQL

PLAIN = {
    "nace_rev2_section": "C",
    "period_from": pd.Timestamp(2023, 1, 1),
    "period_to": pd.Timestamp(2024, 1, 1),
    "is_cost_of_sales": False,
    "net_turnover": 200.0,
    "capitalised_own_performance": 0.0,
    "other_income": 0.0,
    "other_income_nonoperating": 0.0,
    "material_expenses": 100.0,
    "personnel_expenses": 60.0,
    "wages": 50.0,
    "depreciation": 20.0,
    "other_expenses": 4.0,
    "taxes_on_production": 4.0,
    "operating_result": 16.0,
    "export_turnover": 50.0,
    "d29": 4.0,
    "d39": np.nan,
    "average_employees": 10.0,
    "is_previous_year": False,
    "is_converted": False,
}
BY_FUNCTION = {
    "is_cost_of_sales": True,
    "capitalised_own_performance": np.nan,
    "material_expenses": np.nan,
    "personnel_expenses": np.nan,
    "depreciation": np.nan,
}


def accounts(**changes: Any) -> pd.DataFrame:
    """Ten firms of one section with value added 96 + D29 4; the first is changed."""
    frame = pd.DataFrame([PLAIN] * 10).assign(unit_number=range(10))
    for column, value in changes.items():
        frame.loc[0, column] = value
    return frame


def test_routes_that_lack_an_item_stay_empty_and_uncompared() -> None:
    columns = ["va_production", "va_income", "is_route_consistent", "is_operating_result_consistent"]
    by_notes = account_years(accounts(**BY_FUNCTION, wages=100.0, operating_result=40.0))
    assert by_notes.loc[0, columns].isna().tolist() == [True, False, True, True]
    assert by_notes.loc[1, columns].tolist() == [96, 96, True, True]
    by_turnover = account_years(accounts(**BY_FUNCTION, wages=np.nan))
    assert by_turnover.loc[0, columns].isna().all()
    assert by_turnover.loc[0, ["va_proxy", "va_factor_cost"]].notna().all()
    failed = account_years(accounts(operating_result=900.0))
    assert failed.loc[0, columns].tolist() == [pytest.approx(96), pytest.approx(96), False, False]


def test_personnel_expenses_follow_from_the_wages_in_the_notes() -> None:
    row = account_years(accounts(**BY_FUNCTION, wages=100.0, operating_result=40.0)).loc[0]
    # V = 100 x 60/50, VI = 20 by turnover, A = 40, VII - T = 0
    assert row["gva_basic_prices"] == pytest.approx(40 + 120 + 20 + 4)
    assert row[["is_from_notes", "is_cost_of_sales", "is_ratio_imputed"]].tolist() == [True, True, False]


def test_without_notes_turnover_decides() -> None:
    row = account_years(accounts(**BY_FUNCTION, wages=np.nan, net_turnover=400.0)).loc[0]
    assert row["gva_basic_prices"] == pytest.approx(200)
    assert row[["is_from_notes", "is_ratio_imputed", "is_edit_failed"]].tolist() == [False, True, False]


def test_what_production_can_measure_is_not_imputed_from_notes() -> None:
    row = account_years(accounts(personnel_expenses=np.nan)).loc[0]
    assert row["gva_basic_prices"] == pytest.approx(100)
    assert row[["is_from_notes", "is_ratio_imputed", "is_edit_failed"]].tolist() == [False, False, False]


def test_subsidies_are_taken_where_delivered_and_flagged_where_not() -> None:
    result = account_years(accounts(d39=6.0))
    assert result.loc[0, "gva_basic_prices"] == pytest.approx(94)
    assert result["is_subsidy_assumed_zero"].tolist() == [False] + [True] * 9


def test_fiscal_years_are_split_by_days_and_their_parts_add_up() -> None:
    moved = accounts(period_from=pd.Timestamp(2022, 7, 1), period_to=pd.Timestamp(2023, 7, 1))
    result = account_years(moved)
    parts = result[result["unit_number"] == 0].set_index("year")["gva_basic_prices"]
    assert parts.to_dict() == pytest.approx({2022: 100 * 184 / 365, 2023: 100 * 181 / 365})


def test_order_of_accounts_changes_nothing() -> None:
    frame = accounts(**BY_FUNCTION)
    frame.loc[3, "operating_result"] = 900.0
    result = account_years(frame).set_index("unit_number")
    again = account_years(frame.iloc[::-1].reset_index(drop=True)).set_index("unit_number").loc[result.index]
    pd.testing.assert_frame_equal(result, again)


def test_years_are_handed_on_one_after_the_other_whatever_the_batches() -> None:
    table = pa.table({"fiscal_year": [2019, 2019, 2020, 2021, 2021, 2021], "unit_number": [1, 2, 1, 1, 2, 3]})
    for size in (1, 2, 4, 6):
        found = list(accounts_by_year(table.to_reader(size)))
        assert [part["fiscal_year"].to_pylist() for part in found] == [[2019, 2019], [2020], [2021] * 3]
    (empty,) = accounts_by_year(table.slice(0, 0).to_reader())
    assert empty.num_rows == 0
    assert empty.schema == table.schema


def test_a_year_with_two_accounts_with_a_value_is_shared() -> None:
    def part(units: list[int], years: list[int], gva: list[float | None]) -> pa.Table:
        kinds = pa.array(units, pa.int32()), pa.array(years, pa.int32()), pa.array(gva, pa.float64())
        return pa.Table.from_arrays(kinds, names=["unit_number", "year", "gva_basic_prices"])

    lives = pa.table(
        {
            "unit_number": pa.array([7, 5], pa.int32()),
            "exists_from": [dt.date(2000, 1, 1), dt.date(2020, 7, 1)],
            "exists_to": [dt.date(9999, 12, 31), dt.date(2021, 3, 2)],
            "stratum": pa.array([2, 1], pa.int16()),
        }
    )
    found = with_lives(
        [part([5, 7], [2020, 2020], [1.0, 1.0]), part([5, 7, 7], [2020, 2020, 2021], [2.0, None, 3.0])], lives
    )
    assert found["is_alone"].to_pylist() == [False, True, False, True, True]
    assert found["stratum"].to_pylist() == [1, 2, 1, 2, 2]
    assert found["existed"].to_pylist() == [184 / 366, 1.0, 184 / 366, 1.0, 1.0]
    engine = duckdb.connect()
    engine.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
    days = np.arange("2019-12-30", "2021-03-05", 13, dtype="datetime64[D]")
    since, until = (grid.ravel() for grid in np.meshgrid(days, days))
    for year in (2019, 2020, 2021):
        years = np.full(len(since), year)
        engine.register("given", pa.table({"since": since, "until": until, "y": years}))
        wanted = engine.sql("SELECT existing_ratio(since, until, y) FROM given").fetchnumpy()
        np.testing.assert_array_equal(existing_share(since, until, years), next(iter(wanted.values())))
