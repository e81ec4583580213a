"""Every contract of the source layer loads, says what its columns mean, and a wrong one is refused in one line."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import duckdb
import pytest

from assets.source import delivered, quarantine
from resources.contract import load_contract
from resources.engine import SQL, sql_file
from resources.errors import ConfigurationError
from resources.row_rules import failing_rows
from tests.source.conftest import CONTRACTS

TABLES = {table.name: table for table in (*delivered.TABLES, *quarantine.TABLES)}


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda p: p.stem)
def test_contract_is_documented_and_executable(path: Path) -> None:
    contract = load_contract(path)
    assert contract.schema.names == list(contract.columns)
    with duckdb.connect() as connection:
        connection.execute(sql_file("source/parse.sql"))
        macros = {row[0] for row in connection.execute("SELECT function_name FROM duckdb_functions()").fetchall()}
    for name, column in contract.columns.items():
        assert len(column.description.split()) >= 3, f"{name}: '{column.description}' explains nothing"
        assert f"parse_{column.parse or column.type}" in macros
        assert column.source or contract.name == "quarantine", f"{name} names no source column"
        if column.identifier:
            assert importlib.util.find_spec(f"stdnum.{column.identifier}")
    for expectation in contract.expectations:
        assert expectation.description, expectation.name
        if expectation.quarantine:
            assert failing_rows(expectation)


def test_every_contract_has_a_table_and_every_check_a_query() -> None:
    assert {f"source.{path.stem}" for path in CONTRACTS} == set(TABLES)
    files = [file for table in TABLES.values() for file in table.check_files]
    assert sorted(files) == sorted(f"source/checks/{p.name}" for p in (SQL / "source" / "checks").glob("*.sql"))
    for table in TABLES.values():
        assert set(table.dependencies) <= set(TABLES), table.name


GOOD = """
table: source.thing
title: Things
purpose: A table that exists to be broken in one place.
grain: [thing_id]
gsbpm: "4.3"
confidentiality: public
columns:
  thing_id: {type: varchar, source: id, description: Identifier of the thing}
  size: {type: double, source: size, description: Size of the thing}
expectations:
  - {expect: expect_column_values_to_be_between, name: size_positive, arguments: {column: size, min_value: 0}}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "source" / "thing.yaml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    return path


def test_the_unbroken_contract_is_good(tmp_path: Path) -> None:
    assert load_contract(write(tmp_path, GOOD)).name == "thing"


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("description: Size of the thing", "descripton: Size of the thing", "columns.size.descripton"),
        ("confidentiality: public", "confidentiallity: public", "confidentiallity"),
        (", description: Size of the thing", "", "columns.size.description"),
        ("Size of the thing", "Size", "columns.size.description"),
        ("type: double", "type: decimal", "columns.size.type"),
        ("grain: [thing_id]", "grain: [other_id]", "other_id"),
        ("column: size,", "column: weight,", "weight"),
        ("table: source.thing", "table: source.other", "source.other"),
        ("min_value: 0}}", "min_value: 0}", "not valid YAML"),
    ],
)
def test_a_broken_contract_is_one_line_with_file_and_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigurationError) as caught:
        load_contract(write(tmp_path, GOOD.replace(old, new)))
    message = str(caught.value)
    assert "\n" not in message
    assert "thing.yaml" in message
    assert named in message
