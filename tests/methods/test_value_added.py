"""Value added and what makes accounts comparable: TV-2, TV-3, edit rules, splitting, converting, imputing."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.accounting_periods import calendarise, convert_currency
from methods.errors import MethodError
from methods.imputation import impute_neighbouring_years, impute_ratio
from methods.regional import allocate, allocate_enterprises
from methods.value_added import ITEMS, value_added

TV2 = {
    "net_turnover": 1000,
    "capitalised_own_performance": 30,
    "other_income": 40,
    "other_income_nonoperating": 5 + 10,
    "material_expenses": 600,
    "personnel_expenses": 250,
    "depreciation": 60,
    "other_expenses": 50,
    "taxes_on_production": 20,
    "d29": 20,
    "d39": 8,
}


def account(**changes: object) -> pd.DataFrame:
    return pd.DataFrame([TV2 | changes], index=["firm"])


@pytest.mark.parametrize("reported", [{}, {"operating_result": 110}])
def test_tv2(reported: dict[str, float]) -> None:
    row = value_added(account(**reported)).loc["firm"]
    assert row["operating_result"] == 110
    assert row["va_production"] == 435
    assert row["va_income"] == 435
    assert row["va_proxy"] == 420
    assert row["va_proxy_gap"] == -15
    assert row["gva_basic_prices"] == 447
    assert row["operating_result_gap"] == 0
    assert row["is_operating_result_consistent"]
    assert row["is_route_consistent"]
    assert not row[["is_incomplete", "is_refused", "is_production_tax_assumed_zero"]].any()
    assert row["is_operating_result_computed"] == (not reported)


def test_edit_rules_find_an_operating_result_that_does_not_add_up() -> None:
    row = value_added(account(operating_result=115)).loc["firm"]
    assert row["operating_result_gap"] == 5
    assert row["va_route_gap"] == -5
    assert not row["is_operating_result_consistent"]
    assert not row["is_route_consistent"]
    assert value_added(account(operating_result=115), tolerance=5).loc["firm", "is_route_consistent"]


def test_unknown_parts_count_as_zero_and_are_flagged() -> None:
    bare = account().drop(columns=["taxes_on_production", "other_income_nonoperating", "d29", "d39"])
    for accounts in (bare, account(taxes_on_production=None, other_income_nonoperating=None, d29=None, d39=None)):
        row = value_added(accounts).loc["firm"]
        assert row["gva_basic_prices"] == 1000 + 30 + 40 - 600
        assert row["is_production_tax_assumed_zero"]
        assert row["is_nonoperating_income_assumed_zero"]


def test_cost_of_sales_layout_is_incomplete_until_filled() -> None:
    row = value_added(account(material_expenses=None, operating_result=110)).loc["firm"]
    assert row["is_incomplete"]
    assert np.isnan(row["va_production"])
    assert row["is_route_consistent"] is pd.NA
    assert row["is_operating_result_consistent"] is pd.NA
    # The income route does not need IV, so the firm still has a value.
    assert row["va_factor_cost"] == row["va_income"] == 435
    nothing = value_added(account(material_expenses=None, personnel_expenses=None)).loc["firm"]
    assert np.isnan(nothing["gva_basic_prices"])


def test_consolidated_accounts_are_refused() -> None:
    row = value_added(account(is_consolidated=True)).loc["firm"]
    assert row["is_refused"]
    assert np.isnan(row["gva_basic_prices"])
    assert not value_added(account(is_consolidated=None)).loc["firm", "is_refused"]


@pytest.mark.parametrize(
    ("column", "amount", "message"),
    [
        ("net_turnover", np.inf, "account firm: net_turnover is inf, which is not an amount"),
        ("d39", -np.inf, "account firm: d39 is -inf, which is not an amount"),
        ("depreciation", "60", "account firm: depreciation is '60', which is not a number"),
        ("operating_result", "n.a.", "account firm: operating_result is 'n.a.', which is not a number"),
    ],
)
def test_what_is_no_amount_is_named(column: str, amount: float | str, message: str) -> None:
    accounts = pd.concat([account(operating_result=110).rename({"firm": "other"}), account()])
    accounts[column] = accounts[column].astype(object)
    accounts.loc["firm", column] = amount
    with pytest.raises(MethodError, match=f"^{message}$"):
        value_added(accounts)


def test_amounts_may_be_decimals_and_missing_in_any_way() -> None:
    missing = account(material_expenses=None, d29=pd.NA).astype(object)
    assert value_added(missing).loc["firm", "is_incomplete"]
    assert value_added(account(**{k: Decimal(v) for k, v in TV2.items()})).loc["firm", "gva_basic_prices"] == 447


def test_missing_columns_are_named() -> None:
    with pytest.raises(MethodError, match="accounts lack the columns depreciation"):
        value_added(account().drop(columns="depreciation"))


@given(st.lists(st.lists(st.floats(-1e9, 1e9), min_size=9, max_size=9), min_size=1, max_size=8), st.randoms())
@settings(max_examples=60, deadline=None)
def test_routes_agree_and_order_does_not_matter(rows: list[list[float]], random: object) -> None:
    columns = [*ITEMS, "other_income_nonoperating", "taxes_on_production"]
    accounts = pd.DataFrame(rows, columns=columns)
    result = value_added(accounts)
    np.testing.assert_allclose(result["va_production"], result["va_income"], atol=1e-4)
    assert result["is_route_consistent"].all()
    pd.testing.assert_frame_equal(value_added(accounts.iloc[::-1]).iloc[::-1], result)


def test_real_filings_by_both_routes(shared_data: Path) -> None:
    """Every filing of e-beszamolo in a total-cost layout adds up, in thousand HUF, and both routes agree."""
    numerals = dict(zip(("I", "II", "III", "IV", "V", "VI", "VII", "A"), [*ITEMS, "operating_result"], strict=True))
    rows = []
    for path in sorted((shared_data / "accounts" / "ebeszamolo_hu").glob("*.json")):
        filing = json.loads(path.read_text(encoding="utf-8"))
        found: dict[str, float] = {}
        for line in filing["incomeStatement"]["rows"]:
            match = re.match(r"(VIII|VII|VI|IV|V|III|II|I|A)\. ", line["itemName"])
            if match and match.group(1) in numerals:
                found.setdefault(numerals[match.group(1)], line.get("targetYearData"))
        if set(ITEMS) <= set(found):
            rows.append(found)
    accounts = pd.DataFrame(rows).astype(float)
    assert len(accounts) >= 5
    # Seven items rounded to whole thousands may miss their rounded result by some units.
    result = value_added(accounts, tolerance=4)
    complete = result[~result["is_incomplete"]]
    assert len(complete) >= 5
    assert complete["is_operating_result_consistent"].all()
    assert complete["is_route_consistent"].all()
    assert not complete["is_operating_result_computed"].any()


def test_fiscal_year_is_split_by_days() -> None:
    accounts = account().assign(period_from="2022-07-01", period_to="2023-07-01", seat="Eger")
    result = calendarise(accounts)
    assert result["year"].tolist() == [2022, 2023]
    assert result["day_share"].tolist() == [184 / 365, 181 / 365]
    assert result["year_coverage"].tolist() == [184 / 365, 181 / 365]
    assert result["is_calendarised"].all()
    assert result["net_turnover"].tolist() == pytest.approx([1000 * 184 / 365, 1000 * 181 / 365])
    assert result["seat"].tolist() == ["Eger", "Eger"]
    whole = calendarise(account().assign(period_from="2024-01-01", period_to="2025-01-01"))
    assert whole["year"].tolist() == [2024]
    assert not whole["is_calendarised"].any()
    with pytest.raises(MethodError, match="account firm: the period from 2024-01-01 to 2024-01-01 is no period"):
        calendarise(account().assign(period_from="2024-01-01", period_to="2024-01-01"))


@given(st.integers(0, 5000), st.integers(1, 1200))
@settings(max_examples=60, deadline=None)
def test_splitting_loses_nothing(offset: int, length: int) -> None:
    start = np.datetime64("2015-01-01") + offset
    result = calendarise(account().assign(period_from=start, period_to=start + length))
    assert result["net_turnover"].sum() == pytest.approx(1000)
    assert result["day_share"].between(0, 1).all()
    assert result["year_coverage"].between(0, 1).all()
    assert result["year"].is_unique


def test_currency_is_converted_at_the_rate_of_the_date() -> None:
    rates = pd.DataFrame(
        [("EUR", "2022-01-01", 390), ("EUR", "2023-01-01", 380), ("USD", "2022-01-01", 350)],
        columns=["currency", "valid_from", "rate"],
    )
    amounts = pd.Series([10.0, 10.0, 10.0, np.nan], index=list("dcba"))
    currency = pd.Series(["EUR", "EUR", "HUF", "XXX"])
    dates = pd.Series(["2023-01-01", "2022-12-31", "1999-01-01", None])
    assert convert_currency(amounts, currency, dates, rates).to_dict() == pytest.approx(
        {"d": 3800, "c": 3900, "b": 10, "a": np.nan}, nan_ok=True
    )
    with pytest.raises(MethodError, match="no HUF rate of USD on 2021-12-31"):
        convert_currency(amounts[:1], pd.Series(["USD"]), pd.Series(["2021-12-31"]), rates)
    with pytest.raises(MethodError, match="EUR has two rates valid from 2022-01-01"):
        convert_currency(amounts[:1], currency[:1], dates[:1], pd.concat([rates, rates[:1]]))


def test_tv3_regional_allocation() -> None:
    np.testing.assert_allclose(allocate(1200, [300, 80, 20]), [900, 240, 60])
    expected = [1006.21, 149.07, 44.72]
    np.testing.assert_allclose(allocate(1200, [300, 80, 20], [9, 5, 6]), expected, atol=5e-3)
    np.testing.assert_allclose(allocate(1200, wages=[2700, 400, 120]), expected, atol=5e-3)
    with pytest.raises(MethodError, match="sum to zero"):
        allocate(1200, [0, 0])
    with pytest.raises(MethodError, match="missing or negative"):
        allocate(1200, [3, -1])


def test_enterprises_use_the_best_key_they_have() -> None:
    units = pd.DataFrame(
        [
            ("E1", "HU11", True, 300, 2700.0),
            ("E1", "HU21", False, 80, 400.0),
            ("E1", "HU33", False, 20, 120.0),
            ("E2", "HU11", True, 30, None),
            ("E2", "HU21", False, 10, 5.0),
            ("E3", "HU21", False, None, None),
            ("E3", "HU33", True, 4, None),
            ("E4", "HU33", False, None, None),
        ],
        columns=["enterprise_id", "region", "is_seat", "employment", "wages"],
    )
    gva = pd.Series({"E1": 1200.0, "E2": 40.0, "E3": -7.0, "E4": 1.0, "E5": 2.0})
    result = allocate_enterprises(gva, units)
    assert result["gva"].sum() == pytest.approx(gva.sum())
    by_key = result.set_index(["enterprise_id", "region"])["gva"]
    assert by_key["E1"].round(2).tolist() == [1006.21, 149.07, 44.72]
    assert by_key["E2"].tolist() == [30, 10]
    assert by_key["E3"].tolist() == [0, -7]
    methods = result.drop_duplicates("enterprise_id").set_index("enterprise_id")["allocation_method"].to_dict()
    assert methods == {"E1": "wages", "E2": "employment", "E3": "seat", "E4": "none", "E5": "none"}
    assert result[result["allocation_method"] == "none"]["region"].isna().all()
    pd.testing.assert_frame_equal(allocate_enterprises(gva, units.iloc[::-1]), result)
    with pytest.raises(MethodError, match="enterprise E1 has two seats"):
        allocate_enterprises(gva, units.assign(is_seat=True))


def test_ratio_imputation_by_cell_and_in_total() -> None:
    frame = pd.DataFrame(
        {
            "section": ["C", "C", "C", "G", "G"],
            "turnover": [100.0, 300.0, 50.0, 200.0, 10.0],
            "value": [40.0, 120.0, np.nan, 20.0, np.nan],
        }
    )
    result = impute_ratio(frame, "value", "turnover", by=["section"], min_respondents=2)
    assert result["value"].tolist() == pytest.approx([40, 120, 20, 20, 10 * 180 / 600])
    assert result["imputation_method"].tolist() == ["reported", "reported", "ratio_cell", "reported", "ratio_total"]
    assert result["is_imputed"].tolist() == [False, False, True, False, True]
    assert impute_ratio(frame, "value", "turnover")["imputation_method"].tolist()[2] == "ratio_total"
    unknown = impute_ratio(frame.assign(turnover=np.nan), "value", "turnover")
    assert unknown["imputation_method"].tolist()[2] == "none"
    assert not unknown["is_imputed"].any()


def test_a_missing_year_is_imputed_from_both_neighbours() -> None:
    frame = pd.DataFrame(
        [(f"p{i}", year, 100.0 * factor) for i in range(5) for year, factor in ((2020, 1), (2021, 1.1), (2022, 1.32))]
        + [("x", 2020, 50.0), ("x", 2021, np.nan), ("x", 2022, 72.0), ("x", 2023, np.nan)]
        + [("y", 2020, np.nan), ("y", 2021, np.nan), ("y", 2022, 60.0)]
        + [("z", 2020, 10.0), ("z", 2021, np.nan), ("z", 2022, np.nan)],
        columns=["firm_id", "year", "value"],
    ).sample(frac=1, random_state=1)
    result = impute_neighbouring_years(frame, "value").join(frame[["firm_id", "year"]]).set_index(["firm_id", "year"])
    # forwards 50 x 1.1 = 55, backwards 72 / 1.2 = 60; nobody reports 2023, so its growth is not known
    assert result.loc[("x", 2021), ["value", "imputation_method"]].tolist() == [pytest.approx(57.5), "neighbour_mean"]
    assert result.loc[("x", 2023), "imputation_method"] == "none"
    assert result.loc["y", "value"].to_dict() == pytest.approx({2020: 60 / 1.32, 2021: 50.0, 2022: 60.0})
    assert result.loc[("y", 2020), ["imputation_method", "ratio"]].tolist() == ["next_year", pytest.approx(1 / 1.32)]
    assert result.loc[("z", 2022), ["value", "imputation_method"]].tolist() == [pytest.approx(13.2), "previous_year"]
    near = impute_neighbouring_years(frame, "value", max_years=1)
    assert near["imputation_method"].eq("none").sum() == 3
    assert impute_neighbouring_years(frame, "value", min_pairs=8)["is_imputed"].sum() == 0
    with pytest.raises(MethodError, match=r"firm_id .* has two rows for 20"):
        impute_neighbouring_years(pd.concat([frame, frame[:1]]), "value")
    with pytest.raises(MethodError, match="max_years is 0"):
        impute_neighbouring_years(frame, "value", max_years=0)
