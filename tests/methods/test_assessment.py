"""Cluster assessment: the scale by hand, its bounds, its monotony, and that rows have no order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.assessment import dimension_points, indicator_points, scale_share
from methods.errors import MethodError

SCALES = pd.DataFrame(
    [
        ("innovation", "spending", 0.0, 4.0, 10.0),
        ("innovation", "projects", 10.0, 20.0, 16.0),
        ("management", "spending", 2.0, 3.0, 30.0),
    ],
    columns=["dimension_code", "indicator_code", "floor", "ceiling", "max_points"],
)
values = st.one_of(st.none(), st.floats(-1e6, 1e6, allow_nan=False))


def indicators(rows: list[tuple[int, str, str, float | None]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["reference_year", "cooperation_id", "indicator_code", "value"])
    return frame.astype({"value": "float64"})


def test_points_by_hand() -> None:
    points = indicator_points(
        indicators([(2023, "K1", "spending", 1.0), (2023, "K1", "projects", 25.0), (2023, "K2", "spending", 2.5)]),
        SCALES,
    )
    assert points[["cooperation_id", "dimension_code", "indicator_code"]].to_numpy().tolist() == [
        ["K1", "innovation", "projects"],
        ["K1", "innovation", "spending"],
        ["K1", "management", "spending"],
        ["K2", "innovation", "projects"],
        ["K2", "innovation", "spending"],
        ["K2", "management", "spending"],
    ]
    assert points["points"].tolist() == [16.0, 2.5, 0.0, 0.0, 6.25, 15.0]
    assert points["is_missing"].tolist() == [False, False, False, True, False, False]
    sums = dimension_points(points)
    assert sums["points"].tolist() == [18.5, 0.0, 6.25, 15.0]
    assert sums["score_ratio"].tolist() == [round(18.5 / 26, 9), 0.0, round(6.25 / 26, 9), 0.5]
    assert sums["missing_count"].tolist() == [0, 0, 1, 0]


def test_what_is_no_scale_is_refused() -> None:
    with pytest.raises(MethodError, match="a ceiling above its floor"):
        scale_share([1.0], 3.0, 3.0)
    twice = indicators([(2023, "K1", "spending", 1.0), (2023, "K1", "spending", 2.0)])
    with pytest.raises(MethodError, match="indicator spending of K1 in 2023 is given twice"):
        indicator_points(twice, SCALES)


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["K1", "K2", "K3"]), values, values), max_size=3, unique_by=lambda r: r[0]))
def test_points_stay_within_their_scale(rows: list[tuple[str, float | None, float | None]]) -> None:
    long = [(2023, k, code, v) for k, a, b in rows for code, v in (("spending", a), ("projects", b))]
    points = indicator_points(indicators(long), SCALES)
    assert ((points["points"] >= 0) & (points["points"] <= points["max_points"])).all()
    assert dimension_points(points)["score_ratio"].between(0, 1).all()


@settings(deadline=None)
@given(values, st.floats(0, 1e6))
def test_more_of_an_indicator_never_costs_points(value: float | None, more: float) -> None:
    less = np.nan if value is None else value
    assert scale_share(less, 10.0, 20.0) <= scale_share((value or 0.0) + more, 10.0, 20.0)


@settings(deadline=None)
@given(st.permutations(range(6)))
def test_the_order_of_rows_changes_nothing(order: list[int]) -> None:
    rows = [(2022 + i % 2, f"K{i}", code, float(i)) for i in range(3) for code in ("spending", "projects")]
    frame = indicators(rows)
    mixed = indicator_points(frame.iloc[order].reset_index(drop=True), SCALES.iloc[::-1])
    pd.testing.assert_frame_equal(mixed, indicator_points(frame, SCALES))
    pd.testing.assert_frame_equal(dimension_points(mixed.iloc[::-1]), dimension_points(mixed))
