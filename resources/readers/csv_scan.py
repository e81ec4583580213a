"""DuckDB's scan of a delimited file, what it rejects, and mending what an unclosed quotation mark swallows.

Belongs here: the one `read_csv` statement and the meaning of its reject table. Does not belong here: options, headers.
"""

from __future__ import annotations

import re
import shutil
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import duckdb

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part
from resources.readers.csv_header import Header
from resources.readers.tables import literal, quoted, scratch_name
from resources.readers.text_file import PlainText

LONGEST_LINE = 2_000_000
"""Bytes of the longest record that is parsed."""

_MENDINGS = 50
_UNQUOTED = "UNQUOTED VALUE"
_TOO_LONG = "LINE SIZE OVER MAXIMUM"


@dataclass(frozen=True)
class Misfit:
    """A record that DuckDB rejected.

    Attributes:
        ordinal: 1-based position among records and blank lines.
        offset: byte at which the record starts.
        reason: in words.
        raw: its text.
        swallows: it runs over line ends because of a quotation mark, so that sound records may be in it.
        blank_lines_before: blank lines of the file in front of it.
    """

    ordinal: int
    offset: int
    reason: str
    raw: str
    swallows: bool
    blank_lines_before: int = 0

    @property
    def line_ends(self) -> int:
        """Line ends inside the record."""
        return self.raw.count("\n")


class Scan:
    """The one way a delimited file is given to DuckDB."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, header: Header, quote: str) -> None:
        self.connection, self.path, self.header, self.quote = connection, path, header, quote

    def _source(self, errors: str, scans: str) -> str:
        types = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(self.header.names)))
        quote = literal(self.quote)
        return (
            f"read_csv({literal(str(self.path))}, auto_detect = false, columns = {{{types}}}, "
            f"header = {str(self.header.lines > 0).lower()}, delim = {literal(self.header.delimiter)}, "
            f"quote = {quote}, escape = {quote}, comment = '', nullstr = '', null_padding = false, "
            f"strict_mode = true, compression = 'none', hive_partitioning = false, parallel = false, "
            f"max_line_size = {LONGEST_LINE}, store_rejects = true, rejects_limit = 0, "
            f"rejects_table = {literal(errors)}, rejects_scan = {literal(scans)})"
        )

    def into(self, table: str, part: Part) -> list[Misfit]:
        """Parse into a temporary table with an ordinal over the good rows; returns what was rejected."""
        values = ", ".join(f"c{i} AS {quoted(name)}" for i, name in enumerate(self.header.names))
        return self._run(f"CREATE TEMP TABLE {table} AS SELECT row_number() OVER () AS {ROW}, {values} FROM ", part)

    def probe(self, part: Part) -> list[Misfit]:
        """Parse for the rejects alone."""
        return self._run("SELECT count(*) FROM ", part)

    def _run(self, statement: str, part: Part) -> list[Misfit]:
        errors, scans = scratch_name("errors"), scratch_name("scans")
        try:
            self.connection.execute(statement + self._source(errors, scans)).fetchall()
            found = self.connection.execute(
                f"SELECT line, line_byte_position, error_type, error_message, csv_line FROM {errors} "
                "ORDER BY line_byte_position, line, byte_position"
            ).fetchall()
        except duckdb.InvalidInputException as error:
            raise DeliveryError(
                f"cannot be parsed ({str(error).splitlines()[0]})",
                where=part.name,
                action="check delimiter, quotation mark and encoding in the source's options",
            ) from None
        finally:
            self.connection.execute(f"DROP TABLE IF EXISTS {errors}; DROP TABLE IF EXISTS {scans}")
        by_record: dict[int, list[tuple[int, str, str, str]]] = {}
        for line, offset, kind, message, raw in found:
            # DuckDB counts bytes from 1.
            by_record.setdefault(int(offset) - 1, []).append((int(line), kind, message, raw or ""))
        return self._misfits(by_record)

    def _misfits(self, by_record: dict[int, list[tuple[int, str, str, str]]]) -> list[Misfit]:
        blank = _blank_lines(self.path) if by_record else []
        misfits = []
        for start, entries in sorted(by_record.items()):
            line, _, _, text = entries[0]
            raw = text.lstrip("\r\n")
            offset = start + len(text) - len(raw)
            raw = raw.rstrip("\r\n")
            kinds = {kind for _, kind, _, _ in entries}
            misfits.append(
                Misfit(
                    ordinal=line - (self.header.lines > 0),
                    offset=offset,
                    reason=self._reason(kinds, [message for _, _, message, _ in entries]),
                    raw=raw,
                    swallows=_TOO_LONG in kinds or (_UNQUOTED in kinds and "\n" in raw),
                    blank_lines_before=bisect_left(blank, offset),
                )
            )
        return misfits

    def _reason(self, kinds: set[str], messages: Sequence[str]) -> str:
        if _UNQUOTED in kinds:
            return "a quotation mark is not closed or not doubled"
        if _TOO_LONG in kinds:
            return f"longer than {LONGEST_LINE:,} bytes"
        counts = [int(n) for message in messages for n in re.findall(r"Found: (\d+)", message)]
        if not counts:
            return messages[0]
        found = min(counts) if min(counts) < len(self.header.names) else max(counts)
        return f"{found} fields instead of {len(self.header.names)}"


def mend(part: Part, scan: Scan, text: PlainText, scratch: Path) -> tuple[PlainText, dict[int, Misfit]]:
    """Blot out the lines whose quotation mark swallows others, until none does.

    A line is overwritten with as many bytes that fit no record, so that offsets stay and the next parse rejects it.
    DuckDB drops what an unclosed quotation mark swallows at the end of the file without a reject; a mark put behind
    the end while mending closes it wrongly, which is rejected.

    Args:
        part: the file, for messages.
        scan: gets the mended copy as its path.
        text: the file as it is parsed.
        scratch: folder for the copy.

    Returns:
        The mended text, and by offset what stood in the blotted lines.

    Raises:
        DeliveryError: a line cannot be blotted out (longer than `LONGEST_LINE`).
    """
    copy = text.path
    if not text.is_copy:
        copy = scratch / "mended"
        shutil.copyfile(text.path, copy)
        # The archive's files are read-only and so is a copy made with their mode.
        copy.chmod(0o600)
    scan.path = copy
    size = copy.stat().st_size
    with copy.open("ab") as file:
        file.write(f"{scan.quote}x\n".encode())
    blotted: dict[int, Misfit] = {}
    for _ in range(_MENDINGS):
        culprits = _culprits([m for m in scan.probe(part) if m.offset < size])
        if not culprits:
            break
        with copy.open("r+b") as file:
            for culprit in culprits:
                file.seek(culprit.offset)
                line = file.readline(LONGEST_LINE).rstrip(b"\r\n")
                filler = _filler(scan.header, len(line))
                if (
                    culprit.offset in blotted
                    or not filler
                    or not line.decode("utf-8", "ignore").startswith(culprit.raw.partition("\n")[0].rstrip("\r"))
                ):
                    raise DeliveryError(
                        f"a quotation mark is never closed or a line is longer than {LONGEST_LINE:,} bytes",
                        where=f"{part.name}:{locate(copy, [culprit.offset])[0] + text.dropped_lines}",
                        action="if the publisher does not quote, set 'quote: none'",
                    )
                file.seek(culprit.offset)
                file.write(filler)
                reason = "a quotation mark is not closed or not doubled"
                blotted[culprit.offset] = replace(
                    culprit, raw=line.decode("utf-8", "replace"), reason=reason, swallows=False
                )
    with copy.open("r+b") as file:
        file.truncate(size)
    return replace(text, path=copy, is_copy=True), blotted


def _culprits(misfits: Sequence[Misfit]) -> list[Misfit]:
    """Swallowing records that are at fault themselves: what follows one without a gap may be its remains."""
    culprits = []
    tainted_until = -1
    for misfit in misfits:
        is_remains = misfit.offset <= tainted_until
        if misfit.swallows and not is_remains:
            culprits.append(misfit)
        if misfit.swallows or is_remains:
            # A line end of up to two bytes lies between.
            tainted_until = misfit.offset + len(misfit.raw.encode()) + 2
    return culprits


def _filler(header: Header, length: int) -> bytes:
    """Bytes that are a record of one field, or of two where one is right; empty if that cannot be."""
    if len(header.names) > 1:
        return b"x" * length
    return header.delimiter.encode() + b"x" * (length - 1) if length > 1 else b""


def locate(path: Path, offsets: Sequence[int]) -> list[int]:
    """1-based lines of ascending byte offsets."""
    lines, line, position = [], 1, 0
    with path.open("rb") as file:
        for offset in offsets:
            while position < offset:
                chunk = file.read(min(offset - position, 4 * 1024 * 1024))
                if not chunk:
                    break
                position += len(chunk)
                line += chunk.count(b"\n")
            lines.append(line)
    return lines


def _blank_lines(path: Path) -> list[int]:
    """Offsets of lines without a byte, wherever they are."""
    found, position = [], 0
    with path.open("rb") as file:
        for line in file:
            if line in (b"\n", b"\r\n"):
                found.append(position)
            position += len(line)
    return found
