"""Matched comparison: weights and variance by hand and against unit-level arithmetic, coarsening, refusals."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from methods.errors import MethodError
from methods.matching import matched_difference, stratum_moments

LEVELS = (("section", "region"), ("section",))


def units(*rows: tuple[str, str, bool, float | None]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["section", "region", "is_member", "outcome"]).astype({"outcome": "float64"})


BY_HAND = units(
    ("C", "HU11", True, 40.0),
    ("C", "HU11", True, 60.0),
    ("C", "HU11", False, 10.0),
    ("C", "HU11", False, 20.0),
    ("C", "HU11", False, 30.0),
    ("C", "HU12", True, 50.0),  # no control in its region: all controls of C
    ("C", "HU33", False, 60.0),
    ("J", "HU11", True, 99.0),  # no control in its section: in no mean
    ("K", "HU11", False, 70.0),  # no member: no control of anybody
    ("C", "HU11", True, None),  # export share unknown
)


def test_by_hand() -> None:
    result = matched_difference(stratum_moments(BY_HAND, LEVELS[0]), levels=LEVELS)
    assert (result.member_count, result.matched_counts, result.unmatched_count) == (4, (2, 1), 1)
    assert result.control_count == 4
    assert result.member_mean == pytest.approx(50.0)
    # weights: HU11 2/3 + 1/4 each, HU33 1/4; they sum to the three matched members
    w, v = 2 / 3 + 1 / 4, 1 / 4
    assert result.control_mean == pytest.approx((w * 60 + v * 60) / 3)
    assert result.difference == pytest.approx(50 - (w * 60 + v * 60) / 3)
    assert result.effective_controls == pytest.approx(9 / (3 * w**2 + v**2))
    # members vary by 200 within C/HU11, and so, pooled, for the single one of C/HU12; controls by 100
    variance = (2 * 200 + 200) / 9 + (3 * w**2 * 100 + v**2 * 100) / 9
    assert result.standard_error == pytest.approx(math.sqrt(variance))
    assert result.high - result.low == pytest.approx(2 * 1.959963985 * math.sqrt(variance))


def test_nobody_to_compare() -> None:
    alone = matched_difference(stratum_moments(BY_HAND.iloc[[7]], LEVELS[0]), levels=LEVELS)
    assert (alone.member_count, alone.matched_counts, alone.unmatched_count) == (1, (0, 0), 1)
    assert math.isnan(alone.difference)
    assert math.isnan(alone.low)


def test_no_variance_is_seen_where_every_stratum_has_one_unit() -> None:
    pair = units(("C", "HU11", True, 40.0), ("C", "HU11", False, 10.0))
    result = matched_difference(stratum_moments(pair, LEVELS[0]), levels=LEVELS)
    assert result.difference == 30
    assert math.isnan(result.standard_error)


def test_refusals() -> None:
    strata = stratum_moments(BY_HAND, LEVELS[0])
    with pytest.raises(MethodError, match="nested"):
        matched_difference(strata, levels=(("section",), ("section", "region")))
    with pytest.raises(MethodError, match="given twice"):
        matched_difference(pd.concat([strata, strata]), levels=LEVELS)
    with pytest.raises(MethodError, match="confidence"):
        matched_difference(strata, levels=LEVELS, confidence=1.0)


random_units = st.lists(
    st.tuples(st.sampled_from("CJ"), st.sampled_from(["HU11", "HU12", "HU33"]), st.booleans(), st.integers(0, 100)),
    min_size=2,
    max_size=40,
).map(lambda rows: units(*((s, r, m, float(o)) for s, r, m, o in rows)))


@settings(max_examples=60, deadline=None)
@given(random_units, st.randoms(use_true_random=False))
def test_against_arithmetic_unit_by_unit(frame: pd.DataFrame, random: object) -> None:
    members, controls = frame[frame["is_member"]], frame[~frame["is_member"]]
    weight = pd.Series(0.0, index=controls.index)
    matched = []
    for _, member in members.iterrows():
        for level in LEVELS:
            same = (controls[list(level)] == member[list(level)]).all(axis=1)
            if same.any():
                weight[same] += 1 / same.sum()
                matched.append(member["outcome"])
                break
    assume(matched)
    result = matched_difference(stratum_moments(frame, LEVELS[0]), levels=LEVELS)
    assert sum(result.matched_counts) == len(matched)
    assert sum(result.matched_counts) + result.unmatched_count == result.member_count == len(members)
    assert result.member_mean == pytest.approx(np.mean(matched))
    assert result.control_mean == pytest.approx((weight * controls["outcome"]).sum() / weight.sum())
    assert result.effective_controls == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    order = list(range(len(frame)))
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = matched_difference(stratum_moments(frame.iloc[order], LEVELS[0]).iloc[::-1], levels=LEVELS)
    assert repr(mixed) == repr(result)
