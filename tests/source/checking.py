"""Rows put into the source layer by hand, and what its checks across rows and tables say of them."""

from __future__ import annotations

from typing import Any, TypeAlias

import duckdb
import pyarrow as pa

from resources.engine import SQL, sql_file
from tests.source.conftest import contract_of

CHECKS = sorted(p.stem for p in (SQL / "source" / "checks").glob("*.sql"))

Rows: TypeAlias = dict[str, list[dict[str, Any]]]
"""Rows by table."""
Case: TypeAlias = tuple[str, Rows, int]
"""A check, what it reads, how many violations it finds."""


def fill(lake: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    for table, records in rows.items():
        contract = contract_of(table)
        columns = [name for name in contract.columns if any(name in record for record in records)]
        arrays = [pa.array([r.get(c) for r in records], contract.schema.field(c).type) for c in columns]
        lake.register("_rows", pa.table(arrays, names=columns))
        lake.execute(f"INSERT INTO {contract.table} BY NAME FROM _rows")
        lake.unregister("_rows")


def violations(lake: duckdb.DuckDBPyConnection, check: str) -> list[tuple[Any, ...]]:
    return lake.execute(sql_file(f"source/checks/{check}.sql")).fetchall()
