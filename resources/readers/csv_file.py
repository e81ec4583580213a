"""Delimited text (`csv`): DuckDB parses, this module sees to it that every record is accounted for.

DuckDB's parser is fast and keeps what it rejects, but a quotation mark that is never closed makes it skip rows without
a word (1.5.6: up to 40 % of a file of 2 million rows). Hence:

- one thread parses, because with several the position of a reject is wrong and no gain was measured;
- a quotation mark that swallows lines costs the line it stands in: that line is blotted out in a copy and becomes a
  reject, and the file is parsed again;
- at the end the line ends of the file are counted against those of header, rows, rejects and blank lines; a
  difference refuses the file.

A file whose last line has no end is taken only if that line is a whole record: otherwise the transfer broke off.

Belongs here: rows of text from delimited files. Does not belong here: what the columns mean.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
from pydantic import Field, field_validator

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part, RawRows, Reject
from resources.readers.csv_header import Header, read_header
from resources.readers.csv_scan import Misfit, Scan, locate, mend
from resources.readers.foreign import printable, refuse_empty, refuse_foreign
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import literal, quoted, scratch_name
from resources.readers.text_file import PlainText, known_encoding, plain_text

HOPELESS_SHARE = 0.9
"""Share of rejected records above which the dialect, not the records, is taken to be wrong."""


class CsvOptions(ReaderOptions):
    """Dialect of a delimited file.

    Attributes:
        delimiter: one character, `tab`, or `auto` (the most frequent of comma, semicolon, bar and tab in the header).
        quote: one character, or `none`.
        encoding: `utf-8` (with or without byte order mark), `cp1250`, `iso8859-2`, `utf-16` ...
        header: true, or the column names of a file that has no header.
        skip: physical lines in front of the header.
    """

    delimiter: str = "auto"
    quote: str = '"'
    encoding: str = "utf-8"
    header: bool | list[str] = True
    skip: int = Field(default=0, ge=0)

    @field_validator("delimiter")
    @classmethod
    def _delimiter(cls, value: str) -> str:
        value = {"tab": "\t", "\\t": "\t"}.get(value, value)
        if value != "auto" and (len(value) != 1 or value in '"\r\n\0' or not value.isascii()):
            raise ValueError("one ASCII character, 'tab' or 'auto'")
        return value

    @field_validator("quote", mode="before")
    @classmethod
    def _quote(cls, value: Any) -> Any:
        value = "" if value in (None, "none") else value
        if isinstance(value, str) and (len(value) > 1 or value in ("\r", "\n", "\0") or not value.isascii()):
            raise ValueError("one ASCII character or 'none'")
        return value

    @field_validator("encoding")
    @classmethod
    def _encoding(cls, value: str) -> str:
        known_encoding(value)
        return value

    @field_validator("header")
    @classmethod
    def _header(cls, value: bool | list[str]) -> bool | list[str]:
        if value is False or value == []:
            raise ValueError("true, or the list of column names of a file without a header")
        return value


def ends_with_line_end(path: Path) -> bool:
    """Whether the last character of a text is a line end, whatever its encoding (UTF-16 adds NULs)."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4))
        return file.read().rstrip(b"\0").endswith((b"\n", b"\r"))


def truncated(part: Part, line: int) -> DeliveryError:
    """The error for a file whose last record was cut."""
    return DeliveryError(
        f"ends in the middle of a record (line {line}): the delivery is truncated",
        where=part.name,
        action="fetch it again or ask the publisher for the whole file",
    )


def read_csv(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read a delimited file; see `CsvOptions`.

    Empty values, quoted or not, are null. A column without a name is called `column_<position>`; a name that occurs
    twice refuses the file. Surplus delimiters at the end of a record are tolerated.

    Returns:
        Rows in a temporary table of `connection`; rejects for records with too few or too many fields, with a
        quotation mark that is not closed or not doubled, or with a NUL character.

    Raises:
        DeliveryError: empty, another kind of file, another encoding, no usable header, hardly a record that fits,
            no records, an end in the middle of a record, or lines that cannot be accounted for.
    """
    return read_delimited(part, connection, parse_options(CsvOptions, options, "csv"), "delimited text")


def read_delimited(part: Part, connection: duckdb.DuckDBPyConnection, options: CsvOptions, expected: str) -> RawRows:
    """`read_csv` for other formats that are delimited text underneath.

    Args:
        part: the file.
        connection: where the rows go.
        options: the dialect.
        expected: what the file should be, for messages.
    """
    refuse_empty(part)
    with part.path.open("rb") as file:
        refuse_foreign(part, file.read(4096), expected)
    with tempfile.TemporaryDirectory(prefix="coopgva-csv-") as folder:
        scratch = Path(folder)
        if any(wildcard in str(part.path) for wildcard in "*?[{"):
            # DuckDB would take the path for a pattern.
            (scratch / "delivered").symlink_to(part.path.resolve())
            part = replace(part, path=scratch / "delivered")
        text = plain_text(part, scratch, encoding=options.encoding, skip=options.skip, quote=options.quote)
        names = options.header if isinstance(options.header, list) else None
        delimiter = None if options.delimiter == "auto" else options.delimiter
        header = read_header(part, text, delimiter, options.quote, names)
        return _Reading(part, connection, options, header, text, scratch).rows()


class _Reading:
    """One file on its way into a table."""

    def __init__(
        self,
        part: Part,
        connection: duckdb.DuckDBPyConnection,
        options: CsvOptions,
        header: Header,
        text: PlainText,
        scratch: Path,
    ) -> None:
        self._part, self._connection, self._options = part, connection, options
        self._header, self._text, self._scratch = header, text, scratch
        self._table = scratch_name("csv")

    def rows(self) -> RawRows:
        """Parse, account for every line, number the records."""
        scan = Scan(self._connection, self._text.path, self._header, self._options.quote)
        misfits = scan.into(self._table, self._part)
        good, blank, lost = self._account(misfits)
        if self._options.quote and (lost or any(misfit.swallows for misfit in misfits)):
            self._text, blotted = mend(self._part, scan, self._text, self._scratch)
            self._connection.execute(f"DROP TABLE {self._table}")
            misfits = [
                replace(m, raw=blotted[m.offset].raw, reason=blotted[m.offset].reason) if m.offset in blotted else m
                for m in scan.into(self._table, self._part)
            ]
            good, blank, lost = self._account(misfits)
        if lost:
            raise DeliveryError(
                f"{lost:,} lines cannot be accounted for: records would be lost",
                where=self._part.name,
                action="check quotation marks and line ends; if the publisher does not quote, set 'quote: none'",
            )
        self._refuse_hopeless(good, misfits)
        self._refuse_truncated(misfits)
        rejects = self._number(misfits, blank) + self._take_out_nul()
        names = tuple(self._header.names)
        return RawRows(names, self._connection.table(self._table), tuple(sorted(rejects, key=lambda r: r.row)))

    def _count(self, sql: str) -> int:
        found = self._connection.execute(sql).fetchone()
        return int(found[0] or 0) if found else 0

    def _account(self, misfits: list[Misfit]) -> tuple[int, int, int]:
        """Rows, blank lines between records, and lines of the file that are in neither rows nor rejects."""
        survey = self._text.survey
        good = self._count(f"SELECT count(*) FROM {self._table}")
        left = survey.lf + (not survey.ends_with_newline) - self._header.lines - good
        left -= sum(1 + misfit.line_ends for misfit in misfits)
        if left:
            embedded = [
                f"sum(length({c}) - length(replace({c}, chr(10), '')))" for c in map(quoted, self._header.names)
            ]
            left -= self._count(f"SELECT {' + '.join(f'coalesce({e}, 0)' for e in embedded)} FROM {self._table}")
        return (good, left, 0) if 0 <= left <= survey.blank else (good, 0, abs(left))

    def _refuse_hopeless(self, good: int, misfits: list[Misfit]) -> None:
        read = good + len(misfits)
        if read == 0 and not self._options.allow_empty:
            raise DeliveryError(
                "there is a header but no rows",
                where=self._part.name,
                action="ask the publisher, or set 'allow_empty: true'",
            )
        if misfits and len(misfits) > HOPELESS_SHARE * read:
            first = misfits[0]
            raise DeliveryError(
                f"{len(misfits):,} of {read:,} records do not fit the {len(self._header.names)} columns "
                f"({first.reason}: '{printable(first.raw[:60])}')",
                where=f"{self._part.name}:{self._lines([first])[0]}",
                action="check delimiter, quotation mark and header in the source's options",
            )

    def _refuse_truncated(self, misfits: list[Misfit]) -> None:
        if not misfits or ends_with_line_end(self._part.path):
            return
        # The text may have got a final line end when it was rewritten; a line end is no byte of a record.
        text = self._text.path
        end = text.stat().st_size - self._text.survey.ends_with_newline
        last = misfits[-1]
        if last.offset + len(last.raw.encode()) >= end:
            raise truncated(self._part, self._lines([last])[0])

    def _lines(self, misfits: list[Misfit]) -> list[int]:
        """Physical lines of the publisher's file at which `misfits` (ordered) start."""
        return [line + self._text.dropped_lines for line in locate(self._text.path, [m.offset for m in misfits])]

    def _number(self, misfits: list[Misfit], blank: int) -> list[Reject]:
        """Give rows and rejects their ordinals: a row moves up by the rejects in front of it."""
        if not misfits:
            return []
        ordinals = [m.ordinal for m in misfits]
        if blank:
            ordinals = [m.ordinal - min(blank, m.blank_lines_before) for m in misfits]
        # The k-th reject (from 0) with ordinal r stands behind r - 1 - k good rows.
        behind = [max(0, ordinal - 1 - k) for k, ordinal in enumerate(ordinals)]
        shifts = scratch_name("shift")
        self._connection.execute(
            f"CREATE TEMP TABLE {shifts} AS SELECT unnest(?::BIGINT[]) AS behind, unnest(?::BIGINT[]) AS until, "
            "unnest(?::BIGINT[]) AS shift",
            [behind, [*behind[1:], 2**62], list(range(1, len(misfits) + 1))],
        )
        self._connection.execute(
            f"UPDATE {self._table} SET {ROW} = {ROW} + s.shift FROM {shifts} s "
            f"WHERE {self._table}.{ROW} > s.behind AND {self._table}.{ROW} <= s.until"
        )
        self._connection.execute(f"DROP TABLE {shifts}")
        return [
            Reject(before + k + 1, f"{m.reason} (line {line})", printable(m.raw))
            for k, (before, m, line) in enumerate(zip(behind, misfits, self._lines(misfits), strict=True))
        ]

    def _take_out_nul(self) -> list[Reject]:
        """Rows with a NUL character, which no database but DuckDB would store."""
        if not self._text.survey.nul:
            return []
        columns = [quoted(name) for name in self._header.names]
        condition = " OR ".join(f"contains({column}, chr(0))" for column in columns)
        values = ", ".join(columns)
        found = self._connection.execute(
            f"SELECT {ROW}, concat_ws({literal(self._header.delimiter)}, {values}) FROM {self._table} "
            f"WHERE {condition} ORDER BY {ROW}"
        ).fetchall()
        self._connection.execute(f"DELETE FROM {self._table} WHERE {condition}")
        return [Reject(int(row), "holds a NUL character", printable(raw)) for row, raw in found]
