"""Text files before any of their records is read: encoding, line ends, what is in front of the header.

Belongs here: getting the bytes of a file, in constant memory, into the one form that is parsed: UTF-8 with one kind of
line end. A file already in that form is read where it lies. Does not belong here: delimiters, quotes, records.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from resources.readers.base import Part
from resources.readers.foreign import not_in_encoding

CHUNK = 4 * 1024 * 1024
BOM = codecs.BOM_UTF8


@dataclass(frozen=True)
class Survey:
    """What one pass over the bytes found.

    Attributes:
        lf: number of `\\n`, those in `\\r\\n` included.
        crlf: number of `\\r\\n`.
        cr: number of `\\r`, those in `\\r\\n` included.
        nul: number of NUL bytes.
        blank: number of lines without a byte.
        starts_blank: the first line is blank.
        ends_with_newline: the last byte is `\\n`.
        last_line: up to 64 KiB of the last line, without its end.
    """

    lf: int
    crlf: int
    cr: int
    nul: int
    blank: int
    starts_blank: bool
    ends_with_newline: bool
    last_line: bytes

    @property
    def has_one_line_end(self) -> bool:
        """All lines end the same way, `\\n` or `\\r\\n`."""
        return self.cr == self.crlf and self.crlf in (0, self.lf)


@dataclass(frozen=True)
class PlainText:
    """A file of UTF-8 text with one kind of line end.

    Attributes:
        path: the archived file itself, or a rewritten copy in the scratch folder.
        survey: of `path`.
        dropped_lines: physical lines of the publisher's file in front of `path`'s first.
        is_copy: `path` may be changed.
    """

    path: Path
    survey: Survey
    dropped_lines: int
    is_copy: bool


def known_encoding(name: str) -> str:
    """The canonical name of a text encoding.

    Raises:
        ValueError: Python knows no such text encoding.
    """
    try:
        # `lookup` alone would also find rot13 and base64, which are not encodings of text.
        "".encode(name)
        return codecs.lookup(name).name
    except LookupError:
        raise ValueError(f"unknown encoding '{name}'") from None


def plain_text(part: Part, scratch: Path, *, encoding: str = "utf-8", skip: int = 0, quote: str = "") -> PlainText:
    """Bring a file into the form that is parsed, copying only what is not in it already.

    Line ends inside quoted values become `\\n` when the file mixes line ends or has bare `\\r`.

    Args:
        part: the file.
        scratch: existing folder for copies.
        encoding: of the file.
        skip: physical lines in front of the header.
        quote: quotation mark; an unclosed one at the very end needs a final line end to be noticed.

    Raises:
        DeliveryError: a byte is not of the encoding; names the line.
    """
    path, is_copy, dropped = part.path, False, 0
    if known_encoding(encoding) not in ("utf-8", "utf-8-sig", "ascii"):
        path, is_copy = _transcode(part, encoding, scratch / "transcoded"), True
    found = survey(part, path)
    unclosed_end = bool(quote) and not found.ends_with_newline and quote.encode() in found.last_line
    if skip or found.starts_blank or not found.has_one_line_end or unclosed_end:
        target = scratch / "rewritten"
        dropped = _rewrite(path, target, skip)
        path, is_copy, found = target, True, survey(part, target)
    return PlainText(path, found, dropped, is_copy)


def survey(part: Part, path: Path) -> Survey:
    """Count line ends and NUL bytes and check that the file is UTF-8, in one pass.

    Raises:
        DeliveryError: a byte is not UTF-8; names the line.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    lf = crlf = cr = nul = blank = 0
    before = b""
    first = last = b""
    with path.open("rb") as file:
        while True:
            chunk = file.read(CHUNK)
            try:
                decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                line = (lf or cr) + (error.object.count(b"\n", 0, error.start) if lf or not cr else 0) + 1
                byte = error.object[error.start : error.start + 1]
                raise not_in_encoding(part, "utf-8", line, byte) from None
            if not chunk:
                break
            first = first or chunk[:8]
            lf += chunk.count(b"\n")
            cr += chunk.count(b"\r")
            nul += chunk.count(b"\0")
            joined = before + chunk
            if b"\r" in joined:
                # The tail of the previous chunk is in `joined` again and was counted already.
                crlf += joined.count(b"\r\n") - before.count(b"\r\n")
                blank += _count_overlapping(joined, b"\r\n\r\n") - _count_overlapping(before, b"\r\n\r\n")
            blank += _count_overlapping(joined, b"\n\n") - _count_overlapping(before, b"\n\n")
            before = joined[-3:]
            last = (last + chunk)[-65536:]
    return Survey(
        lf=lf,
        crlf=crlf,
        cr=cr,
        nul=nul,
        blank=blank,
        starts_blank=first.removeprefix(BOM)[:1] in (b"\n", b"\r"),
        ends_with_newline=last.endswith(b"\n"),
        last_line=last.removesuffix(b"\n").removesuffix(b"\r").rpartition(b"\n")[2],
    )


def _count_overlapping(text: bytes, pair: bytes) -> int:
    """Occurrences of a doubled line end, so that three in a row count as two."""
    half = len(pair) // 2
    count, start = 0, text.find(pair)
    while start >= 0:
        count += 1
        start = text.find(pair, start + half)
    return count


def _transcode(part: Part, encoding: str, target: Path) -> Path:
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    with part.path.open("rb") as source, target.open("wb") as copy:
        while True:
            chunk = source.read(CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                good = error.object[: error.start].decode(encoding, "ignore")
                byte = error.object[error.start : error.start + 1]
                raise not_in_encoding(part, encoding, lines + good.count("\n") + 1, byte) from None
            copy.write(text.encode("utf-8", "replace"))
            lines += text.count("\n")
            if not chunk:
                return target


def _unix_chunks(path: Path) -> Iterator[bytes]:
    """The file with every `\\r\\n` and `\\r` turned into `\\n`, without a byte order mark."""
    carried, first = b"", True
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            text = carried + chunk
            if first:
                text, first = text.removeprefix(BOM), False
            carried = b"\r" if text.endswith(b"\r") else b""
            yield text.removesuffix(carried).replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if carried:
        yield b"\n"


def _rewrite(path: Path, target: Path, skip: int) -> int:
    """Copy with `\\n` line ends and a final one, without the first `skip` lines and blank lines after them."""
    dropped, in_front, last = 0, True, b""
    with target.open("wb") as copy:
        for chunk in _unix_chunks(path):
            text = chunk
            while in_front and text:
                if dropped >= skip and not text.startswith(b"\n"):
                    in_front = False
                elif b"\n" in text:
                    text, dropped = text[text.index(b"\n") + 1 :], dropped + 1
                else:
                    text = b""
            copy.write(text)
            last = text[-1:] or last
        if last not in (b"", b"\n"):
            copy.write(b"\n")
    return dropped
