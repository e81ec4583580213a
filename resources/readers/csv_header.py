"""The header of a delimited file: delimiter and column names.

Belongs here: what is learnt from the first record. Does not belong here: reading records (`csv_file`).
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from resources.errors import DeliveryError
from resources.readers.base import Part
from resources.readers.foreign import printable
from resources.readers.tables import column_names
from resources.readers.text_file import PlainText

DELIMITERS = (",", ";", "|", "\t")
"""Delimiters that are recognised, in the order that decides between equals."""

_LONGEST_HEADER = 1024 * 1024
_NAMES = {",": "a comma", ";": "a semicolon", "|": "a vertical bar", "\t": "a tab"}


@dataclass(frozen=True)
class Header:
    """Names, delimiter and extent of a header.

    Attributes:
        names: column names, unique.
        delimiter: one character.
        lines: physical lines the header takes; 0 when the file has none.
    """

    names: tuple[str, ...]
    delimiter: str
    lines: int


def read_header(part: Part, text: PlainText, delimiter: str | None, quote: str, names: list[str] | None) -> Header:
    """Recognise delimiter and columns from the first record.

    Args:
        part: the file, for messages.
        text: its text.
        delimiter: None to recognise it.
        quote: quotation mark, empty when the file has none.
        names: columns of a file without a header.

    Raises:
        DeliveryError: no first line, an unclosed quotation mark in it, or a delimiter that is evidently another one.
    """
    start = _start(part, text.path)
    line = text.dropped_lines + 1
    first = re.sub(f"{re.escape(quote)}[^{re.escape(quote)}]*{re.escape(quote)}", "", start) if quote else start
    first = first.partition("\n")[0]
    chosen = delimiter or _recognise(first, len(names) if names else 0)
    if names:
        return Header(tuple(column_names(names, part, line)), chosen, 0)
    published, lines = _first_record(part, start, chosen, quote, line)
    if len(published) == 1:
        for other in DELIMITERS:
            if other != chosen and first.count(other) > 0:
                raise DeliveryError(
                    f"the header is a single column with {_NAMES.get(chosen, repr(chosen))} as delimiter, "
                    f"but contains {_NAMES[other]}: '{printable(first[:60])}'",
                    where=f"{part.name}:{line}",
                    action="correct the delimiter in the source's options",
                )
    return Header(tuple(column_names(published, part, line)), chosen, lines)


def _start(part: Part, path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_LONGEST_HEADER)
        whole = not file.read(1)
    if not whole and b"\n" not in head:
        raise DeliveryError(
            f"the first line is longer than {_LONGEST_HEADER:,} bytes",
            where=f"{part.name}:1",
            action="this is not a delimited text; check the source's format",
        )
    # The cut may go through a character.
    return head.decode("utf-8-sig", "ignore")


def _recognise(first: str, wanted: int) -> str:
    counts = {candidate: first.count(candidate) for candidate in DELIMITERS}
    for candidate, count in counts.items():
        if wanted > 1 and count == wanted - 1:
            return candidate
    return max(DELIMITERS, key=lambda candidate: counts[candidate])


def _first_record(part: Part, start: str, delimiter: str, quote: str, line: int) -> tuple[list[str], int]:
    lines = io.StringIO(start, newline="")
    if quote:
        reader = csv.reader(lines, delimiter=delimiter, quotechar=quote, strict=True)
    else:
        reader = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    try:
        published = next(reader)
    except (csv.Error, StopIteration) as error:
        raise DeliveryError(
            f"the header cannot be read ({str(error) or 'no line'})",
            where=f"{part.name}:{line}",
            action="check the delimiter and the quotation mark in the source's options",
        ) from None
    return published, reader.line_num
