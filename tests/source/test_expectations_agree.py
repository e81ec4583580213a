"""Great Expectations and the SQL that finds rows for the quarantine judge dirty data alike, for every rule in use."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from resources.contract import Contract, Expectation, load_contract
from resources.errors import ConfigurationError
from resources.expectations import validate
from resources.row_rules import RULES, failing_rows
from tests.source.conftest import CONTRACTS

TEXTS = (
    *("S11", "S1", "s11", "S2", "S13999", "TOTAL", "C10-C12", "C31_C32", "A", "a", "HU110", "HU1100", "SK010", "hu110"),
    *("1051", "01-09-286873", "01-9-286873", "HUF", "Ft", "1234567", "12", "A", "Q", "P9F2", "p9f2", "PRC", "prc"),
    *("participant", "cook", "merger", "divorce", "ACTV", "gone", "x y", "ő", " "),
)


def dirty_values(contract: Contract, column: str) -> list[Any]:
    """Null, and values inside, at and beyond every limit that the contract sets for a column."""
    kind = contract.columns[column].type
    if kind == "varchar":
        return [None, *TEXTS]
    if kind == "boolean":
        return [None, True, False]
    limits = [
        e.arguments[key]
        for e in contract.expectations
        for key in ("min_value", "max_value")
        if e.arguments.get("column") == column and key in e.arguments
    ]
    if kind == "date":
        day = dt.timedelta(days=1)
        middle = [dt.date(2020, 1, 1), dt.date(2020, 1, 1), dt.date(2021, 6, 30)]
        return [None, *middle, *(limit + step for limit in limits for step in (-day, 0 * day, day))]
    step = 1 if kind in ("integer", "bigint") else 0.5
    return [None, *(limit + sign * step for limit in limits for sign in (-1, 0, 1)), 7]


def dirty_table(contract: Contract) -> pa.Table:
    """Dirty values of every column side by side; shifted, so that pairs of columns meet in all orders."""
    columns = {name: dirty_values(contract, name) for name in contract.columns}
    height = 3 * max(len(values) for values in columns.values())
    arrays = [
        pa.array(
            [values[(row + (row // len(values)) * shift) % len(values)] for row in range(height)],
            contract.schema.field(name).type,
        )
        for shift, (name, values) in enumerate(columns.items())
    ]
    table = pa.table(arrays, names=list(columns))
    return pa.concat_tables([table, *(spoken_of(table, rule) for rule in row_rules(contract))])


def spoken_of(table: pa.Table, rule: Expectation) -> pa.Table:
    """The table as the rule speaks of it; all rows of a rule that speaks of every row."""
    for name, value in rule.arguments.get("only_where", {}).items():
        field = table.schema.field(name)
        values = pa.array([value] * table.num_rows, field.type)
        table = table.set_column(table.schema.get_field_index(name), field, values)
    return table


def row_rules(contract: Contract) -> list[Expectation]:
    return [e for e in contract.expectations if e.expect in RULES]


@pytest.mark.parametrize("path", [p for p in CONTRACTS if row_rules(load_contract(p))], ids=lambda p: p.stem)
def test_both_find_the_same_number_of_failing_rows(path: Any) -> None:
    whole = load_contract(path)
    rules = [e.model_copy(update={"max_failing_share": 0.0}) for e in row_rules(whole)]
    contract = whole.model_copy(update={"expectations": rules})
    with duckdb.connect() as connection:
        connection.register("dirty", dirty_table(contract))
        outcomes = validate(contract, connection.sql("SELECT * FROM dirty").df())
        for rule, outcome in zip(rules, outcomes, strict=True):
            row = connection.execute(f"SELECT count(*), count(*) FILTER ({failing_rows(rule)}) FROM dirty").fetchone()
            assert row is not None
            rows, failing = row
            assert outcome.metadata["unexpected_count"] == failing, rule.name
            assert outcome.passed == (failing == 0)
            assert 0 < failing < rows, f"{rule.name}: the dirty data does not try the rule"


def test_every_kind_of_row_rule_in_use_is_known() -> None:
    used = {e.expect for path in CONTRACTS for e in load_contract(path).expectations if e.quarantine}
    assert used <= set(RULES)
    assert len(used) >= 4


def test_a_pattern_without_anchors_is_found_anywhere_by_both() -> None:
    whole = load_contract(next(p for p in CONTRACTS if p.stem == "postal_code"))
    rule = Expectation(
        expect="expect_column_values_to_match_regex", name="digit", arguments={"column": "postcode", "regex": "[0-9]"}
    )
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE dirty AS FROM (VALUES ('x1'), ('1x'), ('x'), (NULL)) AS t(postcode)")
        contract = whole.model_copy(update={"expectations": [rule]})
        (outcome,) = validate(contract, connection.sql("SELECT * FROM dirty").df())
        found = connection.execute(f"SELECT count(*) FROM dirty WHERE {failing_rows(rule)}").fetchone()
    assert found == (outcome.metadata["unexpected_count"],) == (1,)


def test_a_pair_rule_says_what_it_does_with_one_missing_value() -> None:
    rule = Expectation(
        expect="expect_column_pair_values_a_to_be_greater_than_b",
        name="ordered",
        arguments={"column_A": "valid_to", "column_B": "valid_from"},
    )
    with pytest.raises(ConfigurationError, match="ignore_row_if"):
        failing_rows(rule)
