"""Published tables as CSV, Parquet and one workbook.

Belongs here: how rows become bytes, the same bytes every time. What the numbers are (order, rounding, nothing withheld)
is decided before, in `release_table.py`.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from publication.release_file import ReleaseFile
from publication.release_table import WITHHELD, decimals, is_hidden_number, number_text
from resources.contract import Contract

CSV_MEDIATYPE = "text/csv"
PARQUET_MEDIATYPE = "application/vnd.apache.parquet"
XLSX_MEDIATYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

CELLS = "access.cooperation_gva"
TABLES: Mapping[str, str] = {
    "T1": "total",
    "T2": "by section of activity",
    "T3": "by region",
    "T4": "by type of cooperation",
    "T5": "by size class",
    "T6": "by section and size class",
    "T7": "by section and region",
    "T8": "by A*64 industry",
}
WITHHELD_MARK = ":"
"""Eurostat's sign for a value that is not available; the reason stands in the status columns of the same row."""

ROW_GROUP = 131_072
"""Rows per Parquet row group; fixed, because it is part of the bytes."""

_TOTAL_ONLY = ("share_pyp_pct", "proxy_huf_mn", "bridged_huf_mn", "share_lower_pct", "share_upper_pct")
_SHARES = ("share_pct", "ci_low_share_pct", "ci_high_share_pct", "share_s11_pct", "national_gva_huf_mn")
NOT_IN_SHEET: Mapping[str, tuple[str, ...]] = {
    name: (() if name == "T1" else _TOTAL_ONLY) + (_SHARES if name in ("T5", "T6") else ()) for name in TABLES
}
"""Columns that a table never has (see the contract); its sheet leaves them out."""

_NOTHING = {"_T", "_Z"}
_SHEET_NAME = 31


def write_csv(path: Path, contract: Contract, table: pa.Table) -> ReleaseFile:
    """Write a table as CSV: RFC 4180, UTF-8, column names in the first line, points, empty where there is no value."""
    names = list(contract.columns)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(names)
        for row in table.to_pylist():
            writer.writerow([_text(contract, name, row[name]) for name in names])
    return ReleaseFile(path, contract.title, "csv", CSV_MEDIATYPE, contract)


def _text(contract: Contract, name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return number_text(value, decimals(contract.columns[name])) if isinstance(value, float) else str(value)


def write_parquet(path: Path, contract: Contract, table: pa.Table, vintage_id: str) -> ReleaseFile:
    """Write a table as Parquet, descriptions and units in the metadata of its fields.

    A withheld number is null; statistics of the file are over what is published.
    """
    metadata = {**(table.schema.metadata or {}), b"vintage": vintage_id.encode()}
    pq.write_table(
        table.replace_schema_metadata(metadata),
        path,
        compression="zstd",
        row_group_size=ROW_GROUP,
        version="2.6",
        data_page_version="1.0",
    )
    return ReleaseFile(path, contract.title, "parquet", PARQUET_MEDIATYPE, contract)


def write_workbook(
    path: Path, tables: Mapping[str, tuple[Contract, pa.Table]], vintage_id: str, embargo: str | None = None
) -> ReleaseFile:
    """Write all tables as one XLSX workbook: README, a sheet for each of T1 to T8, a sheet for every other table.

    Numbers are numbers with the decimals of the release. A withheld number is `:`, as Eurostat writes it, with
    obs_status Q and conf_status C in the same row; a number that does not exist is an empty cell. Dates inside the file
    are fixed, so that equal tables are equal bytes.

    Args:
        path: the file.
        tables: contract and released rows by table.
        vintage_id: named on the first sheet.
        embargo: until when the release is not public, for the first sheet.
    """
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    book.properties.creator = "coopgva"
    book.properties.title = f"coopgva, vintage {vintage_id}"
    _readme(book, tables, vintage_id, embargo)
    for name in sorted(tables, key=lambda name: (name != CELLS, name)):
        contract, table = tables[name]
        rows = table.to_pylist()
        if name != CELLS:
            _sheet(book, contract.name[:_SHEET_NAME], contract, rows, list(contract.columns))
            continue
        for code in TABLES:
            part = [row for row in rows if row["table_code"] == code]
            left_out = {"table_code", *NOT_IN_SHEET[code]} | {
                column for column in contract.grain if part and {row[column] for row in part} <= _NOTHING
            }
            _sheet(book, code, contract, part, [column for column in contract.columns if column not in left_out])
    content = io.BytesIO()
    book.save(content)
    path.write_bytes(without_clock(content.getvalue()))
    return ReleaseFile(path, "All tables, a sheet each", "xlsx", XLSX_MEDIATYPE)


def _readme(book: Any, tables: Mapping[str, tuple[Contract, pa.Table]], vintage_id: str, embargo: str | None) -> None:
    sheet = book.create_sheet("README")
    for letter, width in zip("ABCD", (30, 34, 24, 100), strict=True):
        sheet.column_dimensions[letter].width = width
    for line in _readme_lines(tables, vintage_id, embargo):
        sheet.append([_header(sheet, text) if is_heading else text for text, is_heading in line])


Line = list[tuple[str, bool]]


def _readme_lines(
    tables: Mapping[str, tuple[Contract, pa.Table]], vintage_id: str, embargo: str | None
) -> Iterator[Line]:
    def heading(*texts: str) -> Line:
        return [(text, True) for text in texts]

    def line(*texts: str) -> Line:
        return [(text, False) for text in texts]

    yield heading("Cooperation-linked gross value added")
    yield heading("Együttműködéshez kapcsolódó bruttó hozzáadott érték")
    yield line("vintage", vintage_id)
    if embargo:
        yield line("embargo until", embargo)
    yield line("methodology", "docs/methodology.md: ESA 2010, NACE Rev. 2 and Rev. 2.1, NUTS; firm accounts")
    yield line("", "calibrated to national accounts; disclosure control over the whole system of tables")
    yield line("rounding", "part of the release: the same number in CSV, Parquet, XLSX and SDMX")
    yield []
    yield heading("sign or code", "meaning", "jelentés")
    yield line(WITHHELD_MARK, "withheld: it would reveal a contributor", "adatvédelmi okból nem közölt adat")
    yield line("(empty)", "no such figure for this row", "nem értelmezhető")
    yield line("obs_status A", "normal value", "normál érték")
    yield line("obs_status B", "break in the series", "törés az idősorban")
    yield line("obs_status Q", "suppressed (with conf_status C)", "nem közölt (conf_status C mellett)")
    yield line("conf_status F", "free", "szabadon közölhető")
    yield line("conf_status C", "confidential", "bizalmas")
    yield line("_T, _Z", "total; not applicable", "összesen; nem értelmezhető")
    yield []
    yield heading("sheet", "table", "", "what it shows")
    for name in sorted(tables, key=lambda name: (name != CELLS, name)):
        contract = tables[name][0]
        if name == CELLS:
            for code, what in TABLES.items():
                yield line(code, f"{contract.title}, {what}", "", contract.purpose)
        else:
            yield line(contract.name[:_SHEET_NAME], contract.title, "", contract.purpose)
    yield []
    yield heading("table", "column", "unit", "definition")
    for name in sorted(tables, key=lambda name: (name != CELLS, name)):
        contract = tables[name][0]
        for column, facts in contract.columns.items():
            yield line(contract.name, column, facts.unit or "", facts.description)


def _sheet(
    book: Any, title: str, contract: Contract, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]
) -> None:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.freeze_panes = "A2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{len(rows) + 1}"
    for number, name in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(number)].width = max(10, len(name) + 2)
    sheet.append([_header(sheet, name) for name in columns])
    hidden = {name for name in columns if is_hidden_number(contract, name)}
    styles = {name: _number_format(contract, name) for name in columns if contract.columns[name].type == "double"}
    for row in rows:
        is_withheld = bool(row.get(WITHHELD))
        cells: list[Any] = []
        for name in columns:
            value = row[name]
            if value is None and is_withheld and name in hidden:
                value = WITHHELD_MARK
            if isinstance(value, float):
                cell = WriteOnlyCell(sheet, value)
                cell.number_format = styles[name]
                cells.append(cell)
            else:
                cells.append(value)
        sheet.append(cells)


def _number_format(contract: Contract, name: str) -> str:
    places = decimals(contract.columns[name])
    return f"#,##0.{'0' * places}" if places else "#,##0"


def _header(sheet: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    cell = WriteOnlyCell(sheet, text)
    cell.font = Font(bold=True)
    return cell


_NO_CLOCK = (1980, 1, 1, 0, 0, 0)
_CORE = "docProps/core.xml"


def without_clock(workbook: bytes) -> bytes:
    """The same workbook with fixed times: of its parts in the archive, of its making and of its last change."""
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as old, zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as new:
        for entry in sorted(old.infolist(), key=lambda entry: entry.filename):
            data = old.read(entry)
            if entry.filename == _CORE:
                data = re.sub(rb"(<dcterms:\w+[^>]*>)[^<]*", rb"\g<1>2000-01-01T00:00:00Z", data)
            part = zipfile.ZipInfo(entry.filename, _NO_CLOCK)
            part.compress_type, part.create_system = zipfile.ZIP_DEFLATED, 0
            new.writestr(part, data)
    return content.getvalue()
