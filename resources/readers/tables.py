"""How readers hand over rows: text tables with unique column names and an ordinal.

Belongs here: naming columns and collecting rows. Does not belong here: anything that knows a format.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import duckdb
import pyarrow as pa

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part, RawRows, Reject
from resources.readers.foreign import printable

_numbers = itertools.count(1)


def scratch_name(what: str) -> str:
    """A name that no other table of this process has; names of temporary tables are no content."""
    return f"_reader_{what}_{next(_numbers)}"


def quoted(name: str) -> str:
    """An SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """An SQL string."""
    return "'" + text.replace("'", "''") + "'"


def table_of(raw: RawRows) -> str:
    """Name of the temporary table that holds a reader's rows.

    Raises:
        TypeError: the rows are not in a table of a connection.
    """
    if not isinstance(raw.rows, duckdb.DuckDBPyRelation):
        raise TypeError("the rows are not in a table of a connection")
    return str(raw.rows.alias)


def column_names(published: Iterable[str], part: Part, line: int) -> list[str]:
    """The publisher's column names, fit for a table.

    White space around and inside a name is collapsed; a column without a name is called `column_<position>`.

    Args:
        published: names as they stand in the file.
        part: the file, for the message.
        line: line of the header, for the message.

    Raises:
        DeliveryError: two columns share a name (letter case does not tell them apart) or a name is reserved.
    """
    names = [" ".join(name.split()) or f"column_{position}" for position, name in enumerate(published, start=1)]
    seen: dict[str, str] = {}
    for name in names:
        problem = ""
        if name.casefold() in seen:
            problem = f"the column '{printable(name)}' occurs twice"
        elif name.casefold() == ROW:
            problem = f"a column is called '{ROW}', which is reserved"
        elif printable(name) != name:
            problem = f"the column name '{printable(name)}' is not text"
        if problem:
            raise DeliveryError(
                problem, where=f"{part.name}:{line}", action="have the publisher give every column its own name"
            )
        seen[name.casefold()] = name
    return names


class RowCollector:
    """Collects rows one by one for formats that have to be walked through (JSON, spreadsheets)."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self._ordinals: list[int] = []
        self._values: list[list[str | None]] = [[] for _ in columns]
        self._rejects: list[Reject] = []

    def __len__(self) -> int:
        return len(self._ordinals)

    def add(self, row: int, values: Mapping[str, str | None]) -> None:
        """Append a row; what is empty becomes null, a row that is not valid Unicode becomes a reject.

        Args:
            row: 1-based ordinal of the record in its file.
            values: text by column; absent columns are null.
        """
        ordered = [values.get(column) or None for column in self.columns]
        if any(value is not None and printable(value) != value for value in ordered):
            self.reject(row, "holds a NUL character or half of a surrogate pair", repr(dict(values)))
            return
        self._ordinals.append(row)
        for column, value in zip(self._values, ordered, strict=True):
            column.append(value)

    def reject(self, row: int, reason: str, raw: str) -> None:
        """Keep a record that cannot be a row."""
        self._rejects.append(Reject(row, reason, printable(raw)))

    def result(self) -> RawRows:
        """What was collected, in the order it came."""
        arrays = [pa.array(self._ordinals, pa.int64()), *(pa.array(v, pa.string()) for v in self._values)]
        table = pa.Table.from_arrays(arrays, names=[ROW, *self.columns])
        return RawRows(tuple(self.columns), table, tuple(self._rejects))
