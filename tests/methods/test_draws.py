"""Draws of links and imputations: reproducible, one firm per text, and what the closed forms say."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.draws import (
    draw_links,
    interval,
    link_variance,
    lognormal_factors,
    members,
    membership_probability,
    normals,
    uniforms,
)
from methods.errors import MethodError

LINKS = pd.DataFrame(
    [
        ("g1", "A", 0.5),
        ("g1", "B", 0.3),
        ("g2", "B", 0.4),
        ("g2", "C", 0.6),
        ("g3", "C", 0.2),
        ("g4", "D", 1.0),
        ("g5", "A", 0.1),
        ("g5", "B", 0.2),
        ("g5", "C", 0.3),
    ],
    columns=["group_id", "firm_id", "probability"],
)
VALUES = pd.Series({"A": 100.0, "B": 40.0, "C": 70.0, "D": 10.0})


def exact(links: pd.DataFrame, values: pd.Series) -> tuple[float, float]:
    """Mean and variance by enumerating every outcome of every group."""
    choices = [
        [*zip(part["firm_id"], part["probability"], strict=True), (None, 1 - part["probability"].sum())]
        for _, part in links.groupby("group_id")
    ]
    outcomes = []
    for combination in itertools.product(*choices):
        weight = np.prod([p for _, p in combination])
        outcomes.append((weight, sum(values[f] for f in {f for f, _ in combination if f is not None})))
    mean = sum(w * v for w, v in outcomes)
    return mean, sum(w * (v - mean) ** 2 for w, v in outcomes)


def test_closed_form_is_what_enumeration_gives() -> None:
    mean, variance = exact(LINKS, VALUES)
    probability = membership_probability(LINKS)
    assert (probability * VALUES).sum() == pytest.approx(mean, rel=1e-12)
    assert link_variance(LINKS, VALUES) == pytest.approx(variance, rel=1e-12)


def test_simulation_agrees_with_the_closed_form() -> None:
    drawn = draw_links(LINKS, 40_000, seed=3)
    firms, inside = members(LINKS, drawn)
    totals = VALUES.loc[firms].to_numpy() @ inside
    mean, variance = exact(LINKS, VALUES)
    assert totals.mean() == pytest.approx(mean, abs=4 * np.sqrt(variance / 40_000))
    assert totals.var() == pytest.approx(variance, rel=0.03)


def test_one_firm_per_text_in_every_draw_and_certain_links_never_fail() -> None:
    drawn = draw_links(LINKS, 500, seed=1)
    for group in LINKS["group_id"].unique():
        assert drawn[LINKS["group_id"] == group].sum(axis=0).max() <= 1
    assert drawn[LINKS["firm_id"] == "D"].all()


def test_numbers_depend_on_key_seed_purpose_and_nothing_else() -> None:
    keys = pd.Series([f"k{i}" for i in range(50)])
    base = uniforms(keys, 20, seed=1, purpose="links")
    assert np.array_equal(uniforms(keys[::-1], 20, seed=1, purpose="links")[::-1], base)
    assert np.array_equal(uniforms(keys[:7], 5, seed=1, purpose="links"), base[:7, :5])
    assert not np.isclose(uniforms(keys, 20, seed=2, purpose="links"), base).any()
    assert not np.isclose(uniforms(keys, 20, seed=1, purpose="imputation"), base).any()


def test_numbers_look_random() -> None:
    u = uniforms(pd.Series([f"k{i}" for i in range(2000)]), 200, seed=5, purpose="links")
    assert u.min() > 0
    assert u.max() < 1
    assert abs(u.mean() - 0.5) < 0.002
    assert np.abs(u.mean(axis=0) - 0.5).max() < 0.035
    assert np.abs(np.asarray(np.corrcoef(u[:40]))[np.triu_indices(40, 1)]).max() < 0.35
    counts, _ = np.histogram(u, bins=20, range=(0, 1))
    assert np.abs(counts / u.size - 0.05).max() < 0.002
    z = normals(pd.Series([f"k{i}" for i in range(2000)]), 200, seed=5, purpose="links")
    assert z.std() == pytest.approx(1.0, abs=0.005)


def test_factors_have_mean_one_and_known_values_do_not_move() -> None:
    keys = pd.Series([f"k{i}" for i in range(3000)])
    spread = np.where(np.arange(3000) < 1500, 0.0, 0.4)
    factors = lognormal_factors(keys, spread, 100, seed=2, purpose="imputation")
    assert (factors[:1500] == 1).all()
    assert factors[1500:].mean() == pytest.approx(1.0, abs=0.005)
    assert np.log(factors[1500:]).std() == pytest.approx(0.4, abs=0.005)


def test_interval_holds_its_level() -> None:
    limits = np.array(interval(np.arange(1001.0)[None, :], level=0.9)).ravel()
    assert limits.tolist() == pytest.approx([50.0, 950.0])


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ([("g", "A", 1.2)], "not within"),
        ([("g", "A", 0.5), ("g", "A", 0.2)], "twice"),
        ([("g", "A", 0.7), ("g", "B", 0.7)], "together"),
    ],
)
def test_impossible_links_are_refused(links: list[tuple[str, str, float]], message: str) -> None:
    with pytest.raises(MethodError, match=message):
        draw_links(pd.DataFrame(links, columns=["group_id", "firm_id", "probability"]), 10, seed=1)


@st.composite
def groups(draw: st.DrawFn) -> pd.DataFrame:
    rows = []
    for group in range(draw(st.integers(1, 4))):
        firms = draw(st.lists(st.sampled_from("ABCD"), min_size=1, max_size=3, unique=True))
        weights = draw(st.lists(st.floats(0.01, 1), min_size=len(firms), max_size=len(firms)))
        scale = draw(st.floats(0.1, 1)) / sum(weights)
        rows += [(f"g{group}", firm, weight * scale) for firm, weight in zip(firms, weights, strict=True)]
    return pd.DataFrame(rows, columns=["group_id", "firm_id", "probability"])


@settings(max_examples=60, deadline=None)
@given(groups(), st.randoms(use_true_random=False))
def test_order_of_rows_changes_nothing(links: pd.DataFrame, random: object) -> None:
    order = np.random.default_rng(random.randrange(10**6)).permutation(len(links))  # type: ignore[attr-defined]
    drawn = draw_links(links, 30, seed=4)
    assert np.array_equal(draw_links(links.iloc[order], 30, seed=4), drawn[order])
    mean, variance = exact(links, VALUES)
    assert link_variance(links.iloc[order], VALUES) == pytest.approx(variance, rel=1e-9, abs=1e-9)
    assert (membership_probability(links) * VALUES).sum() == pytest.approx(mean, rel=1e-9)
