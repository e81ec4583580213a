"""Spreadsheets (`xlsx`; old `.xls` and `.ods` as well): one sheet, one header row, values as text.

calamine reads them: it takes the cached results of formulas, does not expand XML entities and needs no memory for
styles. Dates become ISO 8601, whole numbers lose the `.0` a spreadsheet gives them.

Belongs here: cells to text. Does not belong here: what the columns mean.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import duckdb
from pydantic import Field

from resources.errors import DeliveryError
from resources.readers.base import Part, RawRows
from resources.readers.foreign import WHOLE_FILE_LIMIT, printable, refuse_empty
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import RowCollector, column_names

UNPACKED_LIMIT = 1024 * 1024 * 1024
"""Bytes a workbook may unpack to; more is taken for a zip bomb."""

_LARGEST_EXACT = 2**53


class WorkbookOptions(ReaderOptions):
    """Where the table is.

    Attributes:
        sheet: name, or position from 1; the first sheet when absent.
        header_row: row of the column names, from 1; rows above it are skipped.
        columns: names to use instead, where a header takes several rows or has merged cells.
        first_row: first row of records, from 1; the row after the header when absent.
    """

    sheet: str | int | None = None
    header_row: int = Field(default=1, ge=1)
    columns: list[str] | None = Field(default=None, min_length=1)
    first_row: int | None = Field(default=None, ge=2)


def read_workbook(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read one sheet; rows without any content are not records, cells beyond the header reject their row.

    Raises:
        DeliveryError: not a workbook, damaged, encrypted, a zip bomb, no such sheet, no header, or no rows.
    """
    chosen = parse_options(WorkbookOptions, options, "xlsx")
    cells = _cells(part, chosen.sheet)
    if len(cells) < chosen.header_row:
        raise DeliveryError(
            f"the sheet has {len(cells)} rows and no header row {chosen.header_row}",
            where=part.name,
            action="correct 'sheet' or 'header_row' in the source's options",
        )
    header = chosen.columns or [_text(cell) or "" for cell in cells[chosen.header_row - 1]]
    body = cells[(chosen.first_row or chosen.header_row + 1) - 1 :]
    width = max((i + 1 for i, name in enumerate(header) if name.strip()), default=0)
    if width == 0:
        raise DeliveryError(
            "the header row is empty",
            where=f"{part.name}:{chosen.header_row}",
            action="correct 'sheet' or 'header_row' in the source's options",
        )
    rows = RowCollector(column_names(header[:width], part, chosen.header_row))
    for number, cell_row in enumerate(body, start=1):
        values = [_text(cell) for cell in cell_row]
        if not any(values):
            continue
        if any(values[width:]):
            rows.reject(number, f"a cell to the right of the {width} columns of the header", repr(values))
            continue
        rows.add(number, dict(zip(rows.columns, values, strict=False)))
    result = rows.result()
    if not (chosen.allow_empty or len(rows) or result.rejects):
        raise DeliveryError(
            "there is a header but no rows", where=part.name, action="ask the publisher, or set 'allow_empty: true'"
        )
    return result


def _cells(part: Part, sheet: str | int | None) -> list[list[Any]]:
    from python_calamine import CalamineError, CalamineWorkbook

    refuse_empty(part)
    content = part.path.read_bytes() if part.path.stat().st_size <= WHOLE_FILE_LIMIT else b""
    _refuse_bomb(part, content)
    try:
        with CalamineWorkbook.from_filelike(BytesIO(content)) as workbook:
            names = workbook.sheet_names
            name = _sheet_name(part, names, sheet)
            return workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (CalamineError, OSError, ValueError, OverflowError) as error:
        raise DeliveryError(
            f"not a readable workbook ({printable(str(error).strip() or type(error).__name__)})",
            where=part.name,
            action="ask the publisher for the file again, without a password",
        ) from None


def _refuse_bomb(part: Part, content: bytes) -> None:
    if not content:
        raise DeliveryError(f"larger than {WHOLE_FILE_LIMIT:,} bytes", where=part.name, action="deliver it as CSV")
    if not content.startswith(b"PK"):
        return
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise DeliveryError(
            f"not a readable workbook ({printable(str(error))})", where=part.name, action="ask for the file again"
        ) from None
    if unpacked > UNPACKED_LIMIT:
        raise DeliveryError(
            f"unpacks to {unpacked:,} bytes, more than {UNPACKED_LIMIT:,}: taken for a zip bomb",
            where=part.name,
            action="deliver it as CSV",
        )


def _sheet_name(part: Part, names: list[str], sheet: str | int | None) -> str:
    wanted = 1 if sheet is None else sheet
    if isinstance(wanted, int) and 1 <= wanted <= len(names):
        return names[wanted - 1]
    if isinstance(wanted, str) and wanted in names:
        return wanted
    raise DeliveryError(
        f"no sheet '{wanted}'; there are {', '.join(map(printable, names)) or 'none'}",
        where=part.name,
        action="correct 'sheet' in the source's options",
    )


def _text(cell: Any) -> str | None:
    """A cell as text, None when it is empty."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < _LARGEST_EXACT:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ") if cell.time() != time() else cell.date().isoformat()
    if isinstance(cell, (date, time)):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
