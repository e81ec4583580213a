"""The specification: short forms, what applies by default, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from methods.disclosure.rules import PrimaryRules
from methods.disclosure.spec import Spec


def spec(**more: Any) -> Spec:
    return Spec.model_validate({"dimensions": {"a": {}, "r": "HU"}} | more)


def test_short_forms() -> None:
    short = spec()
    assert [(name, d.total, d.hierarchy) for name, d in short.dimensions.items()] == [
        ("a", "_T", None),
        ("r", "HU", None),
    ]
    assert Spec.model_validate({"dimensions": ["a", "b"]}).dimensions["b"].total == "_T"
    assert [(t.name, t.levels) for t in short.published()] == [("a x r", {"a": None, "r": None})]
    tables = spec(tables=[[], "a", ["a", "r"], {"a": "1", "r": "all"}]).published()
    assert [(t.name, t.levels) for t in tables] == [
        ("total", {}),
        ("a", {"a": None}),
        ("a x r", {"a": None, "r": None}),
        ("a to level 1 x r", {"a": 1, "r": None}),
    ]
    assert [t.name for t in spec(tables={"T1": [], "T2": ["a"]}).published()] == ["T1", "T2"]
    cell = spec(public=[{"a": "_T", "value": "12.5"}]).public[0]
    assert (cell.codes, cell.value) == ({"a": "_T"}, 12.5)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ("", PrimaryRules()),
        ({"waivers": ["x"]}, PrimaryRules()),
        ({"frequency": "4"}, PrimaryRules(4, None, None)),
        ({"dominance": ["2", "85"]}, PrimaryRules(None, (2, 85.0), None)),
        ({"frequency": 3, "p_percent": "off"}, PrimaryRules(3, None, None)),
        ({"p_percent": 15, "frequency_range_pct": 5}, PrimaryRules(None, None, 15.0, 5.0)),
    ],
)
def test_the_rules_that_are_named_apply(rules: Any, expected: PrimaryRules) -> None:
    assert spec(rules=rules).rules.primary_rules() == expected


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"public": [{"x": "A"}]}, r"unknown dimension x \(dimensions: a, r\)"),
        ({"tables": [["x"]]}, "table x: unknown dimension x"),
        ({"tables": [["a"], "a"]}, "table a is listed twice"),
        ({"tables": [{"a": "deep"}]}, "valid integer"),
        ({"rules": {"frequency": "off"}}, "no rule is left"),
        ({"rules": {"dominance": [2, 185]}}, r"write \[n, k\]"),
        ({"rules": {"p_per_cent": 10}}, "p_per_cent"),
        ({"dimension": {}}, "dimension"),
        ({"dimensions": {}}, "at least 1 item"),
        ({"dimensions": {"value": {}}}, "dimension value has the name of another column"),
        ({"dimensions": {"a": {"hierarchy": {"_T": []}}}}, "the hierarchy has no codes"),
        ({"empty": "hide"}, "'open' or 'suppress'"),
        ({"public": {"a": "_T"}}, "write a list of cells"),
    ],
)
def test_what_it_refuses(more: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        spec(**more)
