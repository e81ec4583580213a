"""The CSV of Eurostat's old Data Explorer (`data_explorer_csv`): labels instead of codes.

Columns `TIME,GEO,UNIT,NA_ITEM,Value,Flag and Footnotes`. The labels become codes through `data_explorer_codes.yaml`, so
that the rows look like those of the other Eurostat formats.

Belongs here: this one layout of national accounts. Does not belong here: other codelists (`assets.source`).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import yaml

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part, RawRows, Reject
from resources.readers.csv_file import CsvOptions, read_delimited
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import quoted, scratch_name, table_of

COLUMNS = ("freq", "unit", "na_item", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")

_LABELLED = {"GEO": "geo", "UNIT": "unit", "NA_ITEM": "na_item"}
_PUBLISHED = ("TIME", *_LABELLED, "Value", "Flag and Footnotes")


@cache
def codelists() -> dict[str, dict[str, str]]:
    """Code by label, for each of the dimensions `GEO`, `UNIT` and `NA_ITEM`."""
    path = Path(__file__).with_name("data_explorer_codes.yaml")
    lists: dict[str, dict[str, str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return lists


def read_data_explorer_csv(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read the layout as annual observations; every record is a row, one without a value (`:`) has a null OBS_VALUE.

    A label that is in no codelist rejects its record; values stay as published (`96,144.90`).

    Raises:
        DeliveryError: as `csv`, and other columns.
    """
    chosen = parse_options(ReaderOptions, options, "data_explorer_csv")
    dialect = CsvOptions(delimiter=",", allow_empty=chosen.allow_empty)
    labelled = read_delimited(part, connection, dialect, "the Data Explorer's CSV")
    missing = [column for column in _PUBLISHED if column not in labelled.columns]
    if missing:
        raise DeliveryError(
            f"not the Data Explorer's CSV: no column {', '.join(missing)}",
            where=f"{part.name}:1",
            action="check the source's format",
        )
    source, codes, table = table_of(labelled), scratch_name("codes"), scratch_name("coded")
    triples = [
        (dimension, label, code) for dimension, codelist in codelists().items() for label, code in codelist.items()
    ]
    connection.execute(
        f"CREATE TEMP TABLE {codes} AS "
        "SELECT unnest(?::VARCHAR[]) AS dimension, unnest(?::VARCHAR[]) AS label, unnest(?::VARCHAR[]) AS code",
        [list(column) for column in zip(*triples, strict=True)],
    )
    joins = " ".join(
        f"LEFT JOIN {codes} {name} ON {name}.dimension = '{label}' AND {name}.label = s.{label}"
        for label, name in _LABELLED.items()
    )
    connection.execute(
        f"""
        CREATE TEMP TABLE {table} AS
        SELECT s.{ROW}, 'A' AS freq, unit.code AS unit, na_item.code AS na_item, geo.code AS geo,
               s.TIME AS TIME_PERIOD, nullif(s."Value", ':') AS OBS_VALUE, s."Flag and Footnotes" AS OBS_FLAG
        FROM {source} s {joins} ORDER BY s.{ROW}
        """
    )
    rejects = [*labelled.rejects, *_unknown(connection, table, source)]
    connection.execute(f"DELETE FROM {table} WHERE unit IS NULL OR na_item IS NULL OR geo IS NULL")
    connection.execute(f"DROP TABLE {source}; DROP TABLE {codes}")
    return RawRows(COLUMNS, connection.table(table), tuple(sorted(rejects, key=lambda r: r.row)))


def _unknown(connection: duckdb.DuckDBPyConnection, table: str, source: str) -> list[Reject]:
    published = ", ".join(f"s.{quoted(column)}" for column in _PUBLISHED)
    found = connection.execute(
        f"SELECT {ROW}, t.geo, t.unit, t.na_item, {published} FROM {table} t JOIN {source} s USING ({ROW}) "
        f"WHERE t.unit IS NULL OR t.na_item IS NULL OR t.geo IS NULL ORDER BY {ROW}"
    ).fetchall()
    rejects = []
    for row, geo, unit, na_item, *values in found:
        record = dict(zip(_PUBLISHED, values, strict=True))
        unknown = [
            f"{c} '{record[c] or ''}'" for c, code in zip(_LABELLED, (geo, unit, na_item), strict=True) if not code
        ]
        rejects.append(Reject(row, f"unknown label: {', '.join(unknown)}", str(record)))
    return rejects
