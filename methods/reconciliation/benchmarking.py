"""Benchmarking a series of high frequency to totals of low frequency.

Belongs here: proportional Denton. Does not belong here: seasonal adjustment, outlook models.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from methods.errors import ReconciliationError
from methods.reconciliation.arguments import as_floats


def denton(indicator: ArrayLike, benchmarks: ArrayLike, *, periods_per_benchmark: int) -> NDArray[np.float64]:
    """Spreads benchmarks over periods in proportion to an indicator, with the smoothest ratio.

    Minimises sum (x_t / p_t - x_(t-1) / p_(t-1))^2 subject to the sums over each benchmark's periods. Source: Denton
    (1971) in the first-difference form of Cholette (1984), which does not tie the first period; IMF Quarterly National
    Accounts Manual (2017), chapter 6; METHODS section 3, TV-10. Where the benchmark is missing, after the last one or
    before the first, the smoothest ratio is the constant one, so the last (first) ratio is carried; a benchmark missing
    between two others leaves the ratio free to move evenly from one to the other.

    Args:
        indicator: (periods,) p, unit of its own.
        benchmarks: (benchmarks,) totals of consecutive blocks of `periods_per_benchmark` periods from the first one;
            NaN or left out at the end where there is none yet.
        periods_per_benchmark: 4 for quarters in years, 1 for years benchmarked one by one.

    Returns:
        (periods,) values in the benchmarks' unit.

    Raises:
        ReconciliationError: arguments that are no series of numbers, no benchmark at all, a benchmark for periods
            without indicator, or an indicator of zeros under a benchmark that is not zero.
    """
    from scipy import sparse
    from scipy.sparse.linalg import spsolve

    p, totals = as_floats("indicator", indicator), as_floats("benchmarks", benchmarks)
    if int(periods_per_benchmark) != periods_per_benchmark or periods_per_benchmark < 1:
        raise ReconciliationError(f"periods_per_benchmark is {periods_per_benchmark!r}: a whole number from 1")
    if p.ndim != 1 or totals.ndim != 1:
        raise ReconciliationError(f"denton needs two series, got arrays of shape {p.shape} and {totals.shape}")
    if np.isinf(totals).any():
        raise ReconciliationError(f"benchmark {int(np.isinf(totals).argmax())} is infinite; a missing one is NaN")
    if not np.isfinite(p).all():
        raise ReconciliationError("the indicator contains a missing or infinite value")
    known = np.flatnonzero(~np.isnan(totals))
    if not known.size:
        raise ReconciliationError("there is no benchmark: the indicator alone has no level")
    needed = (int(known[-1]) + 1) * periods_per_benchmark
    if needed > p.size:
        raise ReconciliationError(f"the last benchmark needs {needed} periods of the indicator, there are {p.size}")

    level = float(np.abs(p).mean()) or 1.0
    period = known[:, None] * periods_per_benchmark + np.arange(periods_per_benchmark)[None, :]
    coefficients = p[period] / level
    sums = coefficients.sum(axis=1)
    empty = (np.abs(coefficients).sum(axis=1) == 0) & (totals[known] != 0)
    if empty.any():
        first = int(known[np.flatnonzero(empty)[0]])
        raise ReconciliationError(f"benchmark {first} is {totals[first]:.10g} but the indicator sums to 0 there")
    # A block of zeros under a zero benchmark says nothing about the ratio; as a constraint it would be singular.
    informative = np.abs(coefficients).sum(axis=1) > 0
    period, coefficients, sums, known = (
        period[informative],
        coefficients[informative],
        sums[informative],
        known[informative],
    )
    if not known.size:
        return np.zeros_like(p)

    n, m = p.size, known.size
    difference = sparse.diags_array([-np.ones(n - 1), np.ones(n - 1)], offsets=[0, 1], shape=(n - 1, n))
    block = np.repeat(np.arange(m), periods_per_benchmark)
    summing = sparse.csr_array((coefficients.ravel(), (block, period.ravel())), shape=(m, n))
    system = sparse.block_array([[difference.T @ difference, summing.T], [summing, None]], format="csc")
    solution = spsolve(system, np.concatenate([np.zeros(n), totals[known]]))
    result = solution[:n] * p / level
    reached = result[period].sum(axis=1)
    scale = np.maximum(np.abs(totals[known]), 1e-3 * np.abs(result[period]).sum(axis=1))
    gap = np.abs(reached - totals[known]) / np.where(scale > 0, scale, 1.0)
    if not np.isfinite(result).all() or np.nanmax(gap, initial=0.0) > 1e-9:
        worst = int(known[int(np.nan_to_num(gap, nan=np.inf).argmax())])
        raise ReconciliationError(
            f"benchmark {worst} of {totals[worst]:.10g} cannot be met: the indicator sums to "
            f"{float(sums[known == worst][0]) * level:.10g} there"
        )
    return np.asarray(result, dtype=np.float64)
