"""The outlook: against structural models of statsmodels and simulation, its envelope, scenarios and refusals."""

from __future__ import annotations

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from methods.errors import MethodError
from methods.outlook import MODELS, SCENARIOS, Floats, Predictive, _grid, outlook, predict

YEARS = list(range(2016, 2026))
SHARES = [0.0112, 0.0115, 0.0116, 0.0121, 0.0124, 0.0125, 0.0130, 0.0142, 0.0149, 0.0158]
Y = np.log(np.array(SHARES) / (1 - np.array(SHARES)))
CHANCES = "target_probability"


def at(alpha: float) -> int:
    return int(np.flatnonzero(np.isclose(np.linspace(0, 1, 101), alpha))[0])


@pytest.mark.parametrize(("model", "specification"), [("local_level", "llevel"), ("local_linear_drift", "lldtrend")])
def test_likelihood_and_predictions_are_those_of_the_structural_model(model: str, specification: str) -> None:
    from statsmodels.tsa.statespace.structural import UnobservedComponents

    found = predict(Y, model, 5)
    reference = UnobservedComponents(Y, specification, use_exact_diffuse=True)
    distances = []
    for alpha in (0.2, 0.5, 0.8):
        point = at(alpha)
        variance = found.variance[point]
        # the innovations form has irregular (1 - alpha) s2 and level alpha^2 s2
        result = reference.smooth([(1 - alpha) * variance, alpha**2 * variance])
        ahead = result.get_forecast(5)
        assert found.mean[point] == pytest.approx(ahead.predicted_mean, rel=1e-9)
        assert found.scale[point] == pytest.approx(ahead.se_mean, rel=1e-6)
        distances.append(result.llf - found.log_likelihood[point])
    assert np.ptp(distances) < 1e-6


@pytest.mark.parametrize("point", [700, 1500, 2055])
def test_damped_trend_is_the_exponential_smoothing_of_its_parameters(point: int) -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    found = predict(Y, "damped_trend", 5)
    alpha, beta, phi = (values[point] for values in _grid("damped_trend")[:3])

    def path(level: float, slope: float) -> tuple[Floats, Floats]:
        known = {"initialization_method": "known", "initial_level": level, "initial_trend": slope}
        result = ETSModel(pd.Series(Y), trend="add", damped_trend=True, **known).smooth(np.array([alpha, beta, phi]))
        return np.asarray(result.resid), np.asarray(result.forecast(5))

    # innovations and forecasts are linear in the first states, and those minimise the squared innovations
    (base, ahead), (first, ahead_first), (second, ahead_second) = path(0, 0), path(1, 0), path(0, 1)
    design = np.column_stack([base - first, base - second])
    loading = np.column_stack([ahead_first - ahead, ahead_second - ahead])
    inverse = np.linalg.inv(design.T @ design)
    states = inverse @ design.T @ base
    residual = base - design @ states
    variance = residual @ residual / (len(Y) - 2)
    assert found.variance[point] == pytest.approx(variance, rel=1e-6)
    assert found.mean[point] == pytest.approx(ahead + loading @ states, rel=1e-7)

    # what a unit innovation does to the value h steps later
    response, level, slope = [], alpha, beta
    for _ in range(4):
        response.append(level + phi * slope)
        level, slope = response[-1], phi * slope
    noise = 1 + np.concatenate([[0], np.cumsum(np.square(response))])
    expected = np.sqrt(variance * (noise + np.einsum("hi,ij,hj->h", loading, inverse, loading)))
    assert found.scale[point] == pytest.approx(expected, rel=1e-6)


def test_quantiles_are_those_of_a_single_t_distribution() -> None:
    one = np.ones((1, 1))
    single = Predictive(np.ones(1), 2 * one, 3 * one, 8, np.zeros(1), np.ones(1))
    # t quantile for 8 degrees of freedom: 1.396815 at 90 %
    assert single.quantile(0.9)[0] == pytest.approx(2 + 3 * 1.396815, abs=1e-5)
    assert single.quantile(0.5)[0] == pytest.approx(2)
    assert single.probability_below(np.array([2 + 3 * 1.396815]))[0] == pytest.approx(0.9, abs=1e-6)


def test_intervals_hold_what_they_promise() -> None:
    rng = np.random.default_rng(7)
    hits, runs = 0.0, 60
    for _ in range(runs):
        y = np.cumsum(rng.normal(0.03, 0.03, 15)) + rng.normal(0, 0.02, 15) - 4
        found = predict(y[:10], "local_linear_drift", 5)
        hits += np.mean((found.quantile(0.1) <= y[10:]) & (y[10:] <= found.quantile(0.9)))
    assert 0.70 <= hits / runs <= 0.90


def table(shares: list[float], years: list[int], target: float = 0.1, target_year: int = 2030) -> pd.DataFrame:
    return outlook(shares, years, target=target, target_year=target_year)


def test_envelope_holds_the_models() -> None:
    found = table(SHARES, YEARS).set_index(["model_code", "reference_year"])
    models = found.loc[list(MODELS)]
    envelope = found.loc["envelope"]
    by_year = models.groupby("reference_year")
    pd.testing.assert_series_equal(envelope["low80_pct"], by_year["low80_pct"].min())
    pd.testing.assert_series_equal(envelope["high80_pct"], by_year["high80_pct"].max())
    pd.testing.assert_series_equal(envelope["point_pct"], by_year["point_pct"].median())
    assert envelope[CHANCES].tolist() == pytest.approx(by_year[CHANCES].mean().tolist(), abs=1e-6)
    assert (models["low80_pct"] < models["point_pct"]).all()
    assert (models["point_pct"] < models["high80_pct"]).all()
    assert not found["is_scenario_only"].any()
    assert found["base_year"].unique().tolist() == [2025]
    assert envelope["horizon_years"].tolist() == [1, 2, 3, 4, 5]
    # a rising share: drift above the flat level, damped between last value and drift for long horizons
    assert found.loc[("local_linear_drift", 2030), "point_pct"] > found.loc[("local_level", 2030), "point_pct"]


def test_probability_of_a_target_at_the_median_is_a_half() -> None:
    middle = table(SHARES, YEARS).set_index(["model_code", "reference_year"]).loc[("local_level", 2030), "point_pct"]
    found = table(SHARES, YEARS, target=middle / 100).set_index(["model_code", "reference_year"])
    assert found.loc[("local_level", 2030), CHANCES] == pytest.approx(0.5, abs=1e-4)
    assert found.loc[("local_linear_drift", 2030), CHANCES] > 0.5


def test_scenarios_by_hand() -> None:
    found = table([0.01, 0.02, 0.04], [2023, 2024, 2025], target=0.10, target_year=2028)
    assert found["model_code"].unique().tolist() == list(SCENARIOS)
    paths = {code: part["point_pct"].tolist() for code, part in found.groupby("model_code")}
    assert paths == {
        "scenario_constant": [4, 4, 4],
        "scenario_last_pace": [6, 8, 10],
        "scenario_required_pace": [6, 8, 10],
    }
    assert found[["low80_pct", "high80_pct", CHANCES]].isna().all().all()
    assert found["is_scenario_only"].all()


def test_five_years_are_enough_and_four_are_not() -> None:
    assert not table(SHARES[:5], YEARS[:5])["is_scenario_only"].any()
    assert table(SHARES[:4], YEARS[:4])["is_scenario_only"].all()


def test_only_the_last_unbroken_run_counts() -> None:
    gap = table([*SHARES[:3], *SHARES[4:]], [*YEARS[:3], *YEARS[4:]])
    assert gap["observed_years"].unique().tolist() == [6]
    alone = table(SHARES[4:], YEARS[4:])
    pd.testing.assert_frame_equal(gap, alone)
    missing = table([*SHARES[:3], np.nan, *SHARES[4:]], YEARS)
    pd.testing.assert_frame_equal(gap, missing)
    zero = table([*SHARES[:3], 0.0, *SHARES[4:]], YEARS)
    pd.testing.assert_frame_equal(gap, zero)


def test_edges() -> None:
    assert table([], []).empty
    assert table([0.02], [2030]).empty
    one = table([0.02], [2029])
    assert one["model_code"].tolist() == ["scenario_constant", "scenario_required_pace"]
    reached = table([0.2], [2029])
    assert reached["point_pct"].tolist() == [20, 20]
    falling = table([0.05, 0.01], [2028, 2029], target_year=2032).set_index(["model_code", "reference_year"])
    assert falling.loc["scenario_last_pace", "point_pct"].tolist() == [0, 0, 0]
    constant = table([0.02] * 6, YEARS[:6]).set_index(["model_code", "reference_year"])
    assert constant.loc[("envelope", 2030), "point_pct"] == pytest.approx(2, abs=1e-3)
    nothing = table([0.0] * 6, YEARS[:6])
    assert nothing["is_scenario_only"].all()


@pytest.mark.parametrize(
    ("shares", "years", "target", "message"),
    [
        ([0.1, 0.2], [2020, 2020], 0.1, "two shares for 2020"),
        ([1.2], [2020], 0.1, r"a share of 1\.2"),
        ([0.1], [2020], 10.0, r"target share 10\.0"),
    ],
)
def test_refusals(shares: list[float], years: list[int], target: float, message: str) -> None:
    with pytest.raises(MethodError, match=message):
        table(shares, years, target=target)
    with pytest.raises(MethodError, match="no model 'x'"):
        predict(Y, "x", 1)


@settings(deadline=None, max_examples=8)
@given(
    st.lists(st.floats(1e-4, 0.95), min_size=1, max_size=10), st.floats(0.01, 0.9), st.randoms(use_true_random=False)
)
def test_any_history_gives_ordered_shares_whatever_its_order(
    shares: list[float], target: float, random: Random
) -> None:
    years = YEARS[: len(shares)]
    target_year = years[-1] + 2
    found = table(shares, years, target=target, target_year=target_year)
    assert found["point_pct"].between(0, 100).all()
    known = found.dropna(subset=["low80_pct"])
    assert (known["low80_pct"] <= known["point_pct"]).all()
    assert (known["point_pct"] <= known["high80_pct"]).all()
    assert known[CHANCES].between(0, 1).all()
    mixed = list(zip(shares, years, strict=True))
    random.shuffle(mixed)
    again = table([s for s, _ in mixed], [y for _, y in mixed], target=target, target_year=target_year)
    pd.testing.assert_frame_equal(found, again, check_exact=True)
