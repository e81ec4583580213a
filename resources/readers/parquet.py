"""Parquet files (`parquet`), every column as text: dates in ISO 8601, booleans `true` and `false`.

Belongs here: reading Parquet. Does not belong here: the lake's own Parquet files (`resources.lake`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part, RawRows
from resources.readers.foreign import printable, refuse_empty
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import column_names, literal, quoted, scratch_name


def read_parquet(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read a Parquet file into a temporary table of `connection`; options: `allow_empty`.

    Raises:
        DeliveryError: not Parquet, truncated, damaged, or without rows.
    """
    chosen = parse_options(ReaderOptions, options, "parquet")
    refuse_empty(part)
    with TemporaryDirectory(prefix="coopgva-parquet-") as folder:
        # A link, because DuckDB would take brackets in a path for a pattern.
        link = Path(folder) / "delivered"
        link.symlink_to(part.path.resolve())
        try:
            rows = _read(replace(part, path=link), connection)
        except (duckdb.OutOfMemoryException, duckdb.InterruptException):
            raise
        except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise DeliveryError(
                f"not a sound Parquet file ({printable(str(error).splitlines()[0].replace(str(link), part.name))})",
                where=part.name,
                action="ask the publisher for the file again",
            ) from None
    if not chosen.allow_empty and len(rows.rows) == 0:
        raise DeliveryError("there are columns but no rows", where=part.name, action="ask the publisher")
    return rows


def _read(part: Part, connection: duckdb.DuckDBPyConnection) -> RawRows:
    source = (
        f"read_parquet({literal(str(part.path))}, file_row_number = true, binary_as_string = true, "
        "hive_partitioning = false)"
    )
    # DuckDB would give the second of two equal names a number.
    names = column_names(pq.read_schema(part.path).names, part, 1)
    described = connection.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {source}").fetchall()
    pairs = list(zip((str(row[0]) for row in described), names, strict=True))
    values = ", ".join(f"nullif(CAST({quoted(p)} AS VARCHAR), '') AS {quoted(n)}" for p, n in pairs)
    table = scratch_name("parquet")
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT file_row_number + 1 AS {ROW}, {values} FROM {source}")
    return RawRows(tuple(names), connection.table(table))
