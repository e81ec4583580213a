"""Linkage error, primary disclosure rules, revisions, network and target: vectors, properties, refusals."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.disclosure import PrimaryRules, primary, primary_cells
from methods.errors import MethodError
from methods.network import ei_index, group_ei_index, newman_weights
from methods.revisions import revision_measures
from methods.target import target_tracker
from methods.uncertainty import corrected_share, expected_total, naive_share


def test_tv23_linkage_error() -> None:
    assert naive_share(0.0229, 0.90, 0.002) == pytest.approx(0.022564, abs=5e-7)
    assert naive_share(0.10, 0.90, 0.002) == pytest.approx(0.0918)
    assert corrected_share(0.022564, 0.90, 0.002) == pytest.approx(0.0229, abs=5e-7)
    assert corrected_share(0.0918, 0.90, 0.002) == pytest.approx(0.10)


@given(st.floats(0, 1), st.floats(0.5, 1), st.floats(0, 0.4))
def test_correction_inverts_the_naive_share(share: float, recall: float, false: float) -> None:
    assert corrected_share(naive_share(share, recall, false), recall, false) == pytest.approx(share, abs=1e-9)


@given(st.floats(0, 1), st.floats(0.5, 1), st.floats(0, 0.4))
def test_corrected_share_is_a_share(naive: float, recall: float, false: float) -> None:
    assert 0 <= corrected_share(naive, recall, false) <= 1


def test_correction_refuses_links_without_information() -> None:
    with pytest.raises(MethodError, match="does not exceed"):
        corrected_share(0.1, 0.2, 0.2)
    with pytest.raises(MethodError, match=r"recall 1\.2 is not within"):
        corrected_share(0.1, 1.2, 0.2)
    np.testing.assert_allclose(corrected_share([0.0918, 0.0], 0.9, 0.002), [0.1, 0.0])


def test_expected_total_is_the_mean_and_variance_over_all_outcomes() -> None:
    values, probabilities = np.array([10.0, 20.0, -5.0]), np.array([0.5, 0.9, 0.25])
    mean = square = 0.0
    for drawn in itertools.product([0, 1], repeat=3):
        chance = np.prod(np.where(drawn, probabilities, 1 - probabilities))
        total = float(np.dot(drawn, values))
        mean, square = mean + chance * total, square + chance * total**2
    assert expected_total(values, probabilities) == pytest.approx((mean, square - mean**2))
    with pytest.raises(MethodError, match=r"probability 1\.5"):
        expected_total([1.0], [1.5])
    with pytest.raises(MethodError, match="2 values need as many probabilities, got 1"):
        expected_total([1.0, 2.0], [0.5])


def test_tv12_primary_rules() -> None:
    cell = [50_000, 49_000, 600, 400]
    assert not primary(cell, rules=PrimaryRules(dominance=(1, 90), p_percent=None)).is_unsafe
    by_p = primary(cell, rules=PrimaryRules(p_percent=10))
    assert by_p.rules == ("p_percent",)
    assert by_p.protection_level == pytest.approx(4000)
    small = [300, 20, 10]
    dominated = primary(small, rules=PrimaryRules(dominance=(1, 85), p_percent=None))
    assert dominated.rules == ("dominance",)
    assert dominated.protection_level == pytest.approx(22.94, abs=5e-3)
    assert primary(small).protection_level == pytest.approx(20)
    assert primary(small, rules=PrimaryRules(dominance=(1, 85))).protection_level == pytest.approx(22.94, abs=5e-3)


def test_comparisons_are_strict() -> None:
    # The rest is exactly p % of the largest, the largest exactly k % of the total.
    assert not primary([100, 50, 6, 4]).is_unsafe
    assert primary([100, 50, 6, 3.999]).is_unsafe
    assert not primary([85, 5, 5, 5], rules=PrimaryRules(dominance=(1, 85), p_percent=None)).is_unsafe
    assert not primary([10, 10, 10], rules=PrimaryRules(frequency=3, p_percent=None)).is_unsafe
    assert primary([10, 10], rules=PrimaryRules(frequency=3, p_percent=None)).rules == ("frequency",)


def test_groups_signs_and_empty_cells() -> None:
    contributions = [30, 30, 20, 20, 10, 10]
    assert not primary(contributions).is_unsafe
    # Six firms of two groups are two contributors.
    grouped = primary(contributions, ["a", "a", "a", "b", "b", "b"])
    assert grouped.contributor_count == 2
    assert grouped.rules == ("frequency", "p_percent")
    assert grouped.protection_level == pytest.approx(12)
    negative = primary([-300, 20, 10], rules=PrimaryRules(frequency=None))
    assert negative.protection_level == pytest.approx(20)
    assert negative.total == -270
    assert not primary([]).is_unsafe
    # A published zero with one firm in it tells that firm's value.
    assert primary([0.0]).rules == ("frequency",)
    with pytest.raises(MethodError, match="value is missing in row 1"):
        primary([1.0, np.nan])
    with pytest.raises(MethodError, match="0 < k <= 100"):
        PrimaryRules(dominance=(1, 101))


@given(
    st.lists(
        st.tuples(st.sampled_from("xyz"), st.sampled_from("ABCDE"), st.integers(-1000, 1000)), min_size=1, max_size=30
    ),
    st.integers(0, 2**32 - 1),
)
@settings(max_examples=60, deadline=None)
def test_frame_form_equals_the_formulas_cell_by_cell(rows: list[tuple[str, str, int]], seed: int) -> None:
    frame = pd.DataFrame(rows, columns=["cell", "group", "value"])
    rules = PrimaryRules(frequency=3, dominance=(2, 80), p_percent=15, frequency_range_pct=5)
    result = primary_cells(frame, cell="cell", contributor="group", value="value", rules=rules)
    shuffled = frame.sample(frac=1.0, random_state=seed)
    pd.testing.assert_frame_equal(
        primary_cells(shuffled, cell="cell", contributor="group", value="value", rules=rules), result
    )
    for name, part in frame.groupby("cell", sort=False):
        x = sorted((abs(v) for v in part.groupby("group")["value"].sum()), reverse=True)
        total, top2, rest = sum(x), sum(x[:2]), sum(x[2:])
        verdicts = (sum(v > 0 for v in x) < 3, 100 * top2 > 80 * total, 100 * rest < 15 * x[0])
        assert tuple(result.T[name][["is_frequency", "is_dominance", "is_p_percent"]]) == verdicts
        levels = (0.05 * total, top2 / 0.8 - total, 0.15 * x[0] - rest)
        expected = max([level for level, unsafe in zip(levels, verdicts, strict=True) if unsafe], default=0.0)
        assert result.T[name]["protection_level"] == pytest.approx(expected)


def test_cells_of_several_columns() -> None:
    frame = pd.DataFrame({"s": ["C", "C", "G"], "r": [1, 1, 2], "g": ["a", "b", "a"], "v": [1.0, 2.0, 3.0]})
    result = primary_cells(frame, cell=["s", "r"], contributor="g", value="v")
    assert result.index.tolist() == [("C", 1), ("G", 2)]
    assert result["is_primary"].all()


def test_revision_measures() -> None:
    measures = revision_measures([100.0, 200.0, np.nan, 50.0], [110.0, 190.0, 5.0, 60.0])
    assert measures["count"] == 3
    assert measures["mean_revision"] == pytest.approx(10 / 3)
    assert measures["mean_absolute_revision"] == pytest.approx(10)
    assert measures["relative_mean_revision"] == pytest.approx(10 / 360)
    assert measures["relative_mean_absolute_revision"] == pytest.approx(30 / 360)
    earlier, later = pd.Series({2020: 1.0, 2021: 2.0}), pd.Series({2021: 3.0, 2020: 1.0, 2022: 9.0})
    assert revision_measures(earlier, later)["mean_revision"] == 0.5
    assert np.isnan(revision_measures([], [])["mean_revision"])
    with pytest.raises(MethodError, match="2 earlier and 1 later"):
        revision_measures([1.0, 2.0], [1.0])


def test_newman_weights() -> None:
    rows = pd.DataFrame({"project_id": [1, 1, 1, 2, 2, 3, 2], "organisation_id": ["a", "b", "c", "a", "b", "c", "b"]})
    ties = newman_weights(rows)
    assert ties.to_dict("list") == {
        "organisation_a": ["a", "a", "b"],
        "organisation_b": ["b", "c", "c"],
        "weight": [1.5, 0.5, 0.5],
        "project_count": [2, 1, 1],
    }
    assert newman_weights(rows[rows["project_id"] == 3]).empty
    with pytest.raises(MethodError, match="no project_id or no organisation_id"):
        newman_weights(rows.assign(organisation_id=None))


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("ABCDEF")), min_size=1, max_size=40), st.randoms())
@settings(max_examples=60, deadline=None)
def test_an_organisations_ties_weigh_its_joint_projects(rows: list[tuple[int, str]], random: object) -> None:
    frame = pd.DataFrame(rows, columns=["project_id", "organisation_id"])
    ties = newman_weights(frame)
    pd.testing.assert_frame_equal(newman_weights(frame.iloc[::-1]), ties)
    members = frame.drop_duplicates()
    size = members.groupby("project_id")["organisation_id"].transform("size")
    expected = members[size > 1].groupby("organisation_id").size()
    ends = pd.concat([ties.set_index(end)["weight"] for end in ("organisation_a", "organisation_b")])
    strength = ends.groupby(level=0).sum()
    assert strength.to_dict() == pytest.approx(expected.to_dict())


def test_ei_index() -> None:
    assert ei_index(3, 1) == 0.5
    assert ei_index(0, 4) == -1
    assert np.isnan(ei_index(0, 0))
    np.testing.assert_allclose(ei_index([1, 0], [1, 2]), [0, -1])
    with pytest.raises(MethodError, match=">= 0"):
        ei_index(-1, 1)
    ties = pd.DataFrame({"organisation_a": list("aab"), "organisation_b": list("bcc"), "weight": [2.0, 1.0, 1.0]})
    result = group_ei_index(ties, pd.Series({"a": "HU11", "b": "HU11", "c": "HU21"}))
    assert result.T["HU11"].tolist() == [2.0, 2.0, 0.0]
    assert result.T["HU21"].tolist() == [2.0, 0.0, 1.0]


def test_target_tracker() -> None:
    result = target_tracker(
        pd.Series([0.0229, 0.12, 0.09, np.nan], index=list("abcd")), [2023, 2025, 2030, 2024], 0.10, 2030
    )
    row = {name: result.T[name] for name in "abcd"}
    assert row["a"]["distance_pp"] == pytest.approx(7.71)
    assert row["a"]["required_pace_pp"] == pytest.approx(7.71 / 7)
    assert 0.0229 * (1 + row["a"]["required_growth_pct"] / 100) ** 7 == pytest.approx(0.10)
    assert row["b"][["required_pace_pp", "required_growth_pct", "is_reached"]].tolist() == [0, 0, True]
    assert np.isnan(row["c"]["required_pace_pp"])
    assert np.isnan(row["d"]["required_pace_pp"])
    assert not row["d"]["is_reached"]
