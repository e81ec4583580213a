"""The words of the page: messages by language, and numbers as each language writes them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from methods.errors import MethodError

LANGUAGES = ("hu", "en")
_NARROW_SPACE, _MINUS, _DASH = "\u202f", "\u2212", "\u2013"
_MARKS = {"hu": (",", _NARROW_SPACE), "en": (".", ",")}
"""Decimal mark and separator of thousands by language."""


@cache
def messages() -> dict[str, dict[str, str]]:
    """Every message by key and language."""
    loaded: dict[str, dict[str, str]] = yaml.safe_load(
        Path(__file__).with_name("messages.yaml").read_text(encoding="utf-8")
    )
    return loaded


@dataclass(frozen=True)
class Words:
    """What the page says in one language.

    Attributes:
        language: of `LANGUAGES`.
        names: name by classification and code, from `access.code_definition` and the page's own messages.
    """

    language: str
    names: Mapping[tuple[str, str], str]

    def say(self, message: str, /, **values: Any) -> str:
        """The message with its values filled in; numbers must have been formatted.

        Raises:
            MethodError: there is no such message in the language.
        """
        try:
            return messages()[message][self.language].format(**values)
        except KeyError as error:
            raise MethodError(f"the page has no text {error} for {message} in {self.language}") from None

    def number(self, value: float | None, digits: int = 2, *, sign: bool = False) -> str:
        """A number with as many decimals; a dash where there is none."""
        if value is None or math.isnan(value):
            return _DASH
        mark, group = _MARKS[self.language]
        text = f"{abs(value):,.{digits}f}"
        text = text.replace(",", "\0").replace(".", mark).replace("\0", group)
        is_nought = not any(c in "123456789" for c in text)
        prefix = "" if is_nought else _MINUS if value < 0 else "+" if sign else ""
        return prefix + text

    def percent(self, value: float | None, digits: int = 2) -> str:
        """A percentage as the language writes it, with a space that does not break."""
        return f"{self.number(value, digits)}\u00a0%" if self.language == "hu" else f"{self.number(value, digits)}%"

    def name(self, classification: str, code: str) -> str:
        """The name of a code; the code itself where nobody named it."""
        key = f"{classification}.{code}"
        if key in messages():
            return self.say(key)
        return self.names.get((classification, code), code)

    @property
    def locale(self) -> dict[str, Any]:
        """The number locale of the charts."""
        mark, group = _MARKS[self.language]
        return {"decimal": mark, "thousands": group, "grouping": [3], "currency": ["", ""]}
