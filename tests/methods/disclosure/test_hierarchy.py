"""Hierarchies, cells and equations: against brute force, and what is refused."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from methods.disclosure.hierarchy import cells, structure, tree
from methods.disclosure.spec import Spec, Table
from methods.disclosure.tabulation import tabulate, to_protect
from methods.errors import MethodError

ACTIVITY = {"_T": ["A", "B", "C"], "C": ["C10", "C11"], "C10": ["C101", "C102"]}


def test_a_tree_lists_parents_before_parts() -> None:
    h = tree("activity", "_T", ACTIVITY)
    assert h.codes == ("_T", "A", "B", "C", "C10", "C101", "C102", "C11")
    assert h.parent.tolist() == [-1, 0, 0, 0, 3, 4, 4, 3]
    assert h.depth.tolist() == [0, 1, 1, 1, 2, 3, 3, 2]
    assert [h.codes[i] for i in h.frontier(2)] == ["A", "B", "C10", "C11"]
    assert [h.codes[i] for i in h.above(1)] == ["_T", "A", "B", "C", "C", "C", "C", "C"]


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"_T": ["A", "B"], "A": ["X"], "B": ["X"]}, "code X is listed under both A and B"),
        ({"_T": ["A", "A"]}, "code A is listed twice under _T"),
        ({"_T": ["A"], "A": ["_T"]}, "the total _T is listed as a part of A"),
        ({"_T": ["A"], "X": ["Y"], "Y": ["X"]}, "codes form a circle: X in Y in X"),
        ({"_T": ["A"], "A": ["A1"], "B": ["B1"]}, "B has parts but is listed nowhere"),
        ({"A": ["A1"]}, "the total _T has no parts"),
    ],
)
def test_what_is_no_hierarchy(parts: dict[str, list[str]], said: str) -> None:
    with pytest.raises(MethodError, match=said):
        tree("activity", "_T", parts)


def small(tables: list[dict[str, int | None]]) -> tuple[Spec, pd.DataFrame]:
    """Three dimensions and 200 contributions."""
    spec = Spec.model_validate(
        {
            "dimensions": {
                "a": {"hierarchy": ACTIVITY},
                "r": {"total": "HU", "hierarchy": {"HU": ["HU1", "HU2"], "HU1": ["HU11", "HU12"]}},
                "s": {},
            },
            "tables": tables,
        }
    )
    random = np.random.default_rng(5)
    frame = pd.DataFrame(
        {
            "a": random.choice(["A", "B", "C101", "C102", "C11"], 200),
            "r": random.choice(["HU11", "HU12", "HU2"], 200),
            "s": random.choice(["x", "y"], 200),
            "contributor_id": random.choice([f"c{i}" for i in range(60)], 200),
            "value": random.integers(0, 1000, 200) / 10,
        }
    )
    return spec, frame


def of(spec: Spec, frame: pd.DataFrame):
    from methods.disclosure.hierarchy import hierarchies

    return cells(hierarchies(spec, {name: frame[name] for name in spec.dimensions}), spec.published())


def test_cells_and_values_equal_a_count_by_hand() -> None:
    spec, frame = small([])
    grid = of(spec, frame)
    assert len(grid) == 8 * 5 * 3
    table = tabulate(frame, spec, grid)
    below = {
        name: {c: {x for x in h.codes if c in _up(h, x)} for c in h.codes}
        for name, h in zip(spec.dimensions, grid.hierarchies, strict=True)
    }
    for row, codes in enumerate(grid.codes.tolist()):
        names = [h.codes[c] for h, c in zip(grid.hierarchies, codes, strict=True)]
        inside = frame[
            np.logical_and.reduce([frame[d].isin(below[d][c]) for d, c in zip(spec.dimensions, names, strict=True)])
        ]
        assert table.frame["value"].iloc[row] == pytest.approx(inside["value"].sum(), abs=1e-9)
        by_unit = inside.groupby("contributor_id")["value"].sum()
        assert table.frame["contributor_count"].iloc[row] == (by_unit > 0).sum()
        assert table.frame["is_empty"].iloc[row] == inside.empty
    system = to_protect(table, spec)[1]
    # one equation for each code with parts, over all codes of the others
    assert system.equations.shape[0] == 3 * 5 * 3 + 2 * 8 * 3 + 1 * 8 * 5
    np.testing.assert_allclose(system.equations @ system.values, 0, atol=1e-9)


def _up(h, code: str) -> set[str]:
    number, found = h.number[code], set()
    while number >= 0:
        found.add(h.codes[number])
        number = h.parent[number]
    return found


def test_tables_share_cells_and_equations() -> None:
    spec, frame = small([{"a": 1}, {"a": 1, "r": 1}, {"a": None}])
    grid = of(spec, frame)
    # sections 4 by regions 3, and four more activities nationally
    assert len(grid) == 4 * 3 + 4
    bound = structure(grid)
    assert not len(bound.inner)
    assert bound.equations.shape[0] == 3 * 1 + 1 * 4 + 2
    assert [len(grid.of_table(t)) for t in grid.tables] == [4, 12, 8]


def test_tables_in_a_circle_get_their_common_detail() -> None:
    spec, frame = small([{"a": 1, "r": 1}, {"r": 1, "s": 1}, {"a": 1, "s": 1}])
    grid = of(spec, frame)
    table = tabulate(frame, spec, grid)
    bound, system = to_protect(table, spec)
    assert len(bound.inner) == 3 * 2 * 2
    assert system.is_hidden.sum() == 12
    np.testing.assert_allclose(system.equations @ system.values, 0, atol=1e-9)
    # without the circle the detail says nothing more
    chain, _ = small([{"a": 1, "r": 1}, {"r": 1, "s": 1}])
    assert not len(structure(of(chain, frame)).inner)


def test_the_order_of_rows_changes_nothing() -> None:
    spec, frame = small([])
    frame["value"] = np.random.default_rng(1).lognormal(0, 3, len(frame))
    grid = of(spec, frame)
    shuffled = frame.sample(frac=1, random_state=3)
    one, other = tabulate(frame, spec, grid).frame, tabulate(shuffled, spec, grid).frame
    pd.testing.assert_frame_equal(one.drop(columns="contributor"), other.drop(columns="contributor"), check_exact=True)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"a": "Z"}, r"a Z is not in the hierarchy \(row 3\)"),
        ({"a": "C"}, r"a C has parts"),
        ({"a": None}, r"a is missing \(row 3\)"),
        ({"value": np.nan}, r"value is missing or not a finite number \(row 3\)"),
        ({"value": np.inf}, r"value is missing or not a finite number \(row 3\)"),
        ({"value": -1.0}, r"value is negative; set `negative: true` .*\(row 3\)"),
        ({"contributor_id": ""}, r"contributor_id is missing \(row 3\)"),
    ],
)
def test_rows_that_cannot_be(change: dict[str, object], said: str) -> None:
    spec, frame = small([])
    grid = of(spec, frame)
    frame = frame.astype({"a": object})
    for column, value in change.items():
        frame.loc[2, column] = value
    with pytest.raises(MethodError, match=said):
        tabulate(frame, spec, grid)
    with pytest.raises(MethodError, match="no contributions"):
        tabulate(frame.iloc[:0], spec, grid)


def flat(rows: list[tuple[str, str, float]], **more: object) -> pd.DataFrame:
    """Cells of one dimension: rows are (code, contributor, value); result by code."""
    frame = pd.DataFrame(rows, columns=["d", "contributor_id", "value"])
    groups = more.pop("groups", None)
    if groups is not None:
        frame["group_id"] = groups
    spec = Spec.model_validate({"dimensions": {"d": {}}, **more})
    grid = of(spec, frame)
    result = tabulate(frame, spec, grid).frame
    return result.set_axis([grid.hierarchies[0].codes[c] for c in grid.codes[:, 0]])


def test_groups_are_added_before_the_rules() -> None:
    rows = [("x", c, 10.0) for c in "abcd"]
    assert not flat(rows).T["x"]["is_primary"]
    grouped = flat(rows, groups=["g", "g", None, None])
    assert grouped.T["x"]["contributor_count"] == 3
    assert flat(rows, groups=["g", "g", "g", "h"]).T["x"]["is_primary"]
    # a group may be called as a contributor is
    assert flat(rows, groups=["c", "c", None, None]).T["x"]["contributor_count"] == 3


def test_the_single_contributor_is_known() -> None:
    found = flat([("x", "a", 5.0), ("x", "b", 0.0), ("y", "a", 0.0), ("z", "a", 1.0), ("z", "b", 2.0)])
    assert found["contributor"].tolist() == [-1, 0, 0, -1]
    assert found["is_primary"].tolist() == [True, True, True, True]
    # also a cell of zeros must not be known exactly
    assert (found["protection"] > 0).all()


def test_negative_contributions() -> None:
    rows = [("x", "a", -300.0), ("x", "b", 20.0), ("x", "c", 10.0), *[("y", c, 10.0) for c in "abc"]]
    found = flat(rows, negative=True, rules={"p_percent": 10})
    assert found.T["x"]["is_primary"]
    assert found.T["x"]["protection"] == pytest.approx(20)
    assert found.T["x"]["value"] == -270
    frame = pd.DataFrame(rows, columns=["d", "contributor_id", "value"])
    spec = Spec.model_validate({"dimensions": {"d": {}}, "negative": True})
    system = to_protect(tabulate(frame, spec, of(spec, frame)), spec)[1]
    assert system.lower.tolist() == [-np.inf, -np.inf, 0.0]


def test_everybody_knows_which_cells_are_empty() -> None:
    rows = [("x", c, 10.0) for c in "abc"]
    frame = pd.DataFrame(rows, columns=["d", "contributor_id", "value"])
    for empty, is_public in (("open", True), ("suppress", False)):
        spec = Spec.model_validate({"dimensions": {"d": {"hierarchy": {"_T": ["x", "y"]}}}, "empty": empty})
        system = to_protect(tabulate(frame, spec, of(spec, frame)), spec)[1]
        assert system.is_public.tolist() == [False, False, is_public]


def test_waivers() -> None:
    rows = [("x", "a", 100.0), ("x", "b", 5.0), ("x", "c", 2.0)]
    p = {"p_percent": 10}
    assert flat(rows, rules=p).T["x"]["protection"] == pytest.approx(8)
    # b is the largest that has not waived: 107 - 5 - 100 = 2 >= 0.5
    assert not flat(rows, rules={**p, "waivers": ["a"]}).T["x"]["is_primary"]
    # a itself waived nothing
    assert flat(rows, rules={**p, "waivers": ["b", "c"]}).T["x"]["is_primary"]
    two = rows[:2]
    frequency = {"frequency": 3}
    assert flat(two, rules={**frequency, "waivers": ["a"]}).T["x"]["is_primary"]
    assert not flat(two, rules={**frequency, "waivers": ["a", "b"]}).T["x"]["is_primary"]
    dominance = {"dominance": [1, 85]}
    assert flat(rows, rules=dominance).T["x"]["is_primary"]
    assert not flat(rows, rules={**dominance, "waivers": ["a"]}).T["x"]["is_primary"]
    # of a group all members must have waived
    three = [*rows, ("x", "a2", 1.0)]
    groups = ["g", None, None, "g"]
    assert flat(three, groups=groups, rules={**p, "waivers": ["a"]}).T["x"]["is_primary"]
    assert not flat(three, groups=groups, rules={**p, "waivers": ["a", "a2"]}).T["x"]["is_primary"]


def test_waivers_against_every_pair() -> None:
    random = np.random.default_rng(11)
    for _ in range(40):
        size = int(random.integers(2, 6))
        values = random.integers(1, 100, size).astype(float)
        waived = random.random(size) < 0.4
        rows = [("x", f"c{i}", v) for i, v in enumerate(values)]
        names = [f"c{i}" for i in np.flatnonzero(waived)]
        found = flat(rows, rules={"p_percent": 15, "waivers": names}).T["x"]
        gaps = [
            0.15 * values[i] - (values.sum() - values[i] - values[j])
            for i, j in itertools.permutations(range(size), 2)
            if not waived[i]
        ]
        worst = max(gaps, default=0.0)
        assert found["is_primary"] == (worst > 1e-9)
        if worst > 1e-9:
            assert found["protection"] == pytest.approx(worst)


def test_costs() -> None:
    rows = [("x", "a", 5.0), ("x", "b", 3.0), ("y", "a", 2.0)]
    assert flat(rows)["cost"].tolist() == pytest.approx([10, 8, 2])
    assert flat(rows, cost="count")["cost"].tolist() == [2, 2, 1]
    assert flat(rows, cost="constant")["cost"].tolist() == [1, 1, 1]
    frame = pd.DataFrame(rows, columns=["d", "contributor_id", "value"]).assign(weight=[1.0, 1.5, 4.0])
    spec = Spec.model_validate({"dimensions": {"d": {}}, "cost": "weight"})
    assert tabulate(frame, spec, of(spec, frame)).frame["cost"].tolist() == [6.5, 2.5, 4.0]
    with pytest.raises(MethodError, match="cost of a cell is negative"):
        tabulate(frame.assign(weight=-1.0), spec, of(spec, frame))


def test_a_level_that_is_not_there() -> None:
    h = tree("a", "_T", ACTIVITY)
    with pytest.raises(MethodError, match="a has levels 0 to 3, not 4"):
        cells([h], [Table(name="T", levels={"a": 4})])
