"""Parquet files and workbooks as text tables."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from resources.errors import DeliveryError
from resources.readers import workbook
from tests.readers.conftest import Read, assert_sound, records, without_row


def parquet(**columns: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, row_group_size=2)
    return buffer.getvalue()


def xlsx(*rows: list[Any], title: str = "Data", **more: list[list[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in rows:
        sheet.append(row)
    for name, other in more.items():
        second = book.create_sheet(name)
        for row in other:
            second.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_parquet_types_become_text(read_text: Read) -> None:
    raw = read_text(
        "parquet",
        parquet(
            id=pa.array([1, None, 3], pa.int64()),
            day=pa.array([date(2024, 2, 29), None, date(1999, 1, 1)]),
            moment=pa.array([datetime(2024, 1, 2, 3, 4, 5), None, None]),
            amount=pa.array([Decimal("10.50"), None, Decimal("-1.00")]),
            ratio=pa.array([0.1, 2.0, None]),
            flag=pa.array([True, False, None]),
            text=pa.array(["ő", "", "x"]),
            raw=pa.array([b"Gy\xc5\x91r", None, b""]),
            names=pa.array([["a", "b"], None, []], pa.list_(pa.string())),
        ),
    )
    assert without_row(raw) == [
        ("1", "2024-02-29", "2024-01-02 03:04:05", "10.50", "0.1", "true", "ő", "Győr", "[a, b]"),
        (None, None, None, None, "2.0", "false", None, None, None),
        ("3", "1999-01-01", None, "-1.00", None, None, "x", None, "[]"),
    ]
    assert [r["_row"] for r in records(raw)] == [1, 2, 3]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"a,b\n1,2\n", "not a sound Parquet file"),
        (parquet(a=["x", "y", "z"])[:-20], "not a sound Parquet file"),
        (parquet(a=["x", "y", "z"])[:40], "not a sound Parquet file"),
        (parquet(a=pa.array([], pa.string())), "there are columns but no rows"),
        (parquet(a=["x"], A=["y"]), "occurs twice"),
        (parquet(_row=["x"]), "reserved"),
    ],
)
def test_parquet_files_that_are_none(read_text: Read, content: bytes, what: str) -> None:
    with pytest.raises(DeliveryError, match=rf"^register\.parquet(:\d+)?: .*{what}") as raised:
        read_text("parquet", content, "register.parquet")
    assert "/tmp" not in str(raised.value)


def test_workbook_cells_become_text(read_text: Read) -> None:
    raw = read_text(
        "xlsx",
        xlsx(
            ["id", " long\nname ", "day", "moment", "amount", "flag", None],
            [7, "Ő Kft.", date(2024, 2, 29), datetime(2024, 1, 2, 3, 4, 5), 1234567890123, True, None],
            [0.5, "007", None, None, -3.25, False, None],
            [None, None, None, None, None, None, None],
            [2, "  ", date(2020, 1, 1), None, 1e20, None, None],
        ),
    )
    assert raw.columns == ("id", "long name", "day", "moment", "amount", "flag")
    assert without_row(raw) == [
        ("7", "Ő Kft.", "2024-02-29", "2024-01-02 03:04:05", "1234567890123", "true"),
        ("0.5", "007", None, None, "-3.25", "false"),
        ("2", "  ", "2020-01-01", None, "1e+20", None),
    ]
    assert [r["_row"] for r in records(raw)] == [1, 2, 4]


def test_cached_results_of_formulas(read_text: Read) -> None:
    """openpyxl writes formulas without a result; a result is put in as spreadsheets do."""
    content = xlsx(["a", "b"], [1, "=A2+1"])
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sheet1.xml"):
                assert b"<v />" in data or b"<v></v>" in data or b"<v/>" in data
                for empty in (b"<v />", b"<v></v>", b"<v/>"):
                    data = data.replace(empty, b"<v>2</v>")
            target.writestr(name, data)
    assert without_row(read_text("xlsx", buffer.getvalue())) == [("1", "2")]


def test_sheet_and_header_row(read_text: Read) -> None:
    content = xlsx(["a"], ["x"], Members=[["Title"], [], ["id", "name"], ["text", "text"], [1, "B"]])
    raw = read_text("xlsx", content, sheet="Members", header_row=3, first_row=5)
    assert (raw.columns, without_row(raw)) == (("id", "name"), [("1", "B")])
    assert read_text("xlsx", content, sheet=2, header_row=3).columns == ("id", "name")
    raw = read_text("xlsx", content, sheet=2, columns=["code", "label"], first_row=5)
    assert (raw.columns, without_row(raw)) == (("code", "label"), [("1", "B")])
    with pytest.raises(DeliveryError, match="no sheet 'Memers'; there are Data, Members"):
        read_text("xlsx", content, sheet="Memers")
    with pytest.raises(DeliveryError, match="no sheet '3'"):
        read_text("xlsx", content, sheet=3)
    with pytest.raises(DeliveryError, match="2 rows and no header row 9"):
        read_text("xlsx", content, header_row=9)
    with pytest.raises(DeliveryError, match=r"published\.csv:2: the header row is empty"):
        read_text("xlsx", content, sheet=2, header_row=2)


def test_cells_beyond_the_header_reject_their_row(read_text: Read) -> None:
    raw = read_text("xlsx", xlsx(["a", "b"], [1, 2], [3, 4, "note"], [5]))
    assert [(r["_row"], r["a"], r["b"]) for r in records(raw)] == [(1, "1", "2"), (3, "5", None)]
    assert [(r.row, r.reason) for r in raw.rejects] == [(2, "a cell to the right of the 2 columns of the header")]
    assert "note" in raw.rejects[0].raw
    assert_sound(raw)


def test_entities_are_not_expanded(read_text: Read) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(["a"], ["x"]))) as source, zipfile.ZipFile(buffer, "w") as target:
        for name in source.namelist():
            data = source.read(name)
            if name.endswith("sharedStrings.xml"):
                bomb = b'<!DOCTYPE s [<!ENTITY a "haha"><!ENTITY b "&a;&a;"><!ENTITY c SYSTEM "file:///etc/hostname">]>'
                # Without the declaration a document type may stand first.
                data = bomb + data.partition(b"?>")[2] if data.startswith(b"<?xml") else bomb + data
                data = data.replace(b">x<", b">&b;&c;<")
            target.writestr(name, data)
    try:
        text = str(without_row(read_text("xlsx", buffer.getvalue())))
    except DeliveryError:
        return
    assert "haha" not in text


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"a;b\n1;2\n", "not a readable workbook"),
        (xlsx(["a"], [1])[:-200], "not a readable workbook"),
        (xlsx(["a"], [1])[:300], "not a readable workbook"),
        (b"<html>", "not a readable workbook"),
        (xlsx(["a", "b"]), "a header but no rows"),
        (xlsx(["a", "A"], [1, 2]), "occurs twice"),
        (xlsx(), "no header row"),
    ],
)
def test_workbooks_that_are_none(read_text: Read, content: bytes, what: str) -> None:
    with pytest.raises(DeliveryError, match=rf"^clusters\.xlsx(:\d+)?: .*{what}"):
        read_text("xlsx", content, "clusters.xlsx")


def test_zip_bombs(read_text: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "UNPACKED_LIMIT", 1000)
    with pytest.raises(DeliveryError, match="taken for a zip bomb"):
        read_text("xlsx", xlsx(["a"], [1]))


def test_any_other_zip_is_no_workbook(read_text: Read) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a.csv", "a,b\n1,2\n")
    with pytest.raises(DeliveryError, match="not a readable workbook"):
        read_text("xlsx", buffer.getvalue())
