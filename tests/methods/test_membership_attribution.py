"""Unions of intervals and attribution rules: TV-5 to the decimal, properties, refusals."""

from __future__ import annotations

import datetime as dt
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.attribution import RULES, attribute, attribute_pairs, overlap, project_shares, split_union, union_total
from methods.errors import MethodError
from methods.membership import (
    any_day,
    any_probability_by,
    day_share,
    expected_days_by,
    on_date,
    union_days,
    union_days_by,
    year_end,
)

START = np.datetime64("2023-01-01")
DAYS = 360
PERIOD = (START, START + DAYS)


def memberships(*rows: tuple[str, str, int | None, int | None]) -> pd.DataFrame:
    """Rows of firm, cooperation, first day and day after the last, counted from 1 January 2023."""
    edge = [[None if d is None else START + np.timedelta64(d, "D") for d in r[2:]] for r in rows]
    return pd.DataFrame(
        {
            "firm_id": [r[0] for r in rows],
            "cooperation_id": [r[1] for r in rows],
            "valid_from": pd.Series([e[0] for e in edge], dtype="datetime64[s]"),
            "valid_to": pd.Series([e[1] for e in edge], dtype="datetime64[s]"),
        }
    )


TV5_GVA = pd.Series({"F1": 1000.0, "F2": 400.0, "F3": 100.0})
TV5 = memberships(
    ("F1", "K1", 0, DAYS),
    ("F1", "K2", 0, DAYS),
    ("F2", "K1", 0, 180),
    ("F2", "P1", 90, 180),
    ("F3", "P1", 0, DAYS),
)
random_memberships = st.lists(
    st.tuples(st.sampled_from("ABCD"), st.sampled_from(["K1", "K2", "P1"]), st.integers(-60, 400), st.integers(0, 500)),
    min_size=1,
    max_size=15,
).map(lambda rows: memberships(*((f, k, begin, begin + length) for f, k, begin, length in rows)))


def test_union_of_nested_intervals_is_181_of_365_days() -> None:
    intervals = pd.DataFrame({"valid_from": ["2023-01-01", "2023-04-01"], "valid_to": ["2023-07-01", "2023-07-01"]})
    assert day_share(intervals, 2023) == pytest.approx(0.495890, abs=5e-7)
    assert day_share(intervals, 2023) == 181 / 365
    assert union_days(intervals, "2023-01-01", "2024-01-01") == 181


def test_tv5() -> None:
    day_weighted = attribute(TV5_GVA, TV5, rule="day_weighted", period=PERIOD)
    assert day_weighted.sum() == pytest.approx(2400)
    full = attribute(TV5_GVA, TV5, rule="full", period=PERIOD)
    assert full.to_dict() == {"K1": 1400.0, "K2": 1000.0, "P1": 500.0}
    assert full[["K1", "K2"]].sum() == 2400
    assert union_total(TV5_GVA, TV5, rule="full", period=PERIOD) == pytest.approx(1500)
    assert union_total(TV5_GVA, TV5, rule="day_weighted", period=PERIOD) == pytest.approx(1300)
    fractional = attribute(TV5_GVA, TV5, rule="fractional", period=PERIOD)
    assert fractional.round(2).to_dict() == {"K1": 633.33, "K2": 500.0, "P1": 166.67}
    line = overlap(TV5_GVA, TV5, rule="day_weighted", period=PERIOD)
    assert line.to_dict() == pytest.approx(
        {"sum_over_cooperations": 2400, "union_total": 1300, "overlap": 1100, "overlap_ratio": 11 / 13}
    )


def test_project_share_is_eligible_over_total_cost_at_most_one() -> None:
    costs = TV5.assign(eligible_cost=[50.0, np.nan, 30.0, 90.0, 300.0], total_cost=[100.0, np.nan, 100.0, 100.0, 200.0])
    result = attribute(TV5_GVA, costs, rule="project_share", period=PERIOD)
    assert result.to_dict() == pytest.approx({"K1": 500 + 120, "K2": 1000, "P1": 360 + 100})
    # F1 would give 1.5 and F2 1.2 of itself: at most all of it.
    assert union_total(TV5_GVA, costs, rule="project_share", period=PERIOD) == pytest.approx(1500)
    with pytest.raises(MethodError, match=r"firm F1 in K1: eligible cost 50\.0 of total cost 0\.0 is no share"):
        attribute(TV5_GVA, costs.assign(total_cost=0.0), rule="project_share", period=PERIOD)
    with pytest.raises(MethodError, match="needs the columns eligible_cost and total_cost"):
        attribute(TV5_GVA, TV5, rule="project_share", period=PERIOD)


@given(random_memberships, st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_attribution_properties(frame: pd.DataFrame, seed: int) -> None:
    gva = pd.Series({"A": 10.0, "B": 200.0, "C": 3000.0})
    frame = frame.assign(eligible_cost=40.0, total_cost=100.0)
    shuffled = frame.sample(frac=1.0, random_state=seed)
    unions = {}
    for rule in RULES:
        result = attribute(gva, frame, rule=rule, year=2023)
        unions[rule] = union_total(gva, frame, rule=rule, year=2023)
        pd.testing.assert_series_equal(result, attribute(gva, shuffled, rule=rule, year=2023))
        assert unions[rule] <= result.sum() * (1 + 1e-12) + 1e-9
        pairs = attribute_pairs(gva, frame, rule=rule, year=2023)
        assert pairs[["share", "union_share"]].to_numpy().min() >= 0
        assert pairs[["share", "union_share"]].to_numpy().max() <= 1 + 1e-12
        assert pairs["gva"].sum() == pytest.approx(result.sum())
        if rule == "fractional":
            assert result.sum() == pytest.approx(unions[rule])
    assert unions["fractional"] == pytest.approx(unions["day_weighted"])
    assert unions["day_weighted"] <= unions["full"] * (1 + 1e-12)


@given(random_memberships)
@settings(max_examples=30, deadline=None)
def test_union_equals_days_counted_one_by_one(frame: pd.DataFrame) -> None:
    shares = day_share(frame, 2023)
    for firm, rows in frame.groupby("firm_id"):
        covered = set()
        for begin, end in zip(rows["valid_from"], rows["valid_to"], strict=True):
            days = pd.date_range(max(begin, pd.Timestamp("2023-01-01")), min(end, pd.Timestamp("2024-01-01")))
            covered |= set(days[:-1])
        assert shares[firm] == pytest.approx(len(covered) / 365)
        assert 0 <= shares[firm] <= 1


def test_year_is_inferred_or_asked_for() -> None:
    frame = memberships(("F1", "K1", 0, 365), ("F2", "K1", 0, 73))
    gva = pd.Series({"F1": 100.0, "F2": 50.0})
    assert attribute(gva, frame, rule="day_weighted")["K1"] == pytest.approx(110)
    with pytest.raises(MethodError, match="lie in several years: name the reference year"):
        attribute(gva, memberships(("F1", "K1", -400, 365)), rule="full")
    undated = frame[["firm_id", "cooperation_id"]]
    assert attribute(gva, undated, rule="day_weighted")["K1"] == 150
    with pytest.raises(MethodError, match="unknown attribution rule 'half'"):
        attribute(gva, frame, rule="half")
    with pytest.raises(MethodError, match="given twice for firm F1"):
        attribute(pd.Series([1.0, 2.0], index=["F1", "F1"]), frame, rule="full")


def test_members_without_value_and_rejoiners() -> None:
    frame = memberships(("F1", "K1", 0, 73), ("F1", "K1", 292, 365), ("NOBODY", "K2", 0, 365))
    result = attribute(pd.Series({"F1": 100.0}), frame, rule="day_weighted", year=2023)
    assert result.to_dict() == pytest.approx({"K1": 40.0, "K2": 0.0})


def test_shapes_open_ends_and_types() -> None:
    frame = pd.DataFrame(
        {
            "firm_id": ["b", "a", "c"],
            "valid_from": [dt.date(2023, 12, 1), None, dt.date(2025, 1, 1)],
            "valid_to": [dt.date(9999, 12, 31), dt.date(2023, 7, 2), None],
        }
    )
    days = union_days(frame, dt.date(2023, 1, 1), dt.date(2024, 1, 1))
    assert isinstance(days, pd.Series)
    assert days.to_dict() == {"a": 182.0, "b": 31.0, "c": 0.0}
    assert any_day(frame, 2023).to_dict() == {"a": True, "b": True, "c": False}
    assert year_end(frame, 2023).to_dict() == {"a": False, "b": True, "c": False}
    assert on_date(frame, "2023-07-01").to_dict() == {"a": True, "b": False, "c": False}
    assert on_date(frame, "2023-07-02").to_dict() == {"a": False, "b": False, "c": False}
    everything = frame.drop(columns="firm_id")
    assert isinstance(day_share(everything, 2023), float)
    assert any_day(everything.iloc[:0], 2023) is False
    assert day_share(pd.DataFrame({"valid_from": [None]}), 2024) == 1.0


def test_membership_refuses() -> None:
    with pytest.raises(MethodError, match=r"interval 1 ends on 2023-01-11.* before it begins on 2023-01-21"):
        day_share(memberships(("A", "K1", 0, 10), ("A", "K1", 20, 10)), 2023)
    with pytest.raises(MethodError, match="valid_to holds something that is not a date"):
        day_share(pd.DataFrame({"valid_from": ["2023-01-01"], "valid_to": ["soon"]}), 2023)
    with pytest.raises(MethodError, match="firm_id is missing in row 0"):
        day_share(pd.DataFrame({"firm_id": [None], "valid_from": ["2023-01-01"]}), 2023)


uncertain_memberships = st.lists(
    st.tuples(
        st.sampled_from("AB"),
        st.sampled_from(["K1", "K2"]),
        st.integers(-20, 380),
        st.integers(0, 300),
        st.sampled_from([("g1", 0.3), ("g2", 0.95), ("g3", 1.0), ("g4", 0.0)]),
    ),
    min_size=1,
    max_size=6,
).map(
    lambda rows: memberships(*((f, k, b, b + n) for f, k, b, n, _ in rows)).assign(
        link_group_id=[r[4][0] for r in rows], probability=[r[4][1] for r in rows]
    )
)
YEAR_2023 = ("2023-01-01", "2024-01-01")


@given(uncertain_memberships, st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_expected_days_are_the_mean_over_all_draws_of_groups(frame: pd.DataFrame, seed: int) -> None:
    expected = expected_days_by(frame, ["firm_id"], *YEAR_2023)
    chance = any_probability_by(frame, ["firm_id"])
    for firm, rows in frame.groupby("firm_id"):
        groups = rows.groupby("link_group_id")["probability"].max()
        days, any_true = 0.0, 0.0
        for drawn in product([False, True], repeat=len(groups)):
            weight = np.prod([p if true else 1 - p for p, true in zip(groups, drawn, strict=True)])
            held = rows[rows["link_group_id"].isin(groups.index[list(drawn)])]
            days += weight * (union_days(held.drop(columns="firm_id"), *YEAR_2023) if len(held) else 0.0)
            any_true += weight * any(drawn)
        assert expected[firm] == pytest.approx(days, abs=1e-9)
        assert chance[firm] == pytest.approx(any_true, abs=1e-12)
    shuffled = frame.sample(frac=1.0, random_state=seed)
    pd.testing.assert_series_equal(expected, expected_days_by(shuffled, ["firm_id"], *YEAR_2023), rtol=0, atol=1e-9)
    # the union is no more than the sum over cooperations, whatever is known of the links
    by_pair = expected_days_by(frame, ["firm_id", "cooperation_id"], *YEAR_2023)
    assert (expected <= by_pair.groupby("firm_id").sum() + 1e-9).all()
    certain = expected_days_by(frame.assign(probability=1.0), ["firm_id"], *YEAR_2023)
    np.testing.assert_allclose(certain, union_days_by(frame, ["firm_id"], *YEAR_2023), atol=1e-9)


def test_expected_days_by_hand() -> None:
    # half the year certain to 0.5, and within it a quarter by another record of 0.5: 90 x 0.5 + 90 x 0.75
    frame = memberships(("A", "K1", 0, 180), ("A", "P1", 90, 180)).assign(link_group_id=["g", "h"], probability=0.5)
    assert expected_days_by(frame, ["firm_id"], *YEAR_2023).to_dict() == pytest.approx({"A": 112.5})
    # one text, one truth: the same record in two cooperations
    together = frame.assign(link_group_id="g")
    assert expected_days_by(together, ["firm_id"], *YEAR_2023).to_dict() == pytest.approx({"A": 90.0})
    assert any_probability_by(frame, ["firm_id"]).to_dict() == pytest.approx({"A": 0.75})
    assert any_probability_by(together, ["firm_id"]).to_dict() == pytest.approx({"A": 0.5})
    assert expected_days_by(frame.iloc[:0], ["firm_id"], *YEAR_2023).empty
    assert any_probability_by(frame.iloc[:0], ["firm_id"]).empty
    with pytest.raises(MethodError, match=r"probability 1\.5 in row 1 does not lie between 0 and 1"):
        expected_days_by(frame.assign(probability=[0.5, 1.5]), ["firm_id"], *YEAR_2023)
    with pytest.raises(MethodError, match="link_group_id is missing in row 0"):
        any_probability_by(frame.assign(link_group_id=pd.Series([None, "h"], dtype="str")), ["firm_id"])


def test_parts_of_the_rules() -> None:
    share, union = pd.Series([0.5, 0.25, 0.0]), pd.Series([0.5, 0.5, 0.3])
    assert split_union(share, union, pd.Series(["A", "A", "B"])).tolist() == pytest.approx([1 / 3, 1 / 6, 0])
    costs = pd.DataFrame(
        {
            "year": [1, 1, 2],
            "firm_id": ["A", "A", "A"],
            "cooperation_id": ["P", "P", "K"],
            "eligible_cost": [10.0, 20.0, None],
            "total_cost": [40.0, 20.0, None],
        }
    )
    assert project_shares(costs, ["year", "firm_id"]).to_dict() == {(1, "A", "P"): 0.5, (2, "A", "K"): 1.0}
