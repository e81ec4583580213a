"""Statements with their parameters written into them, for what cannot be bound: relations and views."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PARAMETER = re.compile(r"(?<![\w$])\$([a-z_][a-z0-9_]*)")


def with_parameters(text: str, parameters: Mapping[str, Any]) -> str:
    """A statement with the values of its parameters in place of `$name`, for a relation, which cannot be bound.

    Raises:
        TypeError: a value that is no number, text or truth.
    """

    def value(match: re.Match[str]) -> str:
        found = parameters[match[1]]
        if isinstance(found, bool | int):
            return str(found)
        if isinstance(found, float):  # a number with a point would be a decimal
            return f"CAST('{found!r}' AS DOUBLE)"
        if isinstance(found, str):
            return "'" + found.replace("'", "''") + "'"
        raise TypeError(f"parameter {match[1]} cannot be written into a statement")

    return _PARAMETER.sub(value, text)
