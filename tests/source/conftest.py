"""Fixtures of the source layer's tests: the real contracts, and intake of a text as if a publisher had delivered it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from resources.contract import Contract, load_contract
from resources.engine import EngineLimits, open_engine, sql_file
from resources.home import REPOSITORY
from resources.intake import Intake, SourcePart, take_in
from resources.readers.base import Part

CONTRACTS = sorted((REPOSITORY / "contracts" / "source").glob("*.yaml"))


@dataclass(frozen=True)
class Taken:
    """What intake made of a delivery: accepted rows; reasons and raw rows by row number (of the last file)."""

    intake: Intake
    rows: pa.Table
    reasons: dict[int, dict[str, str]]
    raw: dict[int, str]
    quarantined: int

    @property
    def accepted(self) -> list[dict[str, Any]]:
        """Accepted rows as dictionaries."""
        found: list[dict[str, Any]] = self.rows.to_pylist()
        return found

    @property
    def is_accounted_for(self) -> bool:
        """Accepted + quarantined = read."""
        return self.rows.num_rows + self.quarantined == self.intake.read


Take = Callable[..., Taken]


def contract_of(name: str) -> Contract:
    """A real contract of the source layer."""
    return load_contract(REPOSITORY / "contracts" / "source" / f"{name}.yaml")


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """Rows of a query as dictionaries."""
    found: list[dict[str, Any]] = connection.sql(query).to_arrow_table().to_pylist()
    return found


def taken_in(connection: duckdb.DuckDBPyConnection, contract: Contract, parts: list[SourcePart]) -> Taken:
    """Run the intake and collect its outcome."""
    intake = take_in(connection, contract, parts)
    quarantined = rows_of(connection, f"SELECT * FROM {intake.quarantined}")
    return Taken(
        intake,
        connection.sql(f"SELECT * FROM {intake.accepted}").to_arrow_table(),
        {row["row_number"]: json.loads(row["reasons"]) for row in quarantined},
        {row["row_number"]: row["raw_row"] for row in quarantined},
        len(quarantined),
    )


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine as a step gets it."""
    with open_engine(EngineLimits()) as opened:
        yield opened


@pytest.fixture
def lake(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """All source tables, empty and without constraints."""
    connection.execute("CREATE SCHEMA source")
    connection.execute(sql_file("source/parse.sql"))
    for path in CONTRACTS:
        contract = contract_of(path.stem)
        fields = ", ".join(f'"{name}" {column.type}' for name, column in contract.columns.items())
        connection.execute(f"CREATE TABLE {contract.table} ({fields})")
    return connection


@pytest.fixture
def take(tmp_path: Path) -> Take:
    """Deliver a text (or bytes) to a source table under its real contract."""

    def _take(
        table: str,
        content: str | bytes,
        *,
        format: str = "csv",
        options: Mapping[str, Any] | None = None,
        constants: Mapping[str, str] | None = None,
    ) -> Taken:
        path = tmp_path / "delivery"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        part = Part("published.csv", path, "", path.stat().st_size)
        source = SourcePart("publisher", part, format, options or {}, constants or {})
        with open_engine(EngineLimits()) as connection:
            return taken_in(connection, contract_of(table), [source])

    return _take
