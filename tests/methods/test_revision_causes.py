"""The decomposition of a revision by cause: terms computed by hand, and what holds for any numbers."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from methods.errors import MethodError
from methods.revisions import decompose_by_cause

YEARS = [2022, 2023]


def series(*values: float) -> pd.Series:
    return pd.Series(values, index=YEARS[: len(values)])


def test_terms_by_hand() -> None:
    """2.31 % became 2.35 %: today's method alone gives 2.30, members 2.33, accounts 2.36, the revised total 2.34."""
    terms = decompose_by_cause(
        before=series(2.20, 2.31),
        base=series(2.20, 2.30),
        swapped={"membership": series(2.21, 2.33), "accounts": series(2.21, 2.36), "total": series(2.25, 2.34)},
        after=series(2.25, 2.35),
    )
    assert list(terms.columns) == ["before", "after", "change", "membership", "accounts", "total", "method"]
    assert terms.loc[2023].tolist() == pytest.approx([2.31, 2.35, 0.04, 0.03, 0.03, -0.02, 0.00])
    assert terms.loc[2022].tolist() == pytest.approx([2.20, 2.25, 0.05, 0.01, 0.00, 0.04, 0.00])


def test_method_is_what_lies_before_the_first_and_behind_the_last_swap() -> None:
    terms = decompose_by_cause(series(1.0), series(1.5), {"accounts": series(1.5)}, series(1.25))
    assert terms.loc[2022, ["accounts", "method"]].tolist() == [0.0, 0.25]


def test_the_order_decides_who_gets_the_interaction() -> None:
    """A share 2 / 10 whose numerator doubles and whose denominator doubles does not move; the terms depend on order."""
    before, both = series(20.0), series(20.0)
    numerator_first = decompose_by_cause(before, before, {"accounts": series(40.0), "total": both}, both)
    total_first = decompose_by_cause(before, before, {"total": series(10.0), "accounts": both}, both)
    assert numerator_first.loc[2022, ["accounts", "total"]].tolist() == [20.0, -20.0]
    assert total_first.loc[2022, ["accounts", "total"]].tolist() == [10.0, -10.0]


def test_a_figure_missing_anywhere_has_no_terms_and_hides_no_other() -> None:
    terms = decompose_by_cause(series(1.0, 2.0), series(1.0, 2.0), {"accounts": series(1.5)}, series(1.5, 3.0))
    assert terms.loc[2022, "accounts"] == 0.5
    assert terms.loc[2023].isna().all()


def test_refusals() -> None:
    with pytest.raises(MethodError, match="remains"):
        decompose_by_cause(series(1.0), series(1.0), {"method": series(1.0)}, series(1.0))
    twice = pd.Series([1.0, 2.0], index=[2022, 2022])
    with pytest.raises(MethodError, match="twice"):
        decompose_by_cause(series(1.0), twice, {}, series(1.0))


SHARES = st.lists(st.floats(0, 100), min_size=6, max_size=6)


@given(SHARES)
def test_the_terms_add_up_to_the_change(shares: list[float]) -> None:
    before, base, *steps, after = shares
    swapped = {f"cause {number}": series(step) for number, step in enumerate(steps)}
    row = decompose_by_cause(series(before), series(base), swapped, series(after)).loc[2022]
    assert row["change"] == after - before
    assert math.fsum([*row[list(swapped)], row["method"]]) == pytest.approx(after - before, abs=1e-13)
    assert np.isfinite(row.to_numpy()).all()
