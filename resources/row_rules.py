"""Row-level expectations as SQL: which rows a rule rejects, computed where the data is.

Great Expectations gives the verdict over a table (see `resources.expectations`); this module finds the rows, for the
quarantine and for tables too large for a data frame. A test holds both to the same verdict on dirty data.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from resources.contract import Contract, Expectation
from resources.errors import ConfigurationError


def quoted(name: str) -> str:
    """A SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: Any) -> str:
    """A SQL literal for a value from a contract."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return "'" + str(value).replace("'", "''") + "'"


def _between(a: dict[str, Any]) -> str:
    column = quoted(a["column"])
    low, high = a.get("min_value"), a.get("max_value")
    parts = []
    if low is not None:
        parts.append(f"{column} {'<=' if a.get('strict_min') else '<'} {literal(low)}")
    if high is not None:
        parts.append(f"{column} {'>=' if a.get('strict_max') else '>'} {literal(high)}")
    return " OR ".join(parts)


def _in_set(a: dict[str, Any]) -> str:
    return f"{quoted(a['column'])} NOT IN ({', '.join(literal(v) for v in a['value_set'])})"


def _matches(a: dict[str, Any]) -> str:
    # Great Expectations searches anywhere in the text, whatever the rule's name suggests
    return f"NOT regexp_matches({quoted(a['column'])}, {literal(a['regex'])})"


def _lengths(a: dict[str, Any]) -> str:
    column = f"length({quoted(a['column'])})"
    low, high = a.get("min_value"), a.get("max_value")
    parts = [f"{column} < {low}"] * (low is not None) + [f"{column} > {high}"] * (high is not None)
    return " OR ".join(parts)


def _pair(a: dict[str, Any]) -> str:
    # Great Expectations' default fails a row with one of the two values; an open interval is no defect
    if a.get("ignore_row_if") != "either_value_is_missing":
        raise ConfigurationError(
            "a pair rule must ignore rows in which one value is missing",
            where=f"{a['column_A']}, {a['column_B']}",
            action="add `ignore_row_if: either_value_is_missing` to its arguments",
        )
    return f"{quoted(a['column_A'])} {'<' if a.get('or_equal') else '<='} {quoted(a['column_B'])}"


def _not_null(a: dict[str, Any]) -> str:
    return f"{quoted(a['column'])} IS NULL"


RULES: dict[str, Callable[[dict[str, Any]], str]] = {
    "expect_column_values_to_not_be_null": _not_null,
    "expect_column_values_to_be_between": _between,
    "expect_column_values_to_be_in_set": _in_set,
    "expect_column_values_to_match_regex": _matches,
    "expect_column_value_lengths_to_be_between": _lengths,
    "expect_column_pair_values_a_to_be_greater_than_b": _pair,
}


def failing_rows(expectation: Expectation) -> str:
    """A SQL predicate that is true for rows that fail; null values pass, as they do in Great Expectations.

    A rule with `only_where` speaks only of rows whose columns have the values named there (null: are empty).

    Raises:
        ConfigurationError: the expectation is not a row-level rule known here.
    """
    name = expectation.expect.lower()
    if name not in RULES:
        raise ConfigurationError(
            f"'{expectation.expect}' cannot point at single rows",
            where=f"expectation {expectation.name}",
            action=f"use one of {', '.join(sorted(RULES))}, or drop `quarantine`",
        )
    only_where: dict[str, Any] = expectation.arguments.get("only_where", {})
    spoken_of = [f"{quoted(column)} IS NOT DISTINCT FROM {literal(value)}" for column, value in only_where.items()]
    return " AND ".join([*spoken_of, f"coalesce({RULES[name](expectation.arguments)}, false)"])


def checked_columns(contract: Contract) -> list[str]:
    """The columns that the contract's expectations look at, in contract order."""
    named = set[str]()
    for e in contract.expectations:
        for key, value in e.arguments.items():
            if key in ("column", "column_A", "column_B"):
                named.add(value)
            elif key in ("column_list", "column_set", "only_where"):
                named.update(value)
    return [column for column in contract.columns if column in named]
