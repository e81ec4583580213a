"""Databases: a query through SQLAlchemy with a server-side cursor, written to the archive as canonical CSV.

Canonical means that equal rows give equal bytes on every driver: UTF-8, comma, `\\n`, quotes only where needed, null
and empty text both empty, ISO 8601 dates, times with zone in UTC, decimals without exponent, booleans `true`/`false`.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from resources.blobs import BlobStore, BlobWriter, Limits
from resources.errors import ConfigurationError, DeliveryError, TransportError
from resources.transport.address import Address
from resources.transport.base import Deadline, Received, TransportSettings

_BIND = re.compile(r"(?<![:\w\\]):(?=\w)")
_SQLITE_BUSY = re.compile(r"locked|busy|disk i/o|unable to open", re.IGNORECASE)
_EMBEDDED = ("sqlite", "duckdb")


def receive(
    address: Address,
    query: str,
    base: Path,
    blobs: BlobStore,
    limits: Limits,
    settings: TransportSettings,
    *,
    name: str,
) -> Received:
    """Run a query and archive its rows; nothing is ever written to the database.

    Args:
        address: a SQLAlchemy URL; the file of SQLite or DuckDB may be relative to `base`.
        query: an ordered SELECT.
        base: folder that relative paths start from.
        blobs: where the bytes go.
        limits: limits.
        settings: patience; `rows_per_batch` rows are in memory at once.
        name: name of the part.

    Raises:
        ConfigurationError: the driver is not installed.
        DeliveryError: the database refuses the query, its file is missing, or no row comes back.
        TransportError: no connection, lock, or too slow.
    """
    deadline = Deadline(settings.deadline)
    engine = _engine(address, base, limits.where, settings)
    try:
        with _explained(address, limits.where, connecting=True):
            connection = engine.connect()
        with connection, _explained(address, limits.where, connecting=False):
            if engine.dialect.name == "postgresql":
                connection = connection.execution_options(postgresql_readonly=True)
            # A colon before a word would be taken for a bind parameter.
            statement = sa.text(_BIND.sub(r"\\:", query.strip().rstrip(";")))
            result = connection.execution_options(stream_results=True, max_row_buffer=settings.rows_per_batch).execute(
                statement
            )
            with blobs.writer(limits) as writer:
                _write_csv(result, writer, limits.where, deadline, settings.rows_per_batch)
    finally:
        engine.dispose()
    return Received(name, writer.blob)


def canonical(value: Any) -> str:
    """The text of a database value, the same for every driver.

    Args:
        value: as a DB-API driver returns it.
    """
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case Decimal():
            return format(value, "f")
        case dt.datetime():
            moment = value.astimezone(dt.UTC) if value.tzinfo else value
            return moment.isoformat()
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return bytes(value).hex()
        case dict() | list() | tuple():
            return json.dumps(value, sort_keys=True, ensure_ascii=False, default=canonical)
        case _:
            return str(value)


def _engine(address: Address, base: Path, where: str, settings: TransportSettings) -> sa.Engine:
    url = make_url(address.url)
    arguments: dict[str, Any] = {}
    dialect = url.get_backend_name()
    if dialect in _EMBEDDED:
        url, arguments = _read_only_file(url, base, where)
    elif dialect in ("postgresql", "mysql", "mariadb"):
        arguments["connect_timeout"] = max(1, round(settings.connect_timeout))
    try:
        return sa.create_engine(url, connect_args=arguments, poolclass=NullPool)
    except (NoSuchModuleError, ImportError):
        raise ConfigurationError(
            f"the driver of {url.drivername} is not installed",
            where=where,
            action="pip install 'coopgva[postgres]'" if dialect == "postgresql" else "install the driver's package",
        ) from None


def _read_only_file(url: URL, base: Path, where: str) -> tuple[URL, dict[str, Any]]:
    """The URL of an embedded database that can only be read; opening as usual would create a missing file."""
    file = base / (url.database or "")
    if not file.is_file():
        raise DeliveryError("file not found", where=where, action="check the path of the database")
    if url.get_backend_name() == "duckdb":
        return url.set(database=str(file)), {"read_only": True}
    return url.set(database=f"{file.resolve().as_uri()}", query={**url.query, "mode": "ro", "uri": "true"}), {}


def _write_csv(
    result: sa.CursorResult[Any], writer: BlobWriter, where: str, deadline: Deadline, rows_per_batch: int
) -> None:
    columns = list(result.keys())
    twice = sorted({column for column in columns if columns.count(column) > 1})
    if twice:
        raise DeliveryError(
            f"the query returns two columns named {', '.join(twice)}", where=where, action="give one an alias"
        )
    buffer = io.StringIO()
    output = csv.writer(buffer, lineterminator="\n")
    output.writerow(columns)
    rows = 0
    for batch in result.partitions(rows_per_batch):
        output.writerows([canonical(value) for value in row] for row in batch)
        rows += len(batch)
        writer.write(buffer.getvalue().encode())
        buffer.seek(0)
        buffer.truncate()
        deadline.check(where)
    if not rows:
        raise DeliveryError("the query returns no rows", where=where, action="check the query against the database")


@contextmanager
def _explained(address: Address, where: str, *, connecting: bool) -> Iterator[None]:
    """Turn SQLAlchemy's errors into ours; the drivers' texts may hold parts of the address."""
    try:
        yield
    except DBAPIError as error:
        what = address.scrub(error.orig)
        temporary = isinstance(error, OperationalError) and (
            "sqlite" not in type(error.orig).__module__ or _SQLITE_BUSY.search(str(error.orig)) is not None
        )
        if connecting or temporary or error.connection_invalidated:
            raise TransportError(f"no connection ({what})", where=where, action="try again later") from None
        raise DeliveryError(f"the database refuses the query ({what})", where=where, action="check the query") from None
    except SQLAlchemyError as error:
        raise DeliveryError(
            f"the query cannot be run ({address.scrub(error)})", where=where, action="check the query"
        ) from None
