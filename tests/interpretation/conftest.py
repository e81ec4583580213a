"""The inputs of `small` as tables of a connection, steps that run single SQL files, rows of computed tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from assets.workshop import Workshop
from resources.contract import load_contract
from resources.engine import EngineLimits, open_engine
from resources.home import REPOSITORY
from tests.interpretation.small import CONTENT
from tests.interpretation.steps import Step


@pytest.fixture
def small(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the inputs above; columns that a row does not name are empty."""
    with open_engine(EngineLimits(threads=1, spill=tmp_path)) as connection:
        for name, rows in CONTENT.items():
            schema, table = name.split(".")
            contract = load_contract(REPOSITORY / "contracts" / schema / f"{table}.yaml")
            columns = {c: [row.get(c) for row in rows] for c in contract.columns}
            connection.register("_rows", pa.table(columns))
            casts = ", ".join(f"CAST({c} AS {spec.type}) AS {c}" for c, spec in contract.columns.items())
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
            connection.execute(f"CREATE TABLE {name} AS SELECT {casts} FROM _rows")
        yield connection


@pytest.fixture
def step() -> Iterator[Step]:
    """An empty step."""
    with open_engine(EngineLimits()) as connection:
        yield Step(connection)


@pytest.fixture
def rows() -> Callable[[Workshop, str], list[Mapping[str, Any]]]:
    """Reads the current version of a table as dictionaries."""

    def read(shop: Workshop, table: str) -> list[Mapping[str, Any]]:
        frame = pd.read_parquet(shop.lake.path(table, shop.key(table)))
        return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]

    return read
