"""Goal 1: the verdict by hand, K of N, and random choices that do not depend on the order of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.errors import MethodError
from methods.scoreboard import DIMENSIONS, Choices, draw_choices, judge, passes_by_draw, scoreboard

THRESHOLDS = {"innovation": 0.5, "international": 0.4}
CODES = ["food", "ict", "wood"]
ratio = st.floats(0, 1)
cooperations = st.lists(
    st.tuples(st.sampled_from([*CODES, "other", None]), st.booleans(), ratio, ratio), max_size=8
).map(lambda rows: frame([(f"K{i}", *row) for i, row in enumerate(rows)]))


def frame(rows: list[tuple[str, str | None, bool, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["cooperation_id", "industry_code", "is_valid", *DIMENSIONS])


BY_HAND = frame(
    [
        ("K1", "ict", True, 0.5, 0.4),  # both at their thresholds: passes
        ("K2", "ict", True, 0.9, 0.39),  # one short
        ("K3", "food", False, 1.0, 1.0),  # outstanding without a status
        ("K4", "food", True, 0.25, 0.8),
        ("K5", None, True, 1.0, 1.0),  # in no industry
    ]
)


def test_verdict_by_hand() -> None:
    judged = judge(BY_HAND, THRESHOLDS)
    assert judged["is_passed"].tolist() == [True, False, False, False, False]
    assert judged["margin_ratio"].tolist() == [1.0, 0.975, 2.0, 0.5, 2.0]
    board = scoreboard(judged, CODES)
    assert board["industry_code"].tolist() == CODES
    assert board["is_passed"].tolist() == [False, True, False]
    assert board["cooperation_count"].tolist() == [2, 2, 0]
    assert board["valid_count"].tolist() == [1, 2, 0]
    assert board["passing_count"].tolist() == [0, 1, 0]
    # food: the valid cluster is shown, although the one without a status has more points
    assert board["best_cooperation_id"].tolist()[:2] == ["K4", "K1"]
    assert pd.isna(board["best_cooperation_id"].iloc[2])
    assert board["best_is_valid"].tolist() == [True, True, False]


def test_without_a_valid_cooperation_the_nearest_is_shown_as_such() -> None:
    board = scoreboard(judge(BY_HAND.iloc[[2]], THRESHOLDS), ["food"])
    assert board.loc[0, ["best_cooperation_id", "best_is_valid", "is_passed"]].tolist() == ["K3", False, False]


def test_refusals() -> None:
    with pytest.raises(MethodError, match="given once"):
        judge(pd.concat([BY_HAND, BY_HAND]), THRESHOLDS)
    with pytest.raises(MethodError, match="above nought"):
        judge(BY_HAND, {"innovation": 0.0, "international": 0.4})
    with pytest.raises(MethodError, match="at least one draw"):
        draw_choices({d: ["a"] for d in DIMENSIONS}, THRESHOLDS, draws=0, seed=1, spread=0.1)
    with pytest.raises(MethodError, match="dimension international has no indicator"):
        draw_choices({"innovation": ["a"]}, THRESHOLDS, draws=1, seed=1, spread=0.1)


def test_draws_by_hand() -> None:
    # two draws: the weight lies wholly on the first, then on the second indicator of innovation
    choices = Choices(
        {"innovation": np.array([[1.0, 0.0], [0.0, 1.0]]), "international": np.ones((1, 2))},
        {"innovation": np.array([0.5, 0.5]), "international": np.array([0.3, 0.3])},
    )
    pair = BY_HAND.iloc[[0, 3]]
    shares = {"innovation": np.array([[0.6, 0.2], [0.7, 0.7]]), "international": np.array([[0.3], [0.2]])}
    passed = passes_by_draw(pair, shares, choices, CODES)
    assert passed.to_numpy().tolist() == [[False, False], [True, False], [False, False]]


def test_random_choices_are_weights_and_thresholds_of_their_seed() -> None:
    names = {"innovation": ["a", "b", "c"], "international": ["a", "d"]}
    first = draw_choices(names, THRESHOLDS, draws=1000, seed=7, spread=0.25)
    again = draw_choices({d: n[::-1] for d, n in names.items()}, THRESHOLDS, draws=1000, seed=7, spread=0.25)
    other = draw_choices(names, THRESHOLDS, draws=1000, seed=8, spread=0.25)
    for dimension in DIMENSIONS:
        weights, limits = first.weights[dimension], first.thresholds[dimension]
        assert np.allclose(weights.sum(axis=0), 1)
        assert (weights >= 0).all()
        # uniform on the simplex: every weight has mean 1 / number; four standard errors of a thousand draws
        k = len(names[dimension])
        error = 4 * np.sqrt((k - 1) / (k**2 * (k + 1)) / 1000)
        assert np.allclose(weights.mean(axis=1), 1 / k, atol=error)
        assert limits.min() >= 0.75 * THRESHOLDS[dimension]
        assert limits.max() <= 1.25 * THRESHOLDS[dimension]
        assert np.ptp(limits) > 0.4 * THRESHOLDS[dimension]
        assert np.array_equal(weights, again.weights[dimension])
        assert np.array_equal(limits, again.thresholds[dimension])
        assert not np.array_equal(weights, other.weights[dimension])


@settings(max_examples=50, deadline=None)
@given(cooperations, st.randoms(use_true_random=False))
def test_rows_have_no_order_and_k_is_at_most_n(rows: pd.DataFrame, random: object) -> None:
    shares = {d: rows[[d, d]].to_numpy(dtype=np.float64) ** [1, 2] for d in DIMENSIONS}
    choices = draw_choices({d: ["a", "b"] for d in DIMENSIONS}, THRESHOLDS, draws=20, seed=3, spread=0.2)
    board, passed = scoreboard(judge(rows, THRESHOLDS), CODES), passes_by_draw(rows, shares, choices, CODES)
    assert board["is_passed"].sum() <= len(board) == len(CODES)
    assert (passed.sum(axis=0) <= len(CODES)).all()
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    mixed = rows.iloc[order].reset_index(drop=True)
    pd.testing.assert_frame_equal(judge(mixed, THRESHOLDS), judge(rows, THRESHOLDS))
    pd.testing.assert_frame_equal(scoreboard(judge(mixed, THRESHOLDS), CODES[::-1]), board)
    moved = {d: shares[d][order] for d in DIMENSIONS}
    pd.testing.assert_frame_equal(passes_by_draw(mixed, moved, choices, CODES[::-1]), passed)


@settings(deadline=None)
@given(cooperations, st.sampled_from(DIMENSIONS), ratio)
def test_a_better_score_never_loses_an_industry(rows: pd.DataFrame, dimension: str, more: float) -> None:
    before = scoreboard(judge(rows, THRESHOLDS), CODES)["is_passed"]
    better = rows.assign(**{dimension: np.minimum(rows[dimension].astype("float64") + more, 1.0)})
    after = scoreboard(judge(better, THRESHOLDS), CODES)["is_passed"]
    assert (after | ~before).all()
