"""Files that are not what they should be: empty, an HTML page, an archive, a damaged text.

Belongs here: refusing a file by its first bytes, and decoding a whole file with the line of the first bad byte. Does
not belong here: anything that knows a format's records.
"""

from __future__ import annotations

import re

from resources.errors import DeliveryError
from resources.readers.base import Part

WHOLE_FILE_LIMIT = 512 * 1024 * 1024
"""Bytes of the largest file that is read into memory at once (JSON, XML, spreadsheets)."""

_SIGNATURES = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF document"),
    (b"PAR1", "a Parquet file"),
    (b"\xd0\xcf\x11\xe0", "an old Office document"),
    (b"\x89PNG", "a picture"),
)
_HTML = re.compile(rb"\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL)
_AGAIN = "ask the publisher for the file again, or correct the source's address"


def refuse_empty(part: Part) -> None:
    """Refuse a file without a single byte.

    Raises:
        DeliveryError: the file is empty or no longer there.
    """
    try:
        size = part.path.stat().st_size
    except FileNotFoundError:
        raise DeliveryError("the archived file is gone", where=part.name, action="deliver it again") from None
    if size == 0:
        raise DeliveryError("the file is empty (0 bytes)", where=part.name, action=_AGAIN)


def refuse_foreign(part: Part, head: bytes, expected: str, *, xml: bool = False) -> None:
    """Refuse a file whose first bytes belong to another kind of file.

    Args:
        part: the file, for the message.
        head: its first bytes (4 KiB are enough).
        expected: what it should be, for the message.
        xml: an XML document is welcome.

    Raises:
        DeliveryError: names what the file is instead.
    """
    found = next((name for signature, name in _SIGNATURES if head.startswith(signature)), None)
    start = head.removeprefix(b"\xef\xbb\xbf")
    if _HTML.match(start):
        found = "an HTML page"
    elif start.lstrip().startswith(b"<?xml") and not xml:
        found = "an XML document"
    if found:
        raise DeliveryError(f"this is {found}, not {expected}", where=f"{part.name}:1", action=_AGAIN)


def read_whole(part: Part, expected: str, *, xml: bool = False) -> bytes:
    """All bytes of a file that must fit into memory.

    Raises:
        DeliveryError: empty, another kind of file, or larger than `WHOLE_FILE_LIMIT`.
    """
    refuse_empty(part)
    if part.path.stat().st_size > WHOLE_FILE_LIMIT:
        raise DeliveryError(
            f"{part.path.stat().st_size:,} bytes are more than this format is read with ({WHOLE_FILE_LIMIT:,})",
            where=part.name,
            action="deliver it in smaller files or as CSV",
        )
    content = part.path.read_bytes()
    refuse_foreign(part, content[:4096], expected, xml=xml)
    return content


def decode_utf8(part: Part, content: bytes) -> str:
    """Decode UTF-8 with or without a byte order mark.

    Raises:
        DeliveryError: names the line of the first byte that is not UTF-8.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise not_in_encoding(part, "utf-8", line, content[error.start : error.start + 1]) from None


def not_in_encoding(part: Part, encoding: str, line: int, byte: bytes) -> DeliveryError:
    """The error for a byte that an encoding does not have."""
    hint = (
        "it looks like UTF-16" if line == 1 and byte in (b"\xff", b"\xfe") else "it is damaged or in another encoding"
    )
    return DeliveryError(
        f"byte 0x{byte.hex()} is not {encoding}: {hint}",
        where=f"{part.name}:{line}",
        action="state the file's encoding in the source's options, or have it delivered as UTF-8",
    )


def printable(text: str) -> str:
    """Text that any database and any log can hold: control bytes and lone surrogates are written out."""
    visible = text.replace("\x00", "\\x00")
    return visible.encode("utf-8", "backslashreplace").decode("utf-8")
