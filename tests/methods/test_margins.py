"""Margins that are not published yet, and margins that differ by rounding."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.reconciliation import ReconciliationError, common_total, extrapolate_margins

YEARS = pd.Index([2020, 2021, 2022, 2023], name="reference_year")
NAN = np.nan


def frame(**lines: list[float]) -> pd.DataFrame:
    return pd.DataFrame(lines, index=YEARS)


def series(**lines: float) -> pd.Series:
    return pd.Series(lines)


def test_the_last_ratio_is_carried_and_published_margins_stay() -> None:
    filled, is_new = extrapolate_margins(
        frame(C=[100, 110, 150, NAN], G=[NAN, 40, 50, 60], J=[NAN, NAN, NAN, NAN]),
        frame(C=[50, 50, 60, 72], G=[10, 20, 30, 40], J=[1, 1, 1, 1]),
        max_years=2,
    )
    assert filled["C"].tolist() == [100, 110, 150, pytest.approx(180)]
    assert filled["G"].tolist() == [pytest.approx(20), 40, 50, 60]
    assert filled["J"].isna().all()
    assert is_new["C"].tolist() == [False, False, False, True]
    assert is_new["G"].tolist() == [True, False, False, False]


def test_only_so_many_years_are_extrapolated() -> None:
    filled, _ = extrapolate_margins(frame(C=[100, NAN, NAN, NAN]), frame(C=[50, 55, 60, 65]), max_years=2)
    assert filled["C"].tolist()[:3] == pytest.approx([100, 110, 120])
    assert np.isnan(filled["C"].iloc[3])


def test_a_line_without_firms_moves_with_the_sum() -> None:
    filled, _ = extrapolate_margins(
        frame(C=[1, 1, 1, 1], P=[10, 10, 10, NAN]), frame(C=[50, 50, 50, 75], P=[0, 0, 0, 0]), max_years=1
    )
    assert filled["P"].iloc[3] == pytest.approx(15)


def test_margins_need_every_year() -> None:
    with pytest.raises(ReconciliationError, match="consecutive"):
        extrapolate_margins(frame(C=[1, 1, 1, 1]).drop(2021), frame(C=[1, 1, 1, 1]), max_years=1)


def agree(rows: pd.Series, columns: pd.Series, new_rows: str = "", new_columns: str = "", **more: float) -> list[float]:
    found = common_total(
        rows,
        columns,
        row_is_extrapolated=pd.Series([k in new_rows for k in rows.index], index=rows.index),
        column_is_extrapolated=pd.Series([k in new_columns for k in columns.index], index=columns.index),
        **more,
    )
    assert found[0].sum() == pytest.approx(found[1].sum(), rel=1e-14)
    return [*found[0], *found[1]]


def test_rounding_is_no_contradiction() -> None:
    rows, columns = series(A=100, C=201), series(X=150, Y=150)
    assert agree(rows, columns, rounding=0.5) == [100, 201, 150.5, 150.5]
    with pytest.raises(ReconciliationError, match="row totals sum to 301, column totals sum to 300"):
        agree(rows, columns, rounding=0.2)


def test_extrapolated_lines_give_way_to_published_ones() -> None:
    rows, columns = series(A=100, C=200), series(X=100, Y=80)
    assert agree(rows, columns, new_columns="XY") == pytest.approx([100, 200, 300 * 100 / 180, 300 * 80 / 180])
    assert agree(rows, columns, new_columns="Y") == [100, 200, 100, 200]
    assert agree(rows, columns, new_rows="AC") == pytest.approx([60, 120, 100, 80])
    assert agree(rows, columns, new_rows="AC", new_columns="XY", total=360.0) == pytest.approx([120, 240, 200, 160])
    with pytest.raises(ReconciliationError, match="leaves nothing for column Y without a published margin"):
        agree(series(A=50, C=40), columns, new_columns="Y")


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_extrapolation_keeps_order_scale_and_publications(seed: int) -> None:
    random = np.random.default_rng(seed)
    published = pd.DataFrame(random.uniform(10, 100, (4, 5)), index=YEARS, columns=list("ACFGJ"))
    published = published.mask(random.random((4, 5)) < 0.3)
    moves = pd.DataFrame(random.uniform(10, 100, (4, 5)), index=YEARS, columns=list("ACFGJ"))
    filled, is_new = extrapolate_margins(published, moves, max_years=3)
    pd.testing.assert_frame_equal(filled.where(~is_new), published)
    assert (filled[published.columns[published.notna().any()]] > 0).all(axis=None)
    order = list(random.permutation(list("ACFGJ")))
    shuffled, _ = extrapolate_margins(published[order], moves, max_years=3)
    pd.testing.assert_frame_equal(shuffled[list("ACFGJ")], filled)
    # a line with publications of its own follows its own indicator, in whatever unit that is
    scaled, _ = extrapolate_margins(published, moves * 1000, max_years=3)
    pd.testing.assert_frame_equal(scaled, filled, rtol=1e-9)
