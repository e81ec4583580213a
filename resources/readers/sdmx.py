"""SDMX data messages: SDMX-CSV 1.0 and 2.0 (`sdmx_csv`) and SDMX-ML (`sdmx_ml`), one row per observation.

SDMX-CSV is delimited text and goes through `csv_file`, which streams and keeps what it rejects; pysdmx would drop rows
that ask for a deletion and refuse messages with several actions. SDMX-ML goes through pysdmx.

Belongs here: dimensions, attributes and observations as columns. Does not belong here: structures and codelists.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.parsers.expat import ExpatError

import duckdb

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part, RawRows, Reject
from resources.readers.csv_file import CsvOptions, read_delimited
from resources.readers.foreign import decode_utf8, printable, read_whole
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import RowCollector, column_names, quoted, scratch_name, table_of

OBS_VALUE = "OBS_VALUE"

_DECLARATION = re.compile(r"<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']*)[\"']", re.IGNORECASE)
_OBSERVATION = re.compile(r"<!--.*?-->|<(?:[\w.-]+:)?Obs(?=[\s/>])", re.DOTALL)
_DOCUMENT_TYPE = re.compile(r"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)


class SdmxCsvOptions(ReaderOptions):
    """Dialect of an SDMX-CSV message.

    Attributes:
        delimiter: the standard's comma, or another one agreed on.
    """

    delimiter: str = ","


def read_sdmx_csv(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read SDMX-CSV 1.0 (`DATAFLOW`) or 2.0 (`STRUCTURE`, `STRUCTURE_ID`, `ACTION`) with all columns as published.

    Where labels are published with the codes (`GEO: Geopolitical entity`, `HU: Hungary`), the codes are kept. `NaN`,
    the standard's sign for a missing observation, is null. A row that asks for a deletion (`ACTION` D) is a reject.

    Raises:
        DeliveryError: as `csv`, and a header of neither version.
    """
    chosen = parse_options(SdmxCsvOptions, options, "sdmx_csv")
    dialect = CsvOptions(delimiter=chosen.delimiter, allow_empty=chosen.allow_empty)
    published = read_delimited(part, connection, dialect, "SDMX-CSV")
    codes = [name.split(": ")[0].strip() for name in published.columns]
    is_first, is_second = codes[0] == "DATAFLOW", {"STRUCTURE", "STRUCTURE_ID"} <= set(codes)
    if not (is_first or is_second) or OBS_VALUE not in codes:
        raise DeliveryError(
            f"neither SDMX-CSV 1.0 nor 2.0: the header is {printable(','.join(published.columns)[:80])}",
            where=f"{part.name}:1",
            action="it has DATAFLOW, or STRUCTURE and STRUCTURE_ID, and OBS_VALUE; check the source's format",
        )
    names = column_names(codes, part, 1)
    values = []
    for column, name in zip(published.columns, names, strict=True):
        value = quoted(column)
        if name != column or name in ("DATAFLOW", "STRUCTURE_ID"):
            value = f"split_part({value}, ': ', 1)"
        if name == OBS_VALUE:
            value = f"nullif({value}, 'NaN')"
        values.append(f"{value} AS {quoted(name)}")
    source, table = table_of(published), scratch_name("sdmx")
    connection.execute(f"CREATE TEMP TABLE {table} AS SELECT {ROW}, {', '.join(values)} FROM {source}")
    connection.execute(f"DROP TABLE {source}")
    rejects = list(published.rejects)
    if is_second and "ACTION" in names:
        listed = ", ".join(quoted(name) for name in names)
        asked = f"FROM {table} WHERE ACTION = 'D'"
        for row, *cells in connection.execute(f"SELECT {ROW}, {listed} {asked} ORDER BY {ROW}").fetchall():
            raw = ",".join("" if cell is None else cell for cell in cells)
            rejects.append(Reject(row, "ACTION D asks to delete an observation; deliver the full state instead", raw))
        connection.execute(f"DELETE {asked}")
    return RawRows(tuple(names), connection.table(table), tuple(sorted(rejects, key=lambda r: r.row)))


def read_sdmx_ml(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read SDMX-ML, structure-specific or generic: dimensions, attributes, TIME_PERIOD and OBS_VALUE as columns.

    Attributes of a data set or a series are repeated on their observations; a series without observations is a reject.

    Raises:
        DeliveryError: not XML, not UTF-8, with a document type or entities, not valid SDMX-ML, or without data.
    """
    chosen = parse_options(ReaderOptions, options, "sdmx_ml")
    text = decode_utf8(part, read_whole(part, "SDMX-ML", xml=True)).lstrip()
    _refuse_unsafe(part, text)
    frames = _datasets(part, text)
    keys = list(dict.fromkeys(str(column) for columns, _ in frames for column in columns))
    rows = RowCollector(column_names(keys, part, 1))
    number = 0
    for columns, records in frames:
        for record in records:
            number += 1
            values = dict(zip(columns, record, strict=True))
            if values.get("TIME_PERIOD") is None and values.get(OBS_VALUE) is None:
                rows.reject(number, "a series without observations", str(values))
            else:
                rows.add(number, {name: values.get(key) for key, name in zip(keys, rows.columns, strict=True)})
    published = sum(not found.startswith("<!--") for found in _OBSERVATION.findall(text))
    if published == 0 and not chosen.allow_empty:
        raise DeliveryError("the message holds no observations", where=part.name, action="ask the publisher")
    if published != len(rows):
        raise DeliveryError(
            f"{published:,} observations were delivered and {len(rows):,} could be read",
            where=part.name,
            action="have it delivered as SDMX-CSV",
        )
    return rows.result()


def _refuse_unsafe(part: Part, text: str) -> None:
    """Refuse what could make a parser read other files or grow without bound, before one sees it."""
    if found := _DOCUMENT_TYPE.search(text):
        raise DeliveryError(
            "the XML declares a document type or entities, which data messages never need",
            where=f"{part.name}:{text.count(chr(10), 0, found.start()) + 1}",
            action="do not open the file; ask the publisher what it is",
        )
    if not text.startswith("<?xml"):
        raise DeliveryError(
            "not an XML document (it does not start with '<?xml')", where=f"{part.name}:1", action="check the format"
        )
    declared = _DECLARATION.match(text)
    if declared and declared.group(1).lower() not in ("utf-8", "utf8", "us-ascii"):
        raise DeliveryError(
            f"the XML declares the encoding '{printable(declared.group(1))}'; only UTF-8 is read",
            where=f"{part.name}:1",
            action="have it delivered in UTF-8",
        )


def _datasets(part: Part, text: str) -> list[tuple[list[str], list[tuple[str | None, ...]]]]:
    """Columns and records of each data set of a message."""
    from pysdmx.errors import PysdmxError
    from pysdmx.io import read_sdmx
    from pysdmx.io.pd import PandasDataset

    try:
        message = read_sdmx(text, validate=True)
        frames = []
        for dataset in message.data or ():
            if not isinstance(dataset, PandasDataset):
                continue
            frame = dataset.data
            for name, value in sorted(dataset.attributes.items()):
                if name not in frame.columns:
                    frame[name] = value
            as_text = frame.astype(object).where(frame.notna(), None)
            records = [
                tuple(None if cell is None or cell == "" else str(cell) for cell in record)
                for record in as_text.itertuples(index=False, name=None)
            ]
            frames.append(([str(column) for column in frame.columns], records))
        return frames
    except (
        PysdmxError,
        # lxml's errors about a document are SyntaxErrors.
        SyntaxError,
        ExpatError,
        # pysdmx walks the parsed document without looking; valid XML of another shape ends in one of these.
        AttributeError,
        KeyError,
        IndexError,
        TypeError,
        ValueError,
    ) as error:
        what = " ".join(str(error).split())[:200] or type(error).__name__
        raise DeliveryError(
            f"not valid SDMX-ML ({printable(what)})", where=part.name, action="ask the publisher for the file again"
        ) from None
