"""Years without an account: imputed from the unit's own neighbouring year, never where the unit did not exist."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.interpretation.definitions import DEFINITIONS
from assets.interpretation.value_added import in_exact_amounts, with_lives
from methods.imputation import impute_neighbouring_years
from tests.interpretation.steps import Step

MEASURES = ("va_production", "va_income", "va_proxy", "va_factor_cost", "gva_basic_prices", "net_turnover")
YEARS = range(2019, 2024)


def register(units: list[str], **columns: Any) -> pd.DataFrame:
    """Legal units that exist since 2000; a column given by unit replaces its default."""
    frame = pd.DataFrame(
        {
            "legal_unit_id": units,
            "tax_stem": units,
            "nace_rev2_section": "C",
            "size_class": "10-49",
            "founded_date": pd.Timestamp(2000, 1, 1),
            "dissolved_date": pd.NaT,
            "status": "active",
            "origin": "business_registry",
        }
    )
    for name, values in columns.items():
        frame[name] = [values.get(unit, frame[name].iloc[0]) for unit in units]
    return frame


def put_account_years(step: Step, frame: pd.DataFrame) -> None:
    """The accounts as the Python step hands them to the SQL, those of one unit and year as of several fiscal years."""
    lives = pa.Table.from_pandas(step.run("unit_life"), preserve_index=False)
    turn = frame.groupby(["unit_number", "year"]).cumcount()
    by_year = [in_exact_amounts(part) for _, part in frame.groupby(turn.to_numpy())]
    step.connection.register("account_year", with_lives(by_year, lives))


def value_added(
    step: Step,
    accounts: dict[tuple[str, int], float],
    units: pd.DataFrame | None = None,
    coverage: dict[tuple[str, int], float] | None = None,
    failed: set[tuple[str, int]] | None = None,
    order: np.random.Generator | None = None,
) -> pd.DataFrame:
    """Runs the SQL on accounts (unit, year) -> GVA; returns the table by unit and year."""
    keys = list(accounts)
    frame = pd.DataFrame(keys, columns=["legal_unit_id", "year"])
    frame = frame.assign(gva=[accounts[k] for k in keys], export_turnover=0.0)
    frame = frame.assign(**dict.fromkeys(MEASURES, frame["gva"]))
    frame["average_employees"] = 20.0
    frame["year_coverage"] = [(coverage or {}).get(k, 1.0) for k in keys]
    frame["is_edit_failed"] = frame["is_ratio_imputed"] = [k in (failed or set()) for k in keys]
    for flag in (
        *("is_from_notes", "is_cost_of_sales", "is_previous_year", "is_calendarised", "is_converted"),
        *("is_production_tax_assumed_zero", "is_subsidy_assumed_zero", "is_nonoperating_income_assumed_zero"),
    ):
        frame[flag] = False
    frame["is_route_consistent"] = frame["is_operating_result_consistent"] = ~frame["is_edit_failed"]
    if order is not None:
        frame = frame.iloc[order.permutation(len(frame))]
    if units is None:
        units = register(sorted({unit for unit, _ in keys}))
    step.put("integration.legal_unit", units)
    numbers = step.run("numbered_unit").set_index("legal_unit_id")["unit_number"]
    frame["unit_number"] = frame.pop("legal_unit_id").map(numbers)
    periods = frame[["unit_number", "year"]].assign(
        period_from=frame["year"].astype(str) + "-01-01", period_to=(frame["year"] + 1).astype(str) + "-01-01"
    )
    step.put("account_period", periods)
    step.parameters |= {"first_reference_year": YEARS[0], "last_reference_year": YEARS[-1]}
    put_account_years(step, frame)
    for name in ("unit_year", "growth"):
        step.run(name)
    ids = pd.Series(numbers.index, index=numbers.to_numpy())
    result = step.run("value_added")
    result.insert(0, "legal_unit_id", result.pop("unit_number").map(ids))
    step.put("interpretation.value_added", result)
    return result.set_index(["legal_unit_id", "reference_year"]).sort_index()


def peers(growth: float = 1.1, count: int = 6) -> dict[tuple[str, int], float]:
    """Units that report every year, each growing at the same rate."""
    return {(f"P{i}", y): 10.0 * (i + 1) * growth ** (y - YEARS[0]) for i in range(count) for y in YEARS}


def test_a_missing_account_is_the_mean_of_its_neighbours_at_the_growth_of_its_cell(step: Step) -> None:
    accounts = peers() | {("X", y): 100.0 for y in YEARS if y != 2021}
    found = value_added(step, accounts)
    row = found.loc[("X", 2021)]
    assert row["gva_basic_prices_huf_mn"] == pytest.approx((110 + 100 / 1.1) / 2)
    assert (row["imputation_method"], row["method_flag"]) == ("neighbour_mean", "neighbour_mean_imputed")
    assert (row["account_count"], row["year_coverage_ratio"], row["is_imputed"]) == (0, 0, True)
    assert row["imputed_gva_huf_mn"] == row["gva_basic_prices_huf_mn"]
    assert row[["is_route_consistent", "is_operating_result_consistent"]].isna().all(), "there is nothing to compare"
    assert len(found) == 7 * len(YEARS)
    assert step.violations("imputed_units_existed").empty


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_sql_does_what_the_method_says(step: Step, seed: int) -> None:
    random = np.random.default_rng(seed)
    units = [f"U{i:02}" for i in range(60)]
    born = {u: pd.Timestamp(int(random.integers(2010, 2022)), int(random.integers(1, 13)), 1) for u in units}
    dead = {u: pd.Timestamp(int(random.integers(2021, 2050)), int(random.integers(1, 13)), 1) for u in units}
    cells = pd.DataFrame({"section": random.choice(["C", "G"], 60), "size": random.choice(["0-9", "10-49"], 60)})
    accounts = {
        (u, y): float(np.round(random.lognormal(3, 0.7) * random.choice([1, -1, 30], p=[0.9, 0.05, 0.05]), 3))
        for u in units
        for y in YEARS
        if random.random() < 0.7
    }
    covered = {k: float(random.choice([1.0, 0.5, 0.1, 1.5], p=[0.85, 0.05, 0.05, 0.05])) for k in accounts}
    failed = {k for k in accounts if random.random() < 0.1}
    given_units = register(
        units,
        nace_rev2_section=dict(zip(units, cells["section"], strict=True)),
        size_class=dict(zip(units, cells["size"], strict=True)),
        founded_date=born,
        dissolved_date=dead,
    )
    found = value_added(step, accounts, given_units, covered, failed)

    grid = pd.DataFrame([(u, y) for u in units for y in YEARS], columns=["firm_id", "year"])
    keys = list(grid.itertuples(index=False, name=None))
    grid["existed"] = [existing_share(born[u], dead[u], y) for u, y in keys]
    grid["covered"] = [covered.get(k, np.nan) for k in keys]
    is_usable = np.array([k not in failed for k in keys]) & ~(grid["covered"] < 0.2 * grid["existed"])
    grid["value"] = pd.Series([accounts.get(k, np.nan) for k in keys]).where(is_usable)
    grid = grid.merge(cells.assign(firm_id=units), on="firm_id")
    expected = impute_neighbouring_years(grid, "value", by=["section", "size"]).set_axis(
        pd.MultiIndex.from_tuples(keys)
    )
    expected = expected[expected["is_imputed"]]
    imputed = found[found["imputation_method"].isin(["previous_year", "next_year", "neighbour_mean"])]
    assert len(imputed) > 5, "else the test would say nothing"
    assert imputed["imputation_method"].to_dict() == expected["imputation_method"].to_dict()
    np.testing.assert_allclose(imputed["gva_basic_prices_huf_mn"], expected["value"], rtol=1e-8)


def existing_share(since: pd.Timestamp, until: pd.Timestamp, year: int) -> float:
    """Share of the days of a year in [since, until)."""
    first, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year + 1, 1, 1)
    return max((min(until, end) - max(since, first)).days, 0) / (end - first).days


def register_of(accounts: dict[tuple[str, int], float]) -> list[str]:
    return sorted({unit for unit, _ in accounts})


def test_a_missing_first_filing_is_imputed_backwards_and_two_years_are_the_limit(step: Step) -> None:
    accounts = peers() | {("X", 2022): 121.0, ("X", 2023): 133.1}
    found = value_added(step, accounts)["gva_basic_prices_huf_mn"]
    assert found[("X", 2021)] == pytest.approx(110)
    assert found[("X", 2020)] == pytest.approx(100)
    assert ("X", 2019) not in found.index
    step.parameters["imputation_max_years"] = 1
    assert ("X", 2020) not in value_added(step, accounts).index


def test_a_neighbour_too_far_away_or_beyond_a_year_nobody_reports_does_not_count(step: Step) -> None:
    accounts = peers() | {("X", 2019): 100.0, ("X", 2023): 500.0, ("Y", 2020): 100.0, ("Y", 2022): 999.0}
    found = value_added(step, accounts)
    assert found.loc[("X", 2020), "imputation_method"] == "previous_year", "2023 is three years away"
    assert found.loc[("X", 2021), "imputation_method"] == "neighbour_mean"
    assert found.loc[("X", 2022), "imputation_method"] == "next_year", "2019 is three years away"
    assert found.loc[("Y", 2021), "gva_basic_prices_huf_mn"] == pytest.approx((110 + 999 / 1.1) / 2)
    assert found.loc[("Y", 2023), "imputation_method"] == "previous_year"
    assert found.loc[("Y", 2019), "imputation_method"] == "next_year"
    broken = {k: v for k, v in peers().items() if k[1] != 2022} | {("Z", 2020): 100.0, ("Z", 2022): 500.0}
    found = value_added(step, broken)
    assert found.loc[("Z", 2021), ["imputation_method", "gva_basic_prices_huf_mn"]].tolist() == [
        "previous_year",
        pytest.approx(110),
    ], "nobody's growth from 2021 to 2022 is known"


def test_of_two_accounts_in_a_year_one_that_lacks_an_item_leaves_the_year_without_the_route(step: Step) -> None:
    units = register(["A", "B"])
    step.put("integration.legal_unit", units)
    numbers = step.run("numbered_unit").set_index("legal_unit_id")["unit_number"]
    whole = {"year": 2021, "average_employees": 2.0, "year_coverage": 0.5, "export_turnover": 0.0}
    whole |= dict.fromkeys(MEASURES, 10.0)
    flags = ("is_edit_failed", "is_ratio_imputed", "is_from_notes", "is_cost_of_sales", "is_previous_year")
    more = ("is_calendarised", "is_converted", "is_production_tax_assumed_zero", "is_subsidy_assumed_zero")
    whole |= dict.fromkeys((*flags, *more, "is_nonoperating_income_assumed_zero"), False)
    whole |= dict.fromkeys(("is_route_consistent", "is_operating_result_consistent"), True)
    lacking = whole | {"va_production": None, "is_route_consistent": None}
    broken = whole | {"is_route_consistent": False}
    frame = pd.DataFrame([{"unit_number": numbers["A"]} | a for a in (whole, lacking)])
    frame = pd.concat([frame, pd.DataFrame([{"unit_number": numbers["B"]} | a for a in (broken, lacking)])])
    periods = {"period_from": "2021-01-01", "period_to": "2022-01-01"}
    step.put("account_period", frame[["unit_number"]].assign(**periods))
    put_account_years(step, frame.astype({"is_route_consistent": "boolean", "va_production": float}))
    found = step.run("unit_year").set_index("unit_number")
    assert found["va_production"].isna().all()
    assert found["gva_basic_prices"].tolist() == [20.0, 20.0]
    by_rule = found["is_route_consistent"].astype("boolean")
    assert by_rule.isna().to_dict() == {numbers["A"]: True, numbers["B"]: False}, "what is broken is broken"
    assert not by_rule[numbers["B"]]
    assert found["is_operating_result_consistent"].all()


def test_nothing_is_imputed_for_years_in_which_the_unit_did_not_exist(step: Step) -> None:
    accounts = peers() | {("X", 2021): 100.0, ("Y", 2020): 100.0}
    units = register(
        register_of(accounts),
        founded_date={"X": pd.Timestamp(2020, 7, 1)},
        dissolved_date={"X": pd.Timestamp(2022, 4, 1)},
        origin={"Y": "annual_account"},
    ).assign(founded_date=lambda f: f["founded_date"].where(f["legal_unit_id"] != "Y", None))
    found = value_added(step, accounts, units)["gva_basic_prices_huf_mn"]
    assert set(found["X"].index) == {2020, 2021, 2022}
    assert found[("X", 2020)] == pytest.approx(100 / 1.1 * 184 / 366)
    assert found[("X", 2022)] == pytest.approx(110 * 90 / 365)
    assert set(found["Y"].index) == {2020}, "only its accounts say when Y existed"


def test_units_that_never_filed_are_left_to_calibration(step: Step) -> None:
    accounts = peers()
    found = value_added(step, accounts, register([*register_of(accounts), "SILENT"]))
    assert "SILENT" not in found.index.get_level_values(0)


def test_an_account_that_fails_the_edit_rule_is_replaced_by_the_neighbouring_years(step: Step) -> None:
    accounts = peers() | {("X", y): 100.0 * 1.1 ** (y - 2019) for y in YEARS} | {("X", 2021): 7.0}
    row = value_added(step, accounts, failed={("X", 2021)}).loc[("X", 2021)]
    assert row["gva_basic_prices_huf_mn"] == pytest.approx(121)
    assert (row["method_flag"], row["imputation_method"], row["account_count"]) == ("edit_failed", "neighbour_mean", 1)
    alone = peers() | {("X", 2021): 7.0}
    row = value_added(step, alone, failed={("X", 2021)}).loc[("X", 2021)]
    assert (row["gva_basic_prices_huf_mn"], row["imputation_method"]) == (7.0, "ratio"), "no neighbour: the ratio stays"


def test_days_without_an_account_follow_the_covered_ones_and_overlaps_count_once(step: Step) -> None:
    accounts = peers() | {("HALF", 2023): 50.0, ("HALF", 2022): 90.0, ("TWICE", 2021): 150.0}
    covered = {("HALF", 2023): 0.5, ("TWICE", 2021): 1.5}
    found = value_added(step, accounts, coverage=covered)
    half = found.loc[("HALF", 2023)]
    assert (half["gva_basic_prices_huf_mn"], half["imputed_gva_huf_mn"]) == (100.0, 50.0)
    assert (half["imputation_method"], half["year_coverage_ratio"]) == ("partial_year", 0.5)
    twice = found.loc[("TWICE", 2021)]
    assert (twice["gva_basic_prices_huf_mn"], twice["is_imputed"]) == (100.0, False)


def test_every_method_of_imputation_is_defined(step: Step) -> None:
    accounts = peers() | {("X", 2020): 10.0, ("X", 2022): 12.0, ("HALF", 2020): 5.0, ("FAILED", 2020): 7.0}
    found = value_added(step, accounts, coverage={("HALF", 2020): 0.5}, failed={("FAILED", 2020)})
    # the notes of an account are looked at before this step
    used = {*found["imputation_method"], "notes", "not_imputed", "_T"}
    assert used == {code for code, *_ in DEFINITIONS["IMPUTATION_METHOD"]}
    step.put("interpretation.value_added", found.reset_index())
    assert set(step.run("imputation_rate")["imputation_method"]) == used - {"notes"}


def test_without_units_that_report_both_years_nothing_is_imputed(step: Step) -> None:
    accounts = peers(count=3) | {("X", 2019): 100.0}
    assert set(value_added(step, accounts).loc["X"].index) == {2019}


def test_growth_of_a_small_cell_is_that_of_its_section_then_of_all(step: Step) -> None:
    accounts = peers() | {("X", 2022): 100.0, ("Z", 2022): 100.0}
    accounts |= {(f"G{i}", y): 5.0 * 1.5 ** (y - 2019) for i in range(6) for y in YEARS}
    sections = {f"G{i}": "G" for i in range(6)} | {"Z": "M"}
    units = register(register_of(accounts), size_class={"X": "250+"}, nace_rev2_section=sections)
    found = value_added(step, accounts, units)["gva_basic_prices_huf_mn"]
    assert found[("X", 2023)] == pytest.approx(110)
    total = sum(v for (u, y), v in accounts.items() if y == 2023) / (
        sum(v for (u, y), v in accounts.items() if y == 2022) - 200
    )
    assert found[("Z", 2023)] == pytest.approx(100 * total)


def test_a_pair_of_accounts_that_differ_more_than_tenfold_is_no_growth(step: Step) -> None:
    accounts = peers() | {("BIG", 2020): 1.0, ("BIG", 2021): 1000.0, ("X", 2020): 100.0}
    assert value_added(step, accounts).loc[("X", 2021), "gva_basic_prices_huf_mn"] == pytest.approx(110)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_changes_nothing_and_reported_values_are_kept(step: Step, seed: int) -> None:
    random = np.random.default_rng(seed)
    accounts = {
        (f"U{i}", y): float(np.round(random.normal(50, 40), 3))
        for i in range(25)
        for y in YEARS
        if random.random() < 0.7
    }
    found = value_added(step, accounts)
    again = value_added(step, accounts, order=random)
    pd.testing.assert_frame_equal(found, again)
    reported = found[found["imputation_method"] == "none"]["gva_basic_prices_huf_mn"]
    assert reported.to_dict() == pytest.approx(accounts)
    assert (found.loc[found["is_imputed"], "account_count"] == 0).all()


def test_rates_of_non_response(step: Step) -> None:
    accounts = peers(1.0) | {("X", 2019): 90.0, ("HALF", 2023): 45.0}
    value_added(step, accounts, coverage={("HALF", 2023): 0.5})
    rate = step.run("imputation_rate").set_index(["reference_year", "activity_code", "imputation_method"]).sort_index()
    assert rate.loc[(2020, "C", "_T"), ["unit_count", "unit_non_response_count", "imputed_count"]].tolist() == [8, 2, 1]
    assert rate.loc[(2020, "_T", "not_imputed"), "unit_count"] == 1, "HALF files in 2023, three years later"
    assert rate.loc[(2020, "C", "previous_year"), "imputed_gva_pct"] == pytest.approx(100 * 90 / 300)
    last = rate.loc[(2023, "C", "_T")]
    assert (last["unit_non_response_count"], last["item_non_response_count"]) == (1, 1)
    assert last["item_non_response_pct"] == pytest.approx(12.5)
    assert last["imputed_gva_huf_mn"] == pytest.approx(45)
    assert rate.loc[(2023, "_T", "_T")].tolist() == last.tolist()
    step.put("interpretation.imputation_rate", rate.reset_index())
    assert set(step.violations("imputed_share_acceptable")["reference_year"]) == {2020, 2021, 2022}
