"""A table's step and its verdicts: what stands in a temporary table, equal keys, texts judged as categories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
import yaml

from assets import table as tables
from assets import verdicts
from assets.table import Build, Table
from resources.contract import Contract, load_contract
from resources.engine import EngineLimits, open_engine
from resources.lake import CheckOutcome, Version

CONTRACT = {
    "table": "interpretation.line",
    "title": "Lines",
    "purpose": "A table that a test makes and judges.",
    "gsbpm": "5.3",
    "confidentiality": "confidential",
    "grain": ["unit_id", "year"],
    "columns": {
        "unit_id": {"type": "varchar", "description": "Which legal unit."},
        "year": {"type": "integer", "description": "Calendar year."},
        "flag": {"type": "varchar", "description": "What is judged."},
    },
    "expectations": [
        {
            "expect": "expect_column_values_to_be_in_set",
            "name": "flag_known",
            "arguments": {"column": "flag", "value_set": ["a", "it's"]},
        }
    ],
}
VERSION = Version("interpretation.line", "key", 5, "", {}, {}, {})


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    path = tmp_path / "interpretation" / "line.yaml"
    path.parent.mkdir()
    path.write_text(yaml.safe_dump(CONTRACT, sort_keys=False), encoding="utf-8")
    return load_contract(path)


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with open_engine(EngineLimits()) as connection:
        connection.execute("CREATE SCHEMA interpretation")
        yield connection


def judged(engine: duckdb.DuckDBPyConnection, contract: Contract, rows: str) -> dict[str, CheckOutcome]:
    query = f"FROM (VALUES {rows}) AS t(unit_id, year, flag) ORDER BY unit_id, year"
    engine.execute(f"CREATE OR REPLACE TABLE interpretation.line AS {query}")
    return {o.name: o for o in verdicts.check_table(engine, contract, (), VERSION, "interpretation.line")}


def test_keys_that_occur_again_are_counted_once_each(engine: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    rows = "('A', 1, 'a'), ('A', 2, 'a'), ('B', 1, 'a')"
    assert judged(engine, contract, rows)["primary_key"].passed
    again = judged(engine, contract, f"{rows}, ('A', 2, 'a'), ('A', 2, 'a'), ('B', 1, 'a'), (NULL, 3, 'a')")
    assert not again["primary_key"].passed
    assert again["primary_key"].metadata == {"duplicate_keys": 2, "null_keys": 1}


@pytest.mark.parametrize("few", [0, 1, 2, 250])
def test_large_tables_get_the_same_verdict(
    engine: duckdb.DuckDBPyConnection, contract: Contract, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    rows = "('A', 1, 'a'), ('A', 2, 'it''s'), ('B', 1, 'x'), ('B', 2, NULL), ('C', 1, 'x')"
    small = judged(engine, contract, rows)["flag_known"]
    monkeypatch.setattr(verdicts, "LARGE", 1)
    monkeypatch.setattr(verdicts, "FEW", few)
    assert judged(engine, contract, rows)["flag_known"] == small
    assert not small.passed
    assert small.metadata["unexpected_count"] == 2


def test_only_a_step_with_parameters_needs_a_temporary_table(
    engine: duckdb.DuckDBPyConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = {"plain.sql": "SELECT 1 AS a -- of one", "asked.sql": "SELECT $first AS a"}
    monkeypatch.setattr(tables, "sql_file", texts.__getitem__)
    build = Build(Table("interpretation.line", lambda b: b.sql(""), sql=tuple(texts)), engine, {"first": 2})
    assert build.query("plain.sql").fetchall() == [(1,)]
    assert engine.execute("SELECT count(*) FROM duckdb_tables()").fetchall() == [(0,)]
    assert build.query("asked.sql").fetchall() == [(2,)]
    with pytest.raises(ValueError, match=r"does not declare sql/other\.sql"):
        build.query("other.sql")
