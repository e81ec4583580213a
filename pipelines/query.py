"""`coopgva query`: run one statement on the published tables and print the rows.

The connection is read only, and everything that reaches outside the published file is switched off.
"""

from __future__ import annotations

import csv
import json
import math
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table as RichTable

from resources.errors import ConfigurationError
from resources.home import Home

if TYPE_CHECKING:
    import duckdb

SHOWN_ROWS = 1000


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


def query(home: Home, statement: str, output: Format, stream: TextIO) -> None:
    """Print the rows of a SELECT on the published tables.

    Args:
        home: whose published file is read.
        statement: SQL; tables are `access.<name>`.
        output: how rows are printed. `table` stops after `SHOWN_ROWS` rows and says so; the others print all.
        stream: where to.

    Raises:
        ConfigurationError: there is no statement, it is wrong, or it does more than read published tables.
        CoopgvaError: nothing is published yet.
    """
    import duckdb

    from resources.warehouse.reading import connect_published

    with connect_published(home) as connection:
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        try:
            if not connection.extract_statements(statement):
                raise ConfigurationError(
                    "no statement", where="query", action='write one, such as "select * from access.target_tracker"'
                )
            cursor = connection.execute(statement)
            names = [column[0] for column in cursor.description or []]
            {Format.TABLE: _table, Format.CSV: _csv, Format.JSON: _json}[output](cursor, names, stream)
        except duckdb.Error as error:
            raise ConfigurationError(
                str(error).strip().partition("\n")[0],
                where="query",
                action="see the tables with: select table_name from information_schema.tables",
            ) from None


def _table(cursor: duckdb.DuckDBPyConnection, names: list[str], stream: TextIO) -> None:
    """A table, or one block per row where the columns would not fit side by side."""
    rows = cursor.fetchmany(SHOWN_ROWS + 1)
    table = RichTable(*map(escape, names))
    texts = [[escape(_text(value)) for value in row] for row in rows[:SHOWN_ROWS]]
    for cells in texts:
        table.add_row(*cells)
    console = Console(file=stream, soft_wrap=False)
    unlimited = console.options.update(width=100_000)
    if Measurement.get(console, unlimited, table).maximum <= console.width:
        console.print(table, highlight=False)
    else:
        for number, cells in enumerate(texts, start=1):
            block = RichTable(title=f"row {number}", title_justify="left", show_header=False)
            for name, cell in zip(names, cells, strict=True):
                block.add_row(escape(name), cell)
            console.print(block, highlight=False)
    if len(rows) > SHOWN_ROWS:
        console.print(f"only the first {SHOWN_ROWS} rows are shown; --format csv prints all", highlight=False)


def _csv(cursor: duckdb.DuckDBPyConnection, names: list[str], stream: TextIO) -> None:
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(names)
    while rows := cursor.fetchmany(10_000):
        writer.writerows(rows)


def _json(cursor: duckdb.DuckDBPyConnection, names: list[str], stream: TextIO) -> None:
    """One JSON array, an object per line; null where a number is none, because JSON has no NaN and no infinity."""
    stream.write("[")
    separator = "\n"
    while rows := cursor.fetchmany(10_000):
        for row in rows:
            document = _finite(dict(zip(names, row, strict=True)))
            stream.write(separator + json.dumps(document, ensure_ascii=False, default=str))
            separator = ",\n"
    stream.write("\n]\n")


def _finite(value: Any) -> Any:
    """The value with None for every number that is none, also inside lists and structs."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(inner) for name, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value


def _text(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.4f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
