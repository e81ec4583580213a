"""Where a share may go: three models, their envelope, and scenarios. A projection, not an official statistic.

Belongs here: predictive distributions of a yearly share, the probability of a target. Does not belong here: what would
have to happen (`target`), the sampling or linkage uncertainty of the shares themselves (`uncertainty`).

The share is modelled on the logit scale, so that no path leaves (0, 1). All three models are innovations state space
models (Hyndman, Koehler, Ord and Snyder 2008) of level l and slope b,

    y[t] = l[t-1] + phi b[t-1] + e[t],   l[t] = l[t-1] + phi b[t-1] + alpha e[t],   b[t] = phi b[t-1] + beta e[t]

| model | alpha | beta | phi | the same as |
|---|---|---|---|---|
| `local_level` | 0..1 | 0 | no slope | random walk plus noise, ARIMA(0,1,1) |
| `local_linear_drift` | 0..1 | 0 | 1 | random walk with constant drift plus noise |
| `damped_trend` | 0..1 | 0..alpha | 0.80..0.98 | exponential smoothing of Gardner and McKenzie (1985) |

phi has the range that Hyndman and Athanasopoulos (2021) advise. Ten shares do not tell alpha, beta and phi apart, and
intervals that take the best guess for the truth are too narrow. So nothing is optimised: the parameters run over a
fixed grid with equal prior weight, first states and variance are diffuse, and the prediction is the mixture of the
grid's Student t distributions, weighted with the exact diffuse likelihood (for a given alpha, the first two models have
the likelihood and the predictions of the structural models in Durbin and Koopman 2012). No optimiser, start value,
random number or thread is involved; results are rounded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

MODELS = ("local_level", "local_linear_drift", "damped_trend")
SCENARIOS = ("scenario_constant", "scenario_last_pace", "scenario_required_pace")
LABEL = "projection, not an official statistic"
MINIMUM_YEARS = 5
"""With fewer shares there are scenarios only (METHODS section 6)."""
INTERVAL = (0.1, 0.9)
"""Quantiles of the 80 % interval."""
DIGITS = 6
"""Shares (%) and probabilities are rounded to as many digits."""

_ALPHA = np.linspace(0.0, 1.0, 101)
_COARSE_ALPHA, _BETA_RATIO = np.linspace(0.0, 1.0, 21), np.linspace(0.0, 1.0, 11)
_PHI = np.linspace(0.80, 0.98, 10)
_ERROR_FLOOR = 1e-6  # of the logit: a series that a model fits without error still has some
_BISECTIONS = 44  # of a bracket of some hundred: to 1e-11, far below what is rounded

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Predictive:
    """A mixture of Student t distributions for each horizon, on the logit scale.

    Attributes:
        weight: (grid,) weights, sum 1.
        mean: (grid, horizons) locations.
        scale: (grid, horizons) scales.
        degrees: degrees of freedom.
        log_likelihood: (grid,) log of the diffuse likelihood, concentrated over the variance, up to a constant.
        variance: (grid,) variance of the innovations.
    """

    weight: Floats
    mean: Floats
    scale: Floats
    degrees: int
    log_likelihood: Floats
    variance: Floats

    def probability_below(self, value: Floats) -> Floats:
        """P(y <= value) per horizon; value: (horizons,)."""
        from scipy.special import stdtr  # scipy takes a while to import

        below = stdtr(float(self.degrees), (value - self.mean) / self.scale)
        return np.asarray((self.weight[:, None] * below).sum(axis=0))

    def quantile(self, probability: float) -> Floats:
        """(horizons,) quantiles by bisection, which needs no start value and always ends."""
        width = 1e3 * self.scale.max(axis=0)
        low, high = self.mean.min(axis=0) - width, self.mean.max(axis=0) + width
        for _ in range(_BISECTIONS):
            middle = (low + high) / 2
            is_below = self.probability_below(middle) < probability
            low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
        return np.asarray((low + high) / 2)


def outlook(share: ArrayLike, year: ArrayLike, *, target: float, target_year: int) -> pd.DataFrame:
    """Projections of a yearly share up to the target year.

    Models use the last unbroken run of years with a share strictly between 0 and 1; the envelope reaches from the
    lowest lower to the highest upper bound of the models' 80 % intervals, its point is the median of their points and
    its probability the mean of theirs (equal weights). Scenarios keep the last share, continue its last yearly change,
    or rise steadily to the target; they have neither interval nor probability. Source: METHODS section 6.

    Args:
        share: (years,) shares as ratios; missing ones are left out.
        year: (years,) their reference years, each once, in any order.
        target: share wanted, as a ratio within (0, 1).
        target_year: last year to project.

    Returns:
        Rows ordered by model (models, envelope, scenarios) and year: `model_code`, `reference_year`, `base_year` (last
        year with a share), `horizon_years`, `observed_years` (length of the run), `point_pct`, `low80_pct`,
        `high80_pct` (%), `target_probability` (P that the share of that year is at least the target) and
        `is_scenario_only` (too few years for models). Empty where there is no share or no year left.

    Raises:
        MethodError: a target outside (0, 1), a share outside [0, 1], a year given twice.
    """
    if not 0 < target < 1:
        raise MethodError(f"the target share {target} does not lie between 0 and 1")
    values, years = np.asarray(share, dtype=np.float64), np.asarray(year, dtype=np.int64)
    order = np.argsort(years, kind="stable")
    values, years = values[order], years[order]
    values, years = values[np.isfinite(values)], years[np.isfinite(values)]
    if (np.diff(years) == 0).any():
        raise MethodError(f"two shares for {years[:-1][np.diff(years) == 0][0]}")
    if ((values < 0) | (values > 1)).any():
        raise MethodError(f"a share of {values[(values < 0) | (values > 1)][0]} is outside 0 and 1")
    if not years.size or target_year <= years[-1]:
        return _frame([], years=years, horizons=0, run=0)
    horizons = target_year - int(years[-1])
    run = _last_run(values, years)
    paths: list[tuple[str, dict[str, Floats]]] = []
    if run >= MINIMUM_YEARS:
        y = _logit(values[-run:])
        goal = np.full(horizons, float(_logit(np.array([target]))[0]))
        for model in MODELS:
            predictive = predict(y, model, horizons)
            low, high = (_share(predictive.quantile(q)) for q in INTERVAL)
            chance = 1.0 - predictive.probability_below(goal)
            paths.append(
                (model, {"point": _share(predictive.quantile(0.5)), "low": low, "high": high, "chance": chance})
            )
        paths.append(("envelope", _envelope([path for _, path in paths])))
    paths += _scenarios(values, years, target, horizons)
    return _frame(paths, years=years, horizons=horizons, run=run)


def predict(y: Floats, model: str, horizons: int) -> Predictive:
    """The predictive distribution of one model; see the module.

    Args:
        y: (years,) consecutive logits, oldest first.
        model: one of `MODELS`.
        horizons: years ahead, at least 1.

    Returns:
        `Predictive` over the model's grid. For each grid point the first states are estimated by least squares on the
        innovations (in which they are linear); the scale holds the innovations to come,
        1 + sum over j < h of (alpha + beta (phi + ... + phi^j))^2, and the states' own uncertainty.

    Raises:
        MethodError: an unknown model.
    """
    alpha, beta, phi, states = _grid(model)
    size, n = alpha.size, len(y)
    # Column 0 is the path from zero states, columns 1 and 2 are the responses to the first level and slope.
    level, slope = np.zeros((3, size)), np.zeros((3, size))
    level[1] = 1.0
    slope[2] = 1.0
    innovations = np.empty((n, 3, size))
    observed = np.zeros((3, 1))
    for t in range(n):
        observed[0] = y[t]
        ahead = level + phi * slope
        innovations[t] = observed - ahead
        level = ahead + alpha * innovations[t]
        slope = phi * slope + beta * innovations[t]
    target, design = innovations[:, 0], -innovations[:, 1 : 1 + states]
    inverse, log_determinant = _inverse((design[:, :, None] * design[:, None, :]).sum(axis=0))
    moment = (design * target[:, None]).sum(axis=0)
    first = (inverse * moment[None]).sum(axis=1)
    residual = target - (design * first[None]).sum(axis=1)
    degrees = n - states
    squares = np.maximum((residual**2).sum(axis=0), n * _ERROR_FLOOR**2)
    log_likelihood = -0.5 * (log_determinant + degrees * np.log(squares))
    weight = np.exp(log_likelihood - log_likelihood.max())

    mean, scale = np.empty((size, horizons)), np.empty((size, horizons))
    damping, noise = np.zeros(size), np.ones(size)
    for h in range(horizons):
        if h:
            noise = noise + (alpha + beta * damping) ** 2
        damping = damping + phi ** (h + 1)
        path = level + damping * slope
        loading = path[1 : 1 + states]
        mean[:, h] = path[0] + (loading * first).sum(axis=0)
        uncertain = (loading[:, None] * inverse * loading[None]).sum(axis=(0, 1))
        scale[:, h] = np.sqrt(squares / degrees * (noise + uncertain))
    return Predictive(weight / weight.sum(), mean, scale, degrees, log_likelihood, squares / degrees)


def _grid(model: str) -> tuple[Floats, Floats, Floats, int]:
    """Alpha, beta and phi of every grid point, and how many first states the model has."""
    if model == "damped_trend":
        alpha, ratio, phi = (a.ravel() for a in np.meshgrid(_COARSE_ALPHA, _BETA_RATIO, _PHI, indexing="ij"))
        return alpha, alpha * ratio, phi, 2
    if model in MODELS:
        return _ALPHA, np.zeros_like(_ALPHA), np.ones_like(_ALPHA), MODELS.index(model) + 1
    raise MethodError(f"no model {model!r}; there are {', '.join(MODELS)}")


def _inverse(matrix: Floats) -> tuple[Floats, Floats]:
    """Inverse and log determinant of (k, k, grid) symmetric matrices with k of 1 or 2, in closed form."""
    if len(matrix) == 1:
        return 1.0 / matrix, np.log(matrix[0, 0])
    (a, b), (_, d) = matrix
    determinant = a * d - b * b
    return np.array([[d, -b], [-b, a]]) / determinant, np.log(determinant)


def _last_run(values: Floats, years: NDArray[np.int64]) -> int:
    """How many of the last shares follow year upon year and have a logit."""
    is_usable = (values > 0) & (values < 1)
    is_joined = np.concatenate([[True], np.diff(years) == 1])
    run = 0
    for usable, joined in zip(is_usable[::-1], is_joined[::-1], strict=True):
        if not usable:
            break
        run += 1
        if not joined:
            break
    return run


def _envelope(paths: list[dict[str, Floats]]) -> dict[str, Floats]:
    return {
        "point": np.median([p["point"] for p in paths], axis=0),
        "low": np.min([p["low"] for p in paths], axis=0),
        "high": np.max([p["high"] for p in paths], axis=0),
        "chance": np.mean([p["chance"] for p in paths], axis=0),
    }


def _scenarios(
    values: Floats, years: NDArray[np.int64], target: float, horizons: int
) -> list[tuple[str, dict[str, Floats]]]:
    last, ahead = values[-1], np.arange(1, horizons + 1)
    paths = {"scenario_constant": np.full(horizons, last)}
    if len(values) > 1 and years[-1] - years[-2] == 1:
        paths["scenario_last_pace"] = np.clip(last + ahead * (last - values[-2]), 0.0, 1.0)
    paths["scenario_required_pace"] = last + ahead * max(target - last, 0.0) / horizons
    return [(name, {"point": path}) for name, path in paths.items()]


def _frame(
    paths: list[tuple[str, dict[str, Floats]]], *, years: NDArray[np.int64], horizons: int, run: int
) -> pd.DataFrame:
    ahead = np.arange(1, horizons + 1)
    missing = np.full(horizons, np.nan)
    last = int(years[-1]) if years.size else 0
    frames = [
        pd.DataFrame(
            {
                "model_code": model,
                "reference_year": last + ahead,
                "base_year": last,
                "horizon_years": ahead,
                "observed_years": run,
                "point_pct": np.round(100.0 * path["point"], DIGITS),
                "low80_pct": np.round(100.0 * path.get("low", missing), DIGITS),
                "high80_pct": np.round(100.0 * path.get("high", missing), DIGITS),
                "target_probability": np.round(path.get("chance", missing), DIGITS),
                "is_scenario_only": run < MINIMUM_YEARS,
            }
        )
        for model, path in paths or [("", {"point": missing})]
    ]
    return pd.concat(frames, ignore_index=True)


def _logit(share: Floats) -> Floats:
    return np.asarray(np.log(share / (1.0 - share)))


def _share(y: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-y)))
