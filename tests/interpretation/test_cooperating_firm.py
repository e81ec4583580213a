"""Who cooperates: numerators, evidence, time weights and attribution, on participations written by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.catalogue import TABLES
from assets.interpretation.cooperating_firm import FIRM, TYPE, attributed_members, members
from assets.table import Build
from methods.attribution import attribute_pairs
from resources.contract import load_contract
from resources.engine import EngineLimits, open_engine, sql_file
from resources.home import REPOSITORY

PARAMETERS = {"first_reference_year": 2022, "last_reference_year": 2023}
COLUMNS = (
    "record_id, cooperation_id, basis, cooperation_type, legal_unit_id, link_group_id, numerator_code, valid_from, "
    "valid_to, probability, method, status, eligible_cost_eur, total_cost_eur"
)
Row = dict[str, Any]


@pytest.fixture
def house() -> Iterator[duckdb.DuckDBPyConnection]:
    """The input tables, empty."""
    with open_engine(EngineLimits()) as connection:
        connection.execute("""
            CREATE SCHEMA integration; CREATE SCHEMA interpretation;
            CREATE TABLE integration.participation (
                record_id VARCHAR, cooperation_id VARCHAR, basis VARCHAR, cooperation_type VARCHAR,
                legal_unit_id VARCHAR, link_group_id VARCHAR, numerator_code VARCHAR, valid_from DATE, valid_to DATE,
                probability DOUBLE, method VARCHAR, status VARCHAR, eligible_cost_eur DOUBLE, total_cost_eur DOUBLE);
            CREATE TABLE interpretation.goal_1_cooperation (reference_year INTEGER, cooperation_id VARCHAR)
        """)
        yield connection


def participate(house: duckdb.DuckDBPyConnection, firm: str, cooperation: str, **more: Any) -> None:
    """One participation: of all of 2023, accepted by tax number, unless told otherwise."""
    basis, kind, numerator = {
        "K": ("accredited_membership", "cluster", "N1"),
        "P": ("joint_project", "rdi_project", "N2"),
        "M": ("membership", "cluster", None),
        "E": ("event", "event", None),
    }[cooperation[0]]
    number = house.execute("SELECT count(*) FROM integration.participation").fetchall()[0][0]
    row: Row = {
        "record_id": f"r{number}", "cooperation_id": cooperation, "basis": basis, "cooperation_type": kind,
        "legal_unit_id": firm, "link_group_id": f"g{number}", "numerator_code": numerator,
        "valid_from": dt.date(2023, 1, 1), "valid_to": dt.date(2024, 1, 1), "probability": 1.0,
        "method": "tax_number", "status": "accepted", "eligible_cost_eur": None, "total_cost_eur": None, **more,
    }  # fmt: skip
    house.execute(
        f"INSERT INTO integration.participation ({COLUMNS}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )


def made(house: duckdb.DuckDBPyConnection, name: str) -> pd.DataFrame:
    """A table computed from what the house has; visible to the next one."""
    if name != "counted_participation":
        made(house, "counted_participation")
    table = TABLES[f"interpretation.{name}"]
    result = table.compute(Build(table, house, PARAMETERS))
    assert not isinstance(result, pa.Table)
    frame = result if isinstance(result, pd.DataFrame) else result.df()
    house.register(f"_{name}", frame)
    house.execute(f"CREATE OR REPLACE TABLE interpretation.{name} AS FROM _{name}")
    for check in table.checks:
        text = sql_file(f"interpretation/checks/{check.name}.sql")
        assert house.execute(text).fetchall() == [], check.name
    return frame


def test_numerators(house: duckdb.DuckDBPyConnection) -> None:
    participate(house, "A", "K1")
    participate(house, "B", "P1")
    participate(house, "C", "M1")
    participate(house, "D", "M2")
    participate(house, "E", "E1")
    house.execute(
        "INSERT INTO interpretation.goal_1_cooperation VALUES (2023, 'M1'), (2023, 'K1'), (2023, 'E1'), (2022, 'P1')"
    )
    frame = made(house, "cooperating_firm")
    found = frame.groupby("numerator_code")["legal_unit_id"].agg(list).to_dict()
    assert found == {"N1": ["A"], "N2": ["A", "B"], "N3": ["A", "C"]}
    assert set(frame["reference_year"]) == {2023}


def test_participations_are_cut_to_their_years(house: duckdb.DuckDBPyConnection) -> None:
    participate(house, "A", "K1", valid_from=dt.date(2021, 5, 1), valid_to=dt.date(2023, 3, 1))
    # two accreditations of one cluster that overlap: one record, cut to the same day of 2023
    participate(house, "A", "K2", valid_from=dt.date(2022, 2, 1), valid_to=None, record_id="twice")
    participate(house, "A", "K2", valid_from=dt.date(2022, 3, 1), valid_to=None, record_id="twice")
    frame = made(house, "counted_participation").query("numerator_code == 'N1' and cooperation_id == 'K1'")
    intervals = frame.sort_values("reference_year")[["reference_year", "valid_from", "valid_to"]].astype(str)
    assert intervals.to_numpy().tolist() == [
        ["2022", "2022-01-01", "2023-01-01"],
        ["2023", "2023-01-01", "2023-03-01"],
    ]
    contract = load_contract(REPOSITORY / "contracts" / "interpretation" / "counted_participation.yaml")
    every = house.table("interpretation.counted_participation").df()
    assert set(every.columns) == set(contract.columns)
    assert not every.duplicated(list(contract.grain)).any()
    house.execute("UPDATE interpretation.counted_participation SET valid_to = '2024-01-02' WHERE numerator_code = 'N2'")
    broken = house.execute(sql_file("interpretation/checks/intervals_lie_in_their_year.sql")).fetchall()
    assert len(broken) == (every["numerator_code"] == "N2").sum() > 0


def test_a_firm_counts_once_and_once_within_a_type(house: duckdb.DuckDBPyConnection) -> None:
    participate(house, "A", "K1", valid_to=dt.date(2023, 7, 1))
    participate(house, "A", "K2", valid_from=dt.date(2023, 4, 1), valid_to=dt.date(2023, 7, 1))
    participate(house, "A", "P1", valid_from=dt.date(2023, 12, 31), valid_to=None)
    firm = made(house, "cooperating_firm").query("numerator_code == 'N2'")
    assert firm[["cooperation_count", "day_share_ratio", "is_year_end"]].to_numpy().tolist() == [[3, 182 / 365, True]]
    types = made(house, "cooperating_firm_by_type").query("numerator_code == 'N2'").set_index("cooperation_type_code")
    assert types["cooperation_count"].to_dict() == {"cluster": 2, "rdi_project": 1}
    assert types["day_share_ratio"].to_dict() == {"cluster": 181 / 365, "rdi_project": 1 / 365}
    assert types["is_year_end"].to_dict() == {"cluster": False, "rdi_project": True}


def test_candidates_count_only_where_nothing_is_accepted(house: duckdb.DuckDBPyConnection) -> None:
    half = {"valid_to": dt.date(2023, 7, 2), "method": "name", "probability": 0.9}
    participate(house, "A", "K1", **half)
    participate(house, "A", "K2", probability=0.4, method="none", status="review")
    participate(house, "B", "K1", probability=0.4, method="none", status="review", link_group_id="one text")
    participate(house, "B", "K2", probability=0.2, method="none", status="possible", link_group_id="one text")
    frame = made(house, "cooperating_firm").query("numerator_code == 'N1'").set_index("legal_unit_id")
    assert list(frame.loc["A", ["evidence", "probability", "day_share_ratio"]]) == ["name", 0.9, 182 / 365]
    assert frame.loc["A", "expected_day_share_ratio"] == pytest.approx(0.9 * 182 / 365, abs=1e-9)
    assert list(frame.loc["B", ["evidence", "probability", "year_end_probability"]]) == ["candidate", 0.4, 0.4]
    # within K2 the candidate is all there is of A
    made(house, "cooperating_firm_by_type")
    pairs = (
        made(house, "member_attribution").query("numerator_code == 'N1'").set_index(["legal_unit_id", "cooperation_id"])
    )
    assert list(pairs.loc[("A", "K2"), ["evidence", "probability"]]) == ["candidate", 0.4]
    of_a = pairs.xs("A", level="legal_unit_id")["expected_fractional_ratio"]
    assert of_a.sum() == pytest.approx(0.9 * 182 / 365, abs=1e-8)


def test_tv5_by_table(house: duckdb.DuckDBPyConnection) -> None:
    july, quarter = dt.date(2023, 7, 1), dt.date(2023, 4, 1)
    for firm, cooperation, first, last in (
        ("F1", "K1", dt.date(2023, 1, 1), None),
        ("F1", "K2", dt.date(2023, 1, 1), None),
        ("F2", "K1", dt.date(2023, 1, 1), july),
        ("F2", "P1", quarter, july),
        ("F3", "P1", dt.date(2023, 1, 1), None),
    ):
        participate(house, firm, cooperation, valid_from=first, valid_to=last)
    made(house, "cooperating_firm")
    pairs = made(house, "member_attribution").query("numerator_code == 'N2'")
    gva = pairs["legal_unit_id"].map({"F1": 1000.0, "F2": 400.0, "F3": 100.0})
    half, of_quarter = 181 / 365, 91 / 365
    split = 400 * half / (half + of_quarter)
    by_cooperation = (gva * pairs["fractional_ratio"]).groupby(pairs["cooperation_id"]).sum()
    assert by_cooperation.to_dict() == pytest.approx(
        {"K1": 500 + split * half, "K2": 500, "P1": split * of_quarter + 100}
    )
    assert by_cooperation.sum() == pytest.approx(1000 + 400 * half + 100)


def test_share_of_cost(house: duckdb.DuckDBPyConnection) -> None:
    participate(house, "A", "P1", eligible_cost_eur=30.0, total_cost_eur=120.0)
    participate(house, "A", "P2", eligible_cost_eur=30.0, total_cost_eur=0.0)
    participate(house, "A", "P3", eligible_cost_eur=None, total_cost_eur=10.0)
    made(house, "cooperating_firm")
    pairs = made(house, "member_attribution").query("numerator_code == 'N2'").set_index("cooperation_id")
    assert pairs["project_share_ratio"].to_dict() == {"P1": 0.25, "P2": 1.0, "P3": 1.0}


def test_nobody_cooperates(house: duckdb.DuckDBPyConnection) -> None:
    participate(house, "A", "K1", valid_from=dt.date(2020, 1, 1), valid_to=dt.date(2021, 1, 1))
    for name in ("cooperating_firm", "cooperating_firm_by_type", "member_attribution"):
        assert made(house, name).empty


def test_who_leaves_before_31_december(house: duckdb.DuckDBPyConnection) -> None:
    participate(house, "A", "K1", valid_to=dt.date(2023, 12, 31))
    frame = made(house, "cooperating_firm").query("numerator_code == 'N1'")
    assert frame[["is_year_end", "year_end_probability"]].to_numpy().tolist() == [[False, 0.0]]
    assert frame["day_share_ratio"].tolist() == [364 / 365]


cut = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["K1", "K2", "P1"]), st.integers(0, 364), st.integers(1, 365)),
    min_size=1,
    max_size=12,
)


@given(cut, st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_certain_links_give_what_the_method_gives(rows: list[tuple[str, str, int, int]], seed: int) -> None:
    start = np.datetime64("2023-01-01", "us")
    frame = pd.DataFrame(
        {
            "reference_year": 2023,
            "numerator_code": "N2",
            "legal_unit_id": [r[0] for r in rows],
            "cooperation_id": [r[1] for r in rows],
            "cooperation_type_code": ["cluster" if r[1][0] == "K" else "rdi_project" for r in rows],
            "link_group_id": [f"g{i}" for i in range(len(rows))],
            "valid_from": [start + np.timedelta64(r[2], "D") for r in rows],
            "valid_to": [start + np.timedelta64(min(r[2] + r[3], 365), "D") for r in rows],
            "probability": 1.0,
            "strength": 3,
            "eligible_cost": 40.0,
            "total_cost": 100.0,
        }
    )
    union = members(frame, FIRM)
    pairs = attributed_members(frame, union[[*FIRM, "day_share_ratio", "expected_day_share_ratio"]])
    gva = pd.Series({"A": 10.0, "B": 200.0, "C": 3000.0})
    named = frame.rename(columns={"legal_unit_id": "firm_id"})
    for rule, column in (
        ("day_weighted", "day_share_ratio"),
        ("fractional", "fractional_ratio"),
        ("project_share", "project_share_ratio"),
    ):
        method = attribute_pairs(gva, named, rule=rule, year=2023)
        np.testing.assert_allclose(pairs[column], method["share"], atol=1e-12)
    assert (pairs["probability"] == 1).all()
    np.testing.assert_allclose(pairs["expected_day_share_ratio"], pairs["day_share_ratio"], atol=1e-9)
    by_type = members(frame, TYPE).groupby("legal_unit_id")["day_share_ratio"].sum()
    assert (union.set_index("legal_unit_id")["day_share_ratio"] <= by_type + 1e-12).all()
    shuffled = frame.sample(frac=1.0, random_state=seed)
    pd.testing.assert_frame_equal(union, members(shuffled, FIRM), rtol=0, atol=1e-9)


def test_a_mere_candidate_of_a_passing_cooperation_counts_or_does_not(house: duckdb.DuckDBPyConnection) -> None:
    # an accepted link to one cooperation that passes goal 1, a candidate for another that is accredited
    participate(house, "A", "M1")
    participate(house, "A", "K1", probability=0.4, method="none", status="review")
    house.execute("INSERT INTO interpretation.goal_1_cooperation VALUES (2023, 'M1'), (2023, 'K1')")
    frame = made(house, "counted_participation").query("numerator_code == 'N3'").set_index("cooperation_id")
    assert frame["is_counted_type"].to_dict() == {"K1": False, "M1": True}
    assert frame["is_counted_firm"].to_dict() == {"K1": False, "M1": True}
