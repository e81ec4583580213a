"""Deliveries that are well formed and half: blocking checks across tables refuse them."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from resources.engine import EngineLimits, open_engine, sql_file
from resources.errors import BlockedInputError
from tests.economy.refreshing import refresh
from tests.economy.tiny import YEAR, write_csv, write_tiny_economy


@pytest.fixture
def lake() -> Iterator[duckdb.DuckDBPyConnection]:
    """The two integration tables with the columns that the checks read."""
    with open_engine(EngineLimits()) as connection:
        connection.execute("""
            CREATE SCHEMA integration;
            CREATE TABLE integration.legal_unit
                (legal_unit_id VARCHAR, nuts3_code VARCHAR, nace_rev2_section VARCHAR, origin VARCHAR);
            CREATE TABLE integration.national_account
                (reference_year INTEGER, ref_area VARCHAR, sector_code VARCHAR, sto_code VARCHAR, activity_code VARCHAR)
        """)
        yield connection


def missing_sections(lake: duckdb.DuckDBPyConnection) -> list[tuple[int, str]]:
    query = sql_file("integration/checks/activities_complete.sql")
    return sorted(lake.execute(query, {"reference_area": "HU"}).fetchall())


def publish(lake: duckdb.DuckDBPyConnection, cells: dict[int, str], area: str = "HU", item: str = "B1G") -> None:
    rows = [(year, area, "S1", item, code) for year, codes in cells.items() for code in codes.split()]
    lake.executemany("INSERT INTO integration.national_account VALUES (?, ?, ?, ?, ?)", rows)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({2020: "_T A C J", 2021: "_T A C J", 2022: "_T A C J"}, []),
        ({2020: "_T A C J", 2021: "_T A J", 2022: "_T A C J"}, [(2021, "C")]),
        ({2020: "_T A C J", 2021: "_T A C J", 2022: "_T A C"}, [(2022, "J")]),
        ({2020: "_T A C", 2022: "_T A C"}, [(2021, "A"), (2021, "C")]),
        # a section that begins later, and years that have totals only
        ({2020: "_T A", 2021: "_T A C", 2022: "_T"}, []),
        ({2020: "_T", 2021: "_T"}, []),
        # less detail in the newest year
        ({2020: "A B C D E F", 2021: "A B-E C F"}, []),
        ({2020: "A B C D E F", 2021: "A B-E C"}, [(2021, "F")]),
        # subsections are not sections
        ({2020: "A C C10-C12", 2021: "A C"}, []),
    ],
)
def test_sections_of_the_national_accounts(
    lake: duckdb.DuckDBPyConnection, cells: dict[int, str], expected: list[tuple[int, str]]
) -> None:
    publish(lake, cells)
    assert missing_sections(lake) == expected


def test_other_areas_and_items_are_not_judged(lake: duckdb.DuckDBPyConnection) -> None:
    publish(lake, {2020: "A C", 2021: "A"}, area="HU11")
    publish(lake, {2020: "A C", 2021: "A"}, item="P1")
    assert missing_sections(lake) == []


@pytest.mark.parametrize(
    ("check", "column"),
    [("registered_region_mostly_known", "nuts3_code"), ("registered_activity_mostly_known", "nace_rev2_section")],
)
def test_gaps_of_the_register(lake: duckdb.DuckDBPyConnection, check: str, column: str) -> None:
    def violations() -> int:
        return len(lake.execute(sql_file(f"integration/checks/{check}.sql")).fetchall())

    assert violations() == 0
    lake.execute("INSERT INTO integration.legal_unit SELECT 'T' || i, NULL, NULL, 'annual_account' FROM range(90) r(i)")
    assert violations() == 0, "without a register there is nothing to judge"
    lake.execute("INSERT INTO integration.legal_unit SELECT i, 'x', 'x', 'business_registry' FROM range(8) r(i)")
    lake.execute(f"UPDATE integration.legal_unit SET {column} = NULL WHERE legal_unit_id IN ('0', '1')")
    assert violations() == 0
    lake.execute(f"UPDATE integration.legal_unit SET {column} = NULL WHERE legal_unit_id = '2'")
    assert violations() == 3, "units known by their accounts do not thin the share out"


def rewrite(path: Path, column: str, firms: int) -> None:
    """Empty a column for the first firms."""
    with path.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    for row in rows[:firms]:
        row[header.index(column)] = ""
    write_csv(path, ",".join(header), rows)


@pytest.mark.parametrize(
    ("column", "check"),
    [("nuts3_code", "registered_region_mostly_known"), ("nace_rev2_code", "registered_activity_mostly_known")],
)
def test_a_column_delivered_empty_is_blocked(tmp_path: Path, column: str, check: str) -> None:
    home = write_tiny_economy(tmp_path)
    rewrite(home / "deliveries" / "business_registry.csv", column, 3)
    with pytest.raises(BlockedInputError, match=rf"integration\.legal_unit failed its blocking check .*{check}"):
        refresh(home, "first")


def test_half_a_register_is_blocked(tmp_path: Path) -> None:
    home = write_tiny_economy(tmp_path)
    path = home / "deliveries" / "business_registry.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:6]), encoding="utf-8")
    with pytest.raises(BlockedInputError, match=r"source\.annual_account failed its .*account_unit_mostly_known"):
        refresh(home, "first")


def test_national_accounts_that_lack_a_section_are_blocked(tmp_path: Path) -> None:
    home = write_tiny_economy(tmp_path)
    path = home / "deliveries" / "national_accounts.csv"
    text = path.read_text(encoding="utf-8")
    earlier = [f"dataflow,KSH:NA(1.0),I,A,HU,S1,B1G,{k},XDC_MN,V,{YEAR - 1},1,A" for k in ("C", "J", "K")]
    path.write_text(text + "\n".join(earlier) + "\n", encoding="utf-8")
    with pytest.raises(BlockedInputError, match=r"integration\.national_account failed its .*activities_complete"):
        refresh(home, "first")
