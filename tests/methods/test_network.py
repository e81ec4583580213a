"""Networks small enough to work out by hand, and what holds for every network."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import methods.network as network
from methods.errors import MethodError
from methods.network import ei_index, group_ei_index, network_shape, newman_weights, region_ties

REGION = {"a": "HU11", "b": "HU11", "c": "HU21", "d": "SK", "e": "HU11", "f": "SK"}
GVA = {"a": 100.0, "b": 10.0, "c": 7.0, "d": np.nan, "e": np.nan, "f": np.nan}


def members(*projects: str) -> pd.DataFrame:
    """Projects as strings of their organisations' letters."""
    rows = [(f"P{number}", letter) for number, project in enumerate(projects) for letter in project]
    frame = pd.DataFrame(rows, columns=["project_id", "organisation_id"]).astype("str")
    return frame.assign(region_code=frame["organisation_id"].map(REGION), gva=frame["organisation_id"].map(GVA))


def test_three_projects_by_hand() -> None:
    """P0 = a b c d (ties weigh 1/3), P1 = a c (1), P2 = b alone (nothing), P3 = a b d (1/2)."""
    ties = region_ties(members("abcd", "ac", "b", "abd"))
    third = 1 / 3
    expected = [
        # a, b, weight, ties, repeated, projects, organisations at both ends, GVA at both ends
        ("HU11", "HU11", third + 1 / 2, 1, 1, 2, 2, 2, 110.0, 110.0),
        ("HU11", "HU21", 2 * third + 1, 2, 1, 2, 2, 1, 110.0, 7.0),
        ("HU11", "SK", 2 * third + 1, 2, 2, 2, 2, 1, 110.0, 0.0),
        ("HU21", "SK", third, 1, 0, 1, 1, 1, 7.0, 0.0),
    ]
    assert [tuple(row) for row in ties.itertuples(index=False)] == [
        (*row[:2], pytest.approx(row[2], rel=1e-12), *row[3:]) for row in expected
    ]
    # nine participations in projects of two or more
    assert ties["weight"].sum() == pytest.approx(9 / 2)


def test_only_organisations_with_a_tie_between_the_regions_count_at_its_ends() -> None:
    within, across = region_ties(members("ac", "be")).to_dict("records")
    assert (across["region_a"], across["region_b"], within["region_b"]) == ("HU11", "HU21", "HU11")
    assert [across[c] for c in ("organisation_count_a", "organisation_count_b", "gva_a", "gva_b")] == [1, 1, 100, 7]
    assert [within[c] for c in ("organisation_count_a", "gva_a", "tie_count")] == [2, 10, 1]


def test_shape_by_hand() -> None:
    """a-b twice, a-c and b-c once, d-f apart, e alone in its project: five organisations with ties."""
    shape = network_shape(members("abc", "ab", "df", "e"))
    assert shape == {
        "organisations": 5,
        "projects": 3,
        "participations": 7,
        "ties": 4,
        "repeated_ties": 1,
        "weight": 3.5,
        "average_degree": 8 / 5,
        "components": 2,
        "largest_component": 3,
    }


@pytest.mark.parametrize("rows", [members("a", "b"), members("")])
def test_without_a_tie_there_is_no_network(rows: pd.DataFrame) -> None:
    assert newman_weights(rows).empty
    assert region_ties(rows).empty
    shape = network_shape(rows)
    assert np.isnan(shape.pop("average_degree"))
    assert set(shape.values()) == {0}


def test_a_consortium_of_thousands_needs_no_pairs_for_its_weight() -> None:
    size = 3000
    rows = pd.DataFrame({"project_id": "P", "organisation_id": np.arange(size)})
    ties = region_ties(rows.assign(region_code=np.where(rows["organisation_id"] < 1000, "AT", "SK")))
    weight = ties["weight"].tolist()
    assert weight == pytest.approx([1000 * 999 / 2 / 2999, 1000 * 2000 / 2999, 2000 * 1999 / 2 / 2999])
    assert ties["tie_count"].tolist() == [499500, 2000000, 1999000]


def test_refusals() -> None:
    rows = members("abc")
    with pytest.raises(MethodError, match="no project_id or no organisation_id"):
        region_ties(rows.assign(project_id=None))
    with pytest.raises(MethodError, match="no project_id or no organisation_id"):
        network_shape(rows.assign(organisation_id=None))
    with pytest.raises(MethodError, match="no region_code"):
        region_ties(rows.assign(region_code=rows["region_code"].where(rows["organisation_id"] != "b")))
    twice = pd.concat([rows, rows.assign(region_code="SK")])
    with pytest.raises(MethodError, match="organisation 'a' has more than one region_code"):
        region_ties(twice)
    with pytest.raises(MethodError, match="more than one region_code or gva"):
        region_ties(pd.concat([rows, rows.assign(gva=1.0)]))


NETWORKS = st.lists(st.text("abcdef", min_size=1, max_size=8), min_size=1, max_size=8)


@given(NETWORKS, st.integers(1, 40), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_closed_form_is_the_sum_over_pairs(projects: list[str], block: int, random: object) -> None:
    rows = members(*projects)
    before, network._BLOCK = network._BLOCK, block
    try:
        got, shape = region_ties(rows), network_shape(rows)
    finally:
        network._BLOCK = before
    pd.testing.assert_frame_equal(region_ties(rows.sample(frac=1, random_state=block)), got, check_exact=True)
    assert network_shape(rows.iloc[::-1]) == pytest.approx(shape, nan_ok=True)

    pairs: dict[tuple[str, str], list[float]] = {}
    where: dict[tuple[str, str], set[int]] = {}
    for number, project in enumerate(projects):
        inside = sorted(set(project))
        for pair in combinations(inside, 2):
            pairs.setdefault(pair, []).append(1 / (len(inside) - 1))
            one, two = sorted((REGION[pair[0]], REGION[pair[1]]))
            where.setdefault((one, two), set()).add(number)
    assert set(zip(got["region_a"], got["region_b"], strict=True)) == set(where)
    for row in got.to_dict("records"):
        cell = (row["region_a"], row["region_b"])
        here = {p: w for p, w in pairs.items() if tuple(sorted((REGION[p[0]], REGION[p[1]]))) == cell}
        assert row["weight"] == pytest.approx(sum(map(sum, here.values())))
        assert (row["tie_count"], row["repeated_tie_count"]) == (len(here), sum(len(w) > 1 for w in here.values()))
        assert row["project_count"] == len(where[cell])
        for end, code in zip("ab", cell, strict=True):
            ends = {o for p in here for o in p if REGION[o] == code}
            assert row[f"organisation_count_{end}"] == len(ends)
            assert row[f"gva_{end}"] == pytest.approx(np.nansum([GVA[o] for o in ends]))
    assert (shape["ties"], shape["repeated_ties"]) == (len(pairs), sum(len(w) > 1 for w in pairs.values()))
    assert shape["weight"] == pytest.approx(got["weight"].sum())


@given(NETWORKS)
@settings(max_examples=80, deadline=None)
def test_a_regions_ties_weigh_its_organisations_projects(projects: list[str]) -> None:
    ties = region_ties(members(*projects))
    assert (ties["weight"] > 0).all()
    strength = pd.concat([ties.set_index(end)["weight"] for end in ("region_a", "region_b")]).groupby(level=0).sum()
    joint = [sorted(set(project)) for project in projects if len(set(project)) > 1]
    expected = pd.Series([REGION[o] for project in joint for o in project], dtype="str").value_counts()
    assert strength.to_dict() == pytest.approx(expected.to_dict())


@given(NETWORKS)
@settings(max_examples=80, deadline=None)
def test_components_are_those_found_by_walking(projects: list[str]) -> None:
    joint = [set(project) for project in projects if len(set(project)) > 1]
    parts: list[set[str]] = []
    for project in joint:
        touching = [part for part in parts if part & project]
        parts = [part for part in parts if not part & project] + [project.union(*touching)]
    shape = network_shape(members(*projects))
    assert (shape["components"], shape["largest_component"]) == (len(parts), max(map(len, parts), default=0))
    assert shape["projects"] == len(joint)


@given(NETWORKS)
@settings(max_examples=80, deadline=None)
def test_ei_index_of_regions_and_of_their_pairs_agree(projects: list[str]) -> None:
    rows = members(*projects)
    by_organisation = group_ei_index(newman_weights(rows), pd.Series(REGION))
    ties = region_ties(rows)
    is_within = ties["region_a"] == ties["region_b"]
    for region, expected in by_organisation.iterrows():
        touches = (ties["region_a"] == region) | (ties["region_b"] == region)
        got = ei_index(ties.loc[touches & ~is_within, "weight"].sum(), ties.loc[touches & is_within, "weight"].sum())
        assert got == pytest.approx(expected["ei_index"], nan_ok=True)
        assert np.isnan(got) or -1 <= got <= 1
