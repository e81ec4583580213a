"""What is published: one vintage as a list of table versions with their files.

Belongs here: the facts that travel with a vintage into every warehouse (the rows of `access.vintage`), and their
difference to the facts of the vintage before. How they are stored is in `duckdb_file` and `postgres`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.lake import Lake, Version


@dataclass(frozen=True, order=True)
class Published:
    """One row of `access.vintage`: which version of a table a vintage holds.

    Attributes:
        table_name: `<layer>.<table>`.
        key: key of the table version in the lake.
        rows: number of rows.
        content_sha256: hash of the version's Parquet file.
    """

    table_name: str
    key: str
    rows: int
    content_sha256: str


@dataclass(frozen=True)
class Release:
    """A vintage with its table versions, in the order of their names.

    Attributes:
        vintage_id: id of the vintage.
        tables: one entry per table, sorted by name.
        files: the Parquet file of each table.
    """

    vintage_id: str
    tables: tuple[Published, ...]
    files: Mapping[str, Path]

    def only(self, *layers: str) -> Release:
        """The same vintage reduced to the tables of some layers."""
        return Release(
            self.vintage_id, tuple(t for t in self.tables if t.table_name.split(".")[0] in layers), self.files
        )


@dataclass(frozen=True)
class Publication:
    """What publishing did to one warehouse.

    Attributes:
        target: the warehouse in words, without credentials.
        is_replaced: whether anything was written; False when the vintage was already there.
        previous: id of the vintage that was readable before, None for the first.
        places: file or schema by what it holds, for people.
    """

    target: str
    is_replaced: bool
    previous: str | None
    places: Mapping[str, str]


def make_release(vintage_id: str, versions: Mapping[str, Version], lake: Lake) -> Release:
    """The release of exactly these versions."""
    tables = (Published(v.table, v.key, v.rows, v.content_sha256) for v in versions.values())
    return Release(vintage_id, tuple(sorted(tables)), {v.table: lake.path(v.table, v.key) for v in versions.values()})
