"""What every reader promises: rows of text, and a reject for every record that cannot be a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pyarrow as pa

ROW = "_row"
"""Name of the column with the 1-based ordinal of a record in its file (header not counted)."""


@dataclass(frozen=True)
class Part:
    """One file of a delivery: the publisher's name for it and where its archived bytes are."""

    name: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True)
class Reject:
    """A record that has no place in the table's columns, kept whole."""

    row: int
    reason: str
    raw: str


@dataclass(frozen=True)
class RawRows:
    """The rows of one file as text.

    Attributes:
        columns: the source's own column names, in file order (without `_row`).
        rows: a relation or Arrow table with `_row` BIGINT and one VARCHAR column per name in `columns`.
        rejects: records that could not become rows; read = rows + rejects.
    """

    columns: Sequence[str]
    rows: duckdb.DuckDBPyRelation | pa.Table
    rejects: Sequence[Reject] = field(default_factory=tuple)


class Reader(Protocol):
    """Reads one file; raises `DeliveryError` naming file, line and reason when it cannot be read at all."""

    def __call__(self, part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows: ...
