"""Dialects, headers and encodings of delimited files."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from resources.errors import ConfigurationError, DeliveryError
from resources.readers import csv_file, text_file
from resources.readers.base import Part
from tests.readers.conftest import Read, assert_sound, records, without_row


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_delimiter_is_recognised_from_the_header(read_text: Read, delimiter: str) -> None:
    raw = read_text("csv", delimiter.join(["a", "b", "c"]) + "\n" + delimiter.join(["1", "x y", "3"]) + "\n")
    assert raw.columns == ("a", "b", "c")
    assert records(raw) == [{"_row": 1, "a": "1", "b": "x y", "c": "3"}]


def test_delimiters_inside_quotes_do_not_count(read_text: Read) -> None:
    raw = read_text("csv", '"a,b,c,d";"e"\n"1,2";"x;y"\n')
    assert raw.columns == ("a,b,c,d", "e")
    assert without_row(raw) == [("1,2", "x;y")]


def test_equal_counts_are_decided_by_a_fixed_order(read_text: Read) -> None:
    assert read_text("csv", "a;b,c\n1,2\n").columns == ("a;b", "c")


def test_quotes_line_ends_and_doubled_quotes_inside_values(read_text: Read) -> None:
    raw = read_text("csv", 'id;text\n1;"two\nlines; ""quoted"""\n2;"""x"""\n')
    assert without_row(raw) == [("1", 'two\nlines; "quoted"'), ("2", '"x"')]


def test_without_quotes_a_quotation_mark_is_text(read_text: Read) -> None:
    raw = read_text("csv", 'a\tb\n"Firm\t1\n"A" Kft.\t2\n', delimiter="tab", quote="none")
    assert without_row(raw) == [('"Firm', "1"), ('"A" Kft.', "2")]


def test_null_like_words_stay_text_and_empty_is_null(read_text: Read) -> None:
    raw = read_text("csv", 'a,b,c,d\nNULL,NA,"",\nnan, ,0,\\N\n')
    assert without_row(raw) == [("NULL", "NA", None, None), ("nan", " ", "0", "\\N")]


def test_types_are_not_guessed(read_text: Read) -> None:
    raw = read_text("csv", "a,b,c\n007,1.50,2024-01-01\n+36,1e3,true\n")
    assert without_row(raw) == [("007", "1.50", "2024-01-01"), ("+36", "1e3", "true")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("final", [True, False])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_final_newline_and_byte_order_mark(read_text: Read, line_end: str, final: bool, bom: str) -> None:
    content = bom + line_end.join(["a;b", "1;x", '2;"y"']) + (line_end if final else "")
    raw = read_text("csv", content)
    assert raw.columns == ("a", "b")
    assert without_row(raw) == [("1", "x"), ("2", "y")]
    assert raw.rejects == ()


def test_mixed_line_ends_lose_no_row(read_text: Read) -> None:
    raw = read_text("csv", 'a,b\n1,2\r\n3,4\r5,"6\r\n7"\r\n8,9')
    assert without_row(raw) == [("1", "2"), ("3", "4"), ("5", "6\n7"), ("8", "9")]


@pytest.mark.parametrize("chunk", [1, 2, 3, 7])
def test_chunk_borders_do_not_matter(read_text: Read, monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    monkeypatch.setattr(text_file, "CHUNK", chunk)
    assert without_row(read_text("csv", "a,b\r\n1,ő\r\n\r\n3,4\r5,6\n\n7,8")) == [
        ("1", "ő"),
        ("3", "4"),
        ("5", "6"),
        ("7", "8"),
    ]
    raw = read_text("csv", "a,b\r\n\r\n1\r\n\r\n\r\n3,4\r\n5,6\r\n")
    assert [(r["_row"], r["a"]) for r in records(raw)] == [(2, "3"), (3, "5")]
    assert [(r.row, r.reason) for r in raw.rejects] == [(1, "1 fields instead of 2 (line 3)")]
    with pytest.raises(DeliveryError, match=r"published\.csv:3: byte 0xe9"):
        read_text("csv", b"a,b\n1,\xc5\x91\n2,\xe9\n")


@pytest.mark.parametrize("encoding", ["cp1250", "iso8859-2", "utf-16", "utf-16-le"])
def test_other_encodings(read_text: Read, encoding: str) -> None:
    raw = read_text("csv", "név;hely\nŐrség Kft.;Győr\n".encode(encoding), encoding=encoding)
    assert raw.columns == ("név", "hely")
    assert without_row(raw) == [("Őrség Kft.", "Győr")]


@pytest.mark.parametrize(
    ("content", "encoding", "line"),
    [
        (b"a;b\n1;x\n2;Gy\xf5r\n", "utf-8", 3),
        (b"a;b\r\n1;x\r\n2;Gy\xf5r\r\n", "utf-8", 3),
        (b"a;b\n1;x\n2;\x81\n", "cp1250", 3),
        (b"a;b\n1;\xc5", "utf-8", 2),
        ("a;b\n1;2\n".encode("utf-16"), "utf-8", 1),
    ],
)
def test_wrong_encoding_names_the_line(read_text: Read, content: bytes, encoding: str, line: int) -> None:
    with pytest.raises(DeliveryError, match=rf"^registry\.csv:{line}: byte 0x.. is not {encoding}"):
        read_text("csv", content, "registry.csv", encoding=encoding)


def test_names_for_a_file_without_header(read_text: Read) -> None:
    raw = read_text("csv", '1,"x, y"\n2,z\n3\n', header=["id", "name"])
    assert without_row(raw) == [("1", "x, y"), ("2", "z")]
    assert [(r.row, r.raw) for r in raw.rejects] == [(3, "3")]
    assert [r["_row"] for r in records(raw)] == [1, 2]


def test_names_decide_the_delimiter(read_text: Read) -> None:
    raw = read_text("csv", "1;a,b,c\n2;d,e,f\n", header=["id", "list"])
    assert without_row(raw) == [("1", "a,b,c"), ("2", "d,e,f")]


def test_lines_in_front_of_the_header(read_text: Read) -> None:
    raw = read_text("csv", 'Report "x\n\n\na;b\n1;2\n3\n4;5\n', skip=2)
    assert without_row(raw) == [("1", "2"), ("4", "5")]
    assert [r.reason for r in raw.rejects] == ["1 fields instead of 2 (line 6)"]


def test_header_over_two_lines(read_text: Read) -> None:
    raw = read_text("csv", '"a\nb",c\n1,2\n3\n4,5\n')
    assert raw.columns == ("a b", "c")
    assert [(r["_row"], r["c"]) for r in records(raw)] == [(1, "2"), (3, "5")]
    assert [(r.row, r.reason) for r in raw.rejects] == [(2, "1 fields instead of 2 (line 4)")]


def test_nameless_columns_are_numbered(read_text: Read) -> None:
    raw = read_text("csv", "id;;name;\n1;2;3;\n")
    assert raw.columns == ("id", "column_2", "name", "column_4")
    assert without_row(raw) == [("1", "2", "3", None)]


@pytest.mark.parametrize("header", ["a,b,a", "a,b,A", "a, a ,b"])
def test_duplicate_names_refuse_the_file(read_text: Read, header: str) -> None:
    with pytest.raises(
        DeliveryError, match=r"published\.csv:1: the column 'a' occurs twice|the column 'A' occurs twice"
    ):
        read_text("csv", header + "\n1,2,3\n")


def test_reserved_name(read_text: Read) -> None:
    with pytest.raises(DeliveryError, match="'_row', which is reserved"):
        read_text("csv", "_ROW,b\n1,2\n")


def test_wrong_delimiter_is_named(read_text: Read) -> None:
    with pytest.raises(DeliveryError, match=r"published\.csv:1: .*with a comma as delimiter, but contains a semicolon"):
        read_text("csv", "a;b;c\n1;2;3\n", delimiter=",")


def test_wrong_delimiter_with_some_of_it_in_the_header(read_text: Read) -> None:
    rows = "".join(f"{i};x;y\n" for i in range(20))
    with pytest.raises(DeliveryError, match=r"published\.csv:2: 20 of 20 records do not fit the 2 columns"):
        read_text("csv", "a;b,unit;c\n" + rows, delimiter=",")


def test_single_column(read_text: Read) -> None:
    raw = read_text("csv", "name\nA Kft.\n\nB Zrt.\n")
    assert [r["name"] for r in records(raw)] == ["A Kft.", None, "B Zrt."]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "the file is empty"),
        (b"a,b\n", "a header but no rows"),
        (b"a,b", "a header but no rows"),
        (b"\n\n\n", "the header cannot be read"),
        (b"\xef\xbb\xbf", "the header cannot be read"),
        (b'a,"b\n1,2\n', "the header cannot be read"),
        (b"<!DOCTYPE html><html><body>404</body></html>", "an HTML page"),
        (b"\n  <html lang=hu>", "an HTML page"),
        (b'<?xml version="1.0"?><a/>', "an XML document"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"PAR1rest", "a Parquet file"),
        (b"x" * 1_100_000, "longer than"),
    ],
)
def test_files_that_are_none(read_text: Read, content: bytes, what: str) -> None:
    with pytest.raises(DeliveryError, match=rf"^registry\.csv(:\d+)?: .*{what}"):
        read_text("csv", content, "registry.csv")


def test_no_rows_may_be_allowed(read_text: Read) -> None:
    raw = read_text("csv", "a,b\n", allow_empty=True)
    assert (raw.columns, records(raw), raw.rejects) == (("a", "b"), [], ())


def test_nul_characters_reject_their_row(read_text: Read) -> None:
    raw = read_text("csv", b"a,b\n1,x\n2,y\0z\n3,w\n")
    assert [r["_row"] for r in records(raw)] == [1, 3]
    assert [(r.row, r.reason, r.raw) for r in raw.rejects] == [(2, "holds a NUL character", "2,y\\x00z")]
    assert_sound(raw)


def test_a_path_is_no_pattern(tmp_path: Path, connection: duckdb.DuckDBPyConnection) -> None:
    for name in ("year=2024*", "year=2024b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "blob").write_text("a,b\n1,2\n")
    raw = csv_file.read_csv(Part("x.csv", tmp_path / "year=2024*" / "blob", "", 8), connection, {"quote": "none"})
    assert raw.columns == ("a", "b")
    assert without_row(raw) == [("1", "2")]


@pytest.mark.parametrize(
    "options",
    [
        {"delimeter": ";"},
        {"delimiter": ";;"},
        {"quote": "''"},
        {"encoding": "utf-9"},
        {"encoding": "rot13"},
        {"header": False},
        {"header": []},
        {"skip": -1},
    ],
)
def test_wrong_options(read_text: Read, options: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match="options of the format 'csv'"):
        read_text("csv", "a,b\n1,2\n", **options)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    ("last", "line"),
    [
        ("3,Győr", 4),
        ("3", 4),
        ('3,"Győr', 4),
        ('3,z,"y', 4),
        ('3,z,"y"" x', 4),
        ('3,"first\nsecond', 5),
    ],
)
def test_a_file_that_ends_within_a_record_is_refused(
    read_text: Read, last: str, line: int, line_end: str, encoding: str
) -> None:
    content = line_end.join(["a,b,c", "1,x,y", "2,x,y", last.replace("\n", line_end)])
    with pytest.raises(DeliveryError) as caught:
        read_text("csv", content.encode(encoding), encoding=encoding)
    assert caught.value.where == "published.csv"
    if line_end == "\r\n" and "\n" in last:
        # the one end that DuckDB refuses to parse by itself
        assert "cannot be parsed" in str(caught.value)
        return
    assert f"ends in the middle of a record (line {line}): the delivery is truncated" in str(caught.value)
    # with a line end the publisher meant it so, and it is a reject
    assert len(read_text("csv", (content + line_end).encode(encoding), encoding=encoding).rejects) >= 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_a_whole_last_record_needs_no_line_end(read_text: Read, encoding: str) -> None:
    for last in ("3,x,y", "3,,", '3,"x","y"', '3,x,"y"'):
        raw = read_text("csv", f"a,b,c\n1,x\n2,x,y\n{last}".encode(encoding), encoding=encoding)
        assert [record["_row"] for record in records(raw)] == [2, 3]
        assert [reject.row for reject in raw.rejects] == [1]
