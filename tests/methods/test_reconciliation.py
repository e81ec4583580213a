"""Raking, GRAS, balancing and benchmarking: published vectors, properties and every refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from methods.reconciliation import ReconciliationError, aggregation_matrix, balance, denton, gras, rake

TV6 = np.array([[40, 30, 20, 10], [35, 50, 100, 75], [30, 80, 70, 120], [20, 30, 40, 50]], dtype=float)
TV8 = np.array([[7, 3, 5, -3], [2, 9, 8, 1], [-2, 0, 2, 1]], dtype=float)
shapes = st.tuples(st.integers(1, 6), st.integers(1, 6))
positive_tables = shapes.flatmap(lambda s: hnp.arrays(np.float64, s, elements=st.floats(0.1, 1e4)))


def test_tv6_raking() -> None:
    result = rake(TV6, [150, 300, 400, 150], [200, 300, 400, 100])
    expected = [
        [64.5585, 46.2325, 35.3843, 3.8247],
        [49.9679, 68.1594, 156.4985, 25.3742],
        [56.7219, 144.4282, 145.0825, 53.7673],
        [28.7516, 41.18, 63.0347, 17.0337],
    ]
    np.testing.assert_allclose(result, expected, atol=5e-5)


def test_tv8_gras_keeps_signs_where_raking_would_flip_them() -> None:
    result = gras(TV8, [15, 26, -1], [9, 16, 17, -2])
    expected = [
        [8.9764, 3.7432, 5.7217, -3.4413],
        [2.7993, 12.2568, 9.9923, 0.9515],
        [-2.7758, 0, 1.2860, 0.4898],
    ]
    np.testing.assert_allclose(result, expected, atol=5e-5)
    assert (np.sign(result) == np.sign(TV8)).all()


def test_tv9_balance() -> None:
    np.testing.assert_allclose(balance([25, 5], [[1, 1]], [40]), [33.3333, 6.6667], atol=5e-5)


def test_tv10_denton_carries_the_last_ratio() -> None:
    indicator = [98.2, 100.8, 102.2, 100.8, 99.0, 101.6, 102.7, 101.5, 100.5, 103.0, 103.5, 101.5]
    expected = [969.8, 998.4, 1018.3, 1013.4, 1007.2, 1042.9, 1060.3, 1051.0, 1040.6, 1066.5, 1071.7, 1051.0]
    for benchmarks in ([4000, 4161.4], [4000, 4161.4, np.nan]):
        result = denton(indicator, benchmarks, periods_per_benchmark=4)
        # 1042.9 of the vector is 1042.85 rounded up.
        np.testing.assert_allclose(result, expected, atol=0.06)
        np.testing.assert_allclose(result[8:] / indicator[8:], result[7] / indicator[7], rtol=1e-9)


@given(positive_tables, st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_rake_meets_margins_and_ignores_row_order(cells: np.ndarray, seed: int) -> None:
    random = np.random.default_rng(seed)
    truth = cells * random.uniform(0.5, 2.0, cells.shape)
    rows, columns = truth.sum(axis=1), truth.sum(axis=0)
    result = rake(cells, rows, columns)
    np.testing.assert_allclose(result.sum(axis=1), rows, rtol=1e-9)
    np.testing.assert_allclose(result.sum(axis=0), columns, rtol=1e-9)
    assert (result > 0).all()
    order = random.permutation(len(rows))
    np.testing.assert_allclose(rake(cells[order], rows[order], columns), result[order], rtol=1e-7)
    np.testing.assert_allclose(gras(cells, rows, columns), result, rtol=1e-6)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_gras_meets_margins_and_keeps_signs(seed: int, height: int, width: int) -> None:
    random = np.random.default_rng(seed)
    cells = random.normal(2.0, 2.0, (height, width))
    truth = cells * random.uniform(0.5, 2.0, cells.shape)
    rows, columns = truth.sum(axis=1), truth.sum(axis=0)
    result = gras(cells, rows, columns)
    gross = np.abs(result)
    np.testing.assert_allclose(result.sum(axis=1), rows, rtol=1e-9, atol=1e-12 * gross.sum())
    np.testing.assert_allclose(result.sum(axis=0), columns, rtol=1e-9, atol=1e-12 * gross.sum())
    assert (np.sign(result) == np.sign(cells)).all()


@pytest.mark.parametrize("method", [rake, gras])
def test_tables_that_nearly_fall_into_blocks_converge(method: Callable[..., np.ndarray]) -> None:
    cells = np.full((3, 3), 0.109375)
    cells[0, 0], cells[2, 2] = 478.0, 461.0
    truth = cells * np.random.default_rng(0).uniform(0.5, 2.0, cells.shape)
    result = method(cells, truth.sum(axis=1), truth.sum(axis=0), max_iterations=200)
    np.testing.assert_allclose(result.sum(axis=1), truth.sum(axis=1), rtol=1e-9)
    np.testing.assert_allclose(result.sum(axis=0), truth.sum(axis=0), rtol=1e-9)


def test_structural_zeros_stay_and_lines_with_zero_totals_become_zero() -> None:
    result = rake([[1, 2, 0], [3, 4, 5], [1, 1, 1]], [6, 24, 0], [10, 14, 6])
    assert result[0, 2] == 0
    assert (result[2] == 0).all()
    np.testing.assert_allclose(result.sum(axis=0), [10, 14, 6], rtol=1e-9)
    signed = gras([[1, 2, 0], [3, -4, 5], [1, 1, 1]], [6, 4, 0], [5, 1, 4])
    assert (signed[2] == 0).all()
    assert signed[1, 1] < 0
    np.testing.assert_allclose(signed.sum(axis=1), [6, 4, 0], atol=1e-8)


@pytest.mark.parametrize("method", [rake, gras])
def test_inconsistent_margins_name_both_totals(method: Callable[..., np.ndarray]) -> None:
    with pytest.raises(ReconciliationError, match=r"row totals sum to 1000, column totals sum to 1001"):
        method(TV6, [150, 300, 400, 150], [201, 300, 400, 100])


@pytest.mark.parametrize(
    ("cells", "rows", "columns", "message"),
    [
        ([[1, -2], [3, 4]], [3, 7], [4, 6], r"cell \(0, 1\) is -2.*use gras"),
        ([[0, 0], [3, 4]], [3, 4], [4, 3], r"row 0 has no positive cell left but its total is 3"),
        ([[0, 1], [0, 4]], [3, 4], [4, 3], r"column 0 has no positive cell left but its total is 4"),
        ([[1, 2], [3, 4]], [-3, 13], [4, 6], r"row 0 has no negative cell but its total is -3"),
        ([[0, 1], [1, 1]], [3, 1], [3, 1], r"did not converge in 50 iterations: .* total is"),
        ([[1, np.nan], [1, 1]], [3, 1], [3, 1], r"missing"),
        ([[1, 1]], [3, 1], [3, 1], r"shape"),
    ],
)
def test_rake_refuses(cells: list[Any], rows: list[Any], columns: list[Any], message: str) -> None:
    with pytest.raises(ReconciliationError, match=message):
        rake(cells, rows, columns, max_iterations=50)


@pytest.mark.parametrize(
    ("cells", "rows", "columns", "message"),
    [
        ([[-1, -2], [3, 4]], [3, 7], [4, 6], r"row 0 has no positive cell but its total is 3"),
        ([[1, 2], [3, 4]], [-3, 7], [2, 2], r"row 0 has no negative cell but its total is -3"),
        ([[0, 1], [1, 1]], [3, 1], [3, 1], r"GRAS did not converge"),
    ],
)
def test_gras_refuses(cells: list[Any], rows: list[Any], columns: list[Any], message: str) -> None:
    with pytest.raises(ReconciliationError, match=message):
        gras(cells, rows, columns, max_iterations=50)


def _labelled(random: np.random.Generator, size: int) -> pd.DataFrame:
    return pd.DataFrame({"activity": random.integers(0, 20, size), "region": random.integers(0, 8, size)})


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_balance_meets_repeating_hierarchies_with_fixed_cells(seed: int) -> None:
    random = np.random.default_rng(seed)
    cells = _labelled(random, 150)
    constraints, labels = aggregation_matrix(cells, [["activity"], ["region"], []])
    x = random.normal(5.0, 10.0, 150)
    fixed = random.random(150) < 0.2
    truth = np.where(fixed, x, x * random.uniform(0.5, 2.0, 150))
    targets = constraints @ truth
    result = balance(x, constraints, targets, alterability=np.where(fixed, 0.0, 1.0), may_change_sign=True)
    np.testing.assert_allclose(constraints @ result, targets, rtol=1e-9, atol=1e-9 * np.abs(x).sum())
    np.testing.assert_array_equal(result[fixed], x[fixed])
    assert len(labels) == constraints.shape[0]


def test_balance_is_the_constrained_minimum() -> None:
    random = np.random.default_rng(7)
    x, a = random.uniform(1, 10, 6), random.uniform(0.5, 3, 6)
    constraints = np.array([[1, 1, 1, 0, 0, 0], [0, 0, 1, 1, 1, 1.0]])
    targets = np.array([20.0, 25.0])
    result = balance(x, constraints, targets, alterability=a)
    # Stationarity: the weighted change is a combination of the constraints' rows.
    gradient = (result - x) / (x * a)
    multipliers = np.linalg.lstsq(constraints.T, gradient, rcond=None)[0]
    np.testing.assert_allclose(constraints.T @ multipliers, gradient, atol=1e-9)
    assert balance([25, 5], [[1, 1]], [40], alterability=[1, 5]).tolist() == pytest.approx([30, 10])


def test_balance_refuses_contradictions() -> None:
    with pytest.raises(
        ReconciliationError,
        match=r"^inconsistent totals: total 1 with target 41 contradicts .*: total 0 with target 40$",
    ):
        balance([25, 5], [[1, 1], [1, 1]], [40, 41])
    # rows sum to 10, columns to 11; the third row of the table has nothing to do with it
    table = [[1, 1, 0, 0, 0], [0, 0, 1, 1, 0], [1, 0, 1, 0, 0], [0, 1, 0, 1, 0], [0, 0, 0, 0, 1]]
    with pytest.raises(ReconciliationError) as refused:
        balance([1, 2, 3, 4, 5], table, [3, 7, 5, 6, 8])
    assert "total 2 with target 5, total 3 with target 6 (sum to 11)" in str(refused.value)
    assert "total 0 with target 3, total 1 with target 7 (sum to 10)" in str(refused.value)
    assert "total 4" not in str(refused.value)
    with pytest.raises(ReconciliationError, match="given the cells that are fixed or zero"):
        balance([25, 5, 7], [[1, 1, 1], [1, 1, 0]], [47, 41], alterability=[1, 1, 0])
    with pytest.raises(ReconciliationError, match=r"only fixed or zero cells, but .* sum to 25, the target is 30"):
        balance([25, 5], [[1, 1], [1, 0]], [40, 30], alterability=[0, 1])
    with pytest.raises(ReconciliationError, match=r"shape \(1, 2\), got \(1, 3\)"):
        balance([25, 5], [[1, 1, 1]], [40])


def test_balance_does_not_flip_signs_silently() -> None:
    # the first row takes 1 from 2 + 1, the column forbids the other cell to give way
    constraints, targets = [[1, 1, 0], [0, 1, 1]], [1, 12]
    with pytest.raises(
        ReconciliationError,
        match=r"^cell 0 would change its sign from 2 to -.* \(1 of 3 cells would\).*may_change_sign",
    ):
        balance([2, 5, 3], constraints, targets)
    assert balance([2, 5, 3], constraints, targets, may_change_sign=True)[0] < 0
    assert balance([2, 1, -3], [[1, 1, 0], [0, 0, 1]], [1, -6])[2] == pytest.approx(-6), "a sign may be negative"
    assert balance([4, 1], [[1, 0], [1, 1]], [0, 1])[0] == 0, "less than everything is not less than nothing"


@pytest.mark.parametrize("method", [rake, gras])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"tolerance": -1}, r"^tolerance is -1: a relative tolerance lies between 0 and 1$"),
        ({"tolerance": np.nan}, r"^tolerance is nan"),
        ({"tolerance": 0}, r"^tolerance is 0"),
        ({"max_iterations": 0}, r"^max_iterations is 0: at least one whole iteration is needed$"),
        ({"max_iterations": 1.5}, r"^max_iterations is 1\.5"),
    ],
)
def test_arguments_of_the_iteration(
    method: Callable[..., np.ndarray], arguments: dict[str, float], message: str
) -> None:
    with pytest.raises(ReconciliationError, match=message):
        method([[1, 2], [3, 4]], [3, 7], [4, 6], **arguments)


def test_what_is_no_number_is_refused() -> None:
    with pytest.raises(ReconciliationError, match=r"^cells are of type <U1, not numbers"):
        rake([["1", "2"]], [3], [1, 2])
    with pytest.raises(ReconciliationError, match=r"^row totals are not an array of numbers"):
        gras([[1, 2]], [object()], [1, 2])
    with pytest.raises(ReconciliationError, match=r"^targets are of type"):
        balance([1, 2], [[1, 1]], ["3"])
    with pytest.raises(ReconciliationError, match="cells have no column region, only activity"):
        aggregation_matrix(pd.DataFrame({"activity": [1]}), [["activity"], ["region"]])


def test_balance_of_5000_cells_is_sparse() -> None:
    random = np.random.default_rng(3)
    cells = _labelled(random, 5000).assign(size=random.integers(0, 6, 5000))
    constraints, _ = aggregation_matrix(cells, [["activity", "region", "size"], ["activity"], ["region", "size"], []])
    x = np.exp(random.normal(0, 4, 5000))
    targets = constraints @ (x * np.exp(random.normal(0, 0.2, 5000)))
    np.testing.assert_allclose(constraints @ balance(x, constraints, targets), targets, rtol=1e-9)


def test_denton_agrees_with_statsmodels() -> None:
    from statsmodels.tsa.interp.denton import dentonm

    random = np.random.default_rng(11)
    indicator, benchmarks = random.uniform(50, 150, 20), random.uniform(300, 700, 5)
    expected = np.asarray(dentonm(indicator, benchmarks, freq="aq")).ravel()
    np.testing.assert_allclose(denton(indicator, benchmarks, periods_per_benchmark=4), expected, rtol=1e-8)


@given(
    hnp.arrays(np.float64, 12, elements=st.floats(1.0, 1e3)), hnp.arrays(np.float64, 3, elements=st.floats(1.0, 1e6))
)
@settings(max_examples=50, deadline=None)
def test_denton_meets_benchmarks(indicator: np.ndarray, benchmarks: np.ndarray) -> None:
    result = denton(indicator, benchmarks, periods_per_benchmark=4)
    np.testing.assert_allclose(result.reshape(3, 4).sum(axis=1), benchmarks, rtol=1e-9)


def test_denton_with_yearly_benchmarks_and_gaps() -> None:
    result = denton([10, 20, 30, 40], [20, np.nan, 120, np.nan], periods_per_benchmark=1)
    # Ratios 2 and 4 are given; 3 lies evenly between them, 4 is carried on.
    np.testing.assert_allclose(result, [20, 60, 120, 160])


@pytest.mark.parametrize(
    ("indicator", "benchmarks", "message"),
    [
        ([1, 2], [np.nan], "no benchmark"),
        ([1, 2, 3], [3, 4], "needs 4 periods of the indicator, there are 3"),
        ([0, 0, 3, 4], [3, 4], "benchmark 0 is 3 but the indicator sums to 0"),
        ([1, np.nan], [3], "missing"),
    ],
)
def test_denton_refuses(indicator: list[Any], benchmarks: list[Any], message: str) -> None:
    with pytest.raises(ReconciliationError, match=message):
        denton(indicator, benchmarks, periods_per_benchmark=2)
