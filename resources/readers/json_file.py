"""JSON documents: loading with errors that have a place, and values as the text they were published as.

Belongs here: what all JSON formats share. Does not belong here: the records of a format (one module each).
"""

from __future__ import annotations

import json
from typing import Any

from resources.errors import DeliveryError
from resources.readers.base import Part
from resources.readers.foreign import decode_utf8, printable, read_whole

_AGAIN = "ask the publisher for the file again"


def load_json(part: Part) -> Any:
    """Parse a whole JSON document; numbers stay the text they are written as.

    Raises:
        DeliveryError: empty, HTML, not UTF-8, truncated, or not JSON; names the line.
    """
    text = decode_utf8(part, read_whole(part, "JSON"))
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:
        truncated = error.pos >= len(text.rstrip()) or error.msg.startswith("Unterminated string")
        what = "ends in the middle of a record: truncated" if truncated else f"not JSON ({error.msg})"
        raise DeliveryError(
            f"{what}, column {error.colno}", where=f"{part.name}:{error.lineno}", action=_AGAIN
        ) from None
    except RecursionError:
        raise DeliveryError("not JSON of ours: nested too deeply", where=part.name, action=_AGAIN) from None


def records(part: Part, document: Any, place: str = "") -> list[Any]:
    """The list of records of a document.

    Args:
        part: the file, for the message.
        document: what was loaded.
        place: key under which the list is; the document itself when empty.

    Raises:
        DeliveryError: there is no list.
    """
    found = document
    if place:
        found = document.get(place) if isinstance(document, dict) else None
    if isinstance(found, list):
        return found
    wanted = f"a list under '{place}'" if place else "a list of records"
    raise DeliveryError(
        f"the top level is {kind(document)} without {wanted}"
        if place
        else f"the top level is {kind(document)}, not {wanted}",
        where=f"{part.name}:1",
        action="check the source's format",
    )


def refuse_no_rows(part: Part, read: int, *, allow_empty: bool) -> None:
    """Refuse a document without a record.

    Raises:
        DeliveryError: `read` is 0 and that is not allowed.
    """
    if read == 0 and not allow_empty:
        raise DeliveryError(
            "the list of records is empty", where=part.name, action="ask the publisher, or set 'allow_empty: true'"
        )


def text_of(value: Any) -> str | None:
    """A JSON value as text: strings and numbers as written, lists and objects as JSON, null as None."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return dump(value)


def dump(value: Any) -> str:
    """A JSON value on one line, printable."""
    return printable(json.dumps(value, ensure_ascii=False))


def kind(value: Any) -> str:
    """What a JSON value is, in words."""
    names = {dict: "an object", list: "a list", str: "a string or number", bool: "true or false", type(None): "null"}
    return names.get(type(value), "something else")
