"""Fixtures of the reader tests: files as the archive keeps them, and a short way to read one."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from resources.readers.base import Part, RawRows
from resources.readers.registry import read

Deliver = Callable[..., Part]
Read = Callable[..., RawRows]


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in memory."""
    with duckdb.connect(config={"threads": 2}) as opened:
        opened.execute("SET enable_progress_bar = false")
        yield opened


@pytest.fixture
def deliver(tmp_path: Path) -> Deliver:
    """Archive bytes or text under a content address, without an extension."""

    def _deliver(content: bytes | str, name: str = "published.csv") -> Part:
        data = content.encode() if isinstance(content, str) else content
        sha256 = hashlib.sha256(data).hexdigest()
        path = tmp_path / sha256
        path.write_bytes(data)
        path.chmod(0o400)
        return Part(name, path, sha256, len(data))

    return _deliver


@pytest.fixture
def read_text(deliver: Deliver, connection: duckdb.DuckDBPyConnection) -> Read:
    """Read bytes or text as a format."""

    def _read(format: str, content: bytes | str, name: str = "published.csv", **options: Any) -> RawRows:
        return read(format, deliver(content, name), connection, options)

    return _read


@pytest.fixture
def read_real(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> Read:
    """Read one of the real sample files."""

    def _read(format: str, path: str, **options: Any) -> RawRows:
        file = shared_data / path
        return read(format, Part(file.name, file, "", file.stat().st_size), connection, options)

    return _read


def records(raw: RawRows) -> list[dict[str, Any]]:
    """Rows as dictionaries, `_row` included, in `_row` order."""
    table = raw.rows if isinstance(raw.rows, pa.Table) else raw.rows.order("_row").to_arrow_table()
    found: list[dict[str, Any]] = table.to_pylist()
    return found


def without_row(raw: RawRows) -> list[tuple[str | None, ...]]:
    """Rows as tuples of text."""
    return [tuple(record[column] for column in raw.columns) for record in records(raw)]


def assert_sound(raw: RawRows) -> None:
    """What every reader promises of its result, whatever the file."""
    found = records(raw)
    ordinals = [record["_row"] for record in found] + [reject.row for reject in raw.rejects]
    assert len(set(ordinals)) == len(ordinals), "an ordinal is used twice"
    assert all(ordinal >= 1 for ordinal in ordinals)
    assert len({column.casefold() for column in raw.columns}) == len(raw.columns)
    for record in found:
        assert list(record) == ["_row", *raw.columns]
        assert all(value is None or (isinstance(value, str) and value) for value in list(record.values())[1:])
    for reject in raw.rejects:
        assert reject.reason
        assert "\x00" not in reject.raw
        reject.raw.encode()
