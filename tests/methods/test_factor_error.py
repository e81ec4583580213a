"""Spread of cells and firms around their factors recovered from what was drawn; drawn cells meet the margins."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from methods.factor_error import cell_spread, crossed_residuals, fit_again, own_spread

YEARS, ACTIVITIES, REGIONS = range(2016, 2026), [f"a{i}" for i in range(12)], [f"r{j}" for j in range(8)]


def cells(cell: float, own: float) -> pd.DataFrame:
    """Log ratios with main effects of both lines, an effect of each cell and one of its firms each year."""
    rng = np.random.default_rng(3)
    of_cell = {(a, r): rng.normal(0, cell) for a in ACTIVITIES for r in REGIONS}
    rows = []
    for year in YEARS:
        of_activity = {a: rng.normal(0, 0.5) for a in ACTIVITIES}
        of_region = {r: rng.normal(0, 0.5) for r in REGIONS}
        for a, r in of_cell:
            concentration = rng.uniform(0.02, 0.4)
            noise = rng.normal(0, own * np.sqrt(concentration))
            rows.append((year, a, r, of_activity[a] + of_region[r] + of_cell[a, r] + noise, concentration))
    columns = ["reference_year", "activity_code", "region_code", "log_ratio", "concentration_ratio"]
    return pd.DataFrame(rows, columns=columns)


def test_spread_of_cells_is_what_lines_do_not_say() -> None:
    assert cell_spread(crossed_residuals(cells(0.05, 0.0))) == pytest.approx(0.05, rel=0.15)
    assert cell_spread(crossed_residuals(cells(0.0, 0.0))) == pytest.approx(0.0, abs=1e-12)


def test_own_spread_is_what_moves_small_cells_from_year_to_year() -> None:
    residuals = crossed_residuals(cells(0.2, 0.04))
    assert own_spread(residuals) == pytest.approx(0.04, rel=0.2)
    # an account in the wrong unit must not decide
    residuals.loc[::40, "residual"] += 5.0
    assert own_spread(residuals) == pytest.approx(0.04, rel=0.3)


def test_nothing_to_compare_is_no_spread() -> None:
    few = cells(0.1, 0.1).query("activity_code in ('a0', 'a1')")
    residuals = crossed_residuals(few)
    assert residuals.empty
    assert cell_spread(residuals) == 0
    assert own_spread(residuals) == 0
    one_year = crossed_residuals(cells(0.1, 0.1).query("reference_year == 2020"))
    assert own_spread(one_year) == 0


def test_an_incomplete_region_is_left_out_of_its_year() -> None:
    some = cells(0.1, 0.0)
    gap = (some["reference_year"] == 2020) & (some["region_code"] == "r0") & (some["activity_code"] == "a0")
    residuals = crossed_residuals(some[~gap])
    assert len(residuals) == len(some) - len(ACTIVITIES)


def test_drawn_cells_meet_the_margins_of_the_calibrated_ones() -> None:
    rng = np.random.default_rng(5)
    fixed = rng.uniform(1, 100, (6, 4))
    fixed[2, 1] = 0.0
    fixed[4] = 0.0
    drawn = fit_again(fixed[:, :, None] * rng.lognormal(0, 0.3, (6, 4, 50)), fixed)
    assert drawn.sum(axis=1) == pytest.approx(np.repeat(fixed.sum(axis=1)[:, None], 50, axis=1), rel=1e-5)
    assert drawn.sum(axis=0) == pytest.approx(np.repeat(fixed.sum(axis=0)[:, None], 50, axis=1), rel=1e-9)
    assert (drawn[2, 1] == 0).all()
    assert np.ptp(drawn[0, 0]) > 0
