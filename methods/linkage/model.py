"""What agreement is worth, and how probable each candidate is: a conditional logit with "no firm" as a competitor.

P(firm | record) = exp(u_firm) / (exp(u_none) + sum over candidates of exp(u)), u = weights x attributes. Two firms
that fit alike share the probability, and a poor best candidate loses to "none".

The weights start from `DEFAULTS` and are adapted to the records at hand without labels: records whose valid identifier
agrees with a firm say which candidate is right; the identifier is hidden and the name and place attributes learn from
it (maximum a posteriori with a normal prior around the defaults). For every eighth such record the right firm is taken
out of its candidates, so that "none" learns what a record without a firm looks like. The share of records without a
firm is then estimated by EM (Saerens, Latinne and Decaestecker 2002).

Belongs here: weights, fitting, posteriors. Does not belong here: attributes (`comparison`), thresholds (`decision`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from methods.linkage.attributes import ATTRIBUTES, INDEX
from methods.linkage.weights import DEFAULTS, NONE_DEFAULTS

NONE_ATTRIBUTES: tuple[str, ...] = (
    "constant", "is_body", "is_foreign_form", "is_abroad", "has_place", "number_unknown", "is_one_word", "information",
)  # fmt: skip
"""Columns of the matrix of records for the utility of "no firm"."""
FIXED = tuple(k for k, name in enumerate(ATTRIBUTES) if name.startswith("number_") and name != "number_digits")


@dataclass(frozen=True)
class Weights:
    """Weights of attributes, shape (len(ATTRIBUTES),), and of "no firm", shape (len(NONE_ATTRIBUTES),)."""

    pair: np.ndarray
    none: np.ndarray


def defaults() -> Weights:
    """The weights without any data."""
    return Weights(
        np.array([DEFAULTS.get(name, 0.0) for name in ATTRIBUTES]),
        np.array([NONE_DEFAULTS.get(name, 0.0) for name in NONE_ATTRIBUTES]),
    )


@dataclass(frozen=True)
class Choices:
    """Candidates grouped by record.

    Attributes:
        record: number of the record of each pair, ascending, shape (p,).
        attributes: shape (p, len(ATTRIBUTES)).
        none: attributes of all records, shape (records, len(NONE_ATTRIBUTES)).
    """

    record: np.ndarray
    attributes: np.ndarray
    none: np.ndarray


def utilities(choices: Choices, weights: Weights) -> np.ndarray:
    """Utility of each pair less that of "no firm", shape (p,)."""
    none = choices.none @ weights.none
    pairs = choices.attributes @ weights.pair.astype(np.float32)
    return np.asarray(pairs.astype(np.float64) - none[choices.record])


def posteriors(record: np.ndarray, utility: np.ndarray, records: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of each pair, shape (p,), and of "no firm", shape (records,)."""
    top = np.zeros(records)
    np.maximum.at(top, record, utility)
    grown = np.exp(utility - top[record])
    total = np.exp(-top) + np.bincount(record, weights=grown, minlength=records)
    return grown / total[record], np.exp(-top) / total


def fit(
    choices: Choices, chosen: np.ndarray, weight: np.ndarray, start: Weights, *, sigma: float,
    frozen: tuple[int, ...] = FIXED, free_none: tuple[int, ...] = (0,), iterations: int = 60,
) -> Weights:  # fmt: skip
    """Maximum a posteriori weights of records whose firm is known.

    Args:
        choices: candidates of the records.
        chosen: True for the pair that is right; a record without one means "no firm", shape (p,).
        weight: of each record, shape (records,); 0 leaves it out.
        start: weights to start from and the centre of the prior.
        sigma: standard deviation of the prior.
        frozen: attributes whose weight stays.
        free_none: attributes of "no firm" whose weight may move.
        iterations: at most so many steps of L-BFGS.
    """
    from scipy.optimize import minimize

    free = np.array([k for k in range(len(ATTRIBUTES)) if k not in frozen])
    own = np.array(free_none, dtype=int)
    matrix = np.ascontiguousarray(choices.attributes[:, free], dtype=np.float64)
    none = choices.none[:, own]
    records = len(choices.none)
    offset = utilities(choices, start)
    share = weight[choices.record]
    has_firm = np.zeros(records, dtype=bool)
    has_firm[choices.record[chosen]] = True
    total = max(float(weight.sum()), 1.0)

    def loss(step: np.ndarray) -> tuple[float, np.ndarray]:
        pair, alone = step[: len(free)], step[len(free) :]
        utility = offset + matrix @ pair - (none @ alone)[choices.record]
        p, nobody = posteriors(choices.record, utility, records)
        value = -(share[chosen] * np.log(np.maximum(p[chosen], 1e-12))).sum()
        value -= (weight[~has_firm] * np.log(np.maximum(nobody[~has_firm], 1e-12))).sum()
        residual = share * (p - chosen)
        gradient = np.concatenate(
            [matrix.T @ residual, -none.T @ np.bincount(choices.record, weights=residual, minlength=records)]
        )
        value += 0.5 * (step**2).sum() / sigma**2
        return value / total, (gradient + step / sigma**2) / total

    found = minimize(
        loss, np.zeros(len(free) + len(own)), jac=True, method="L-BFGS-B", options={"maxiter": iterations}
    ).x
    pair, alone = start.pair.copy(), start.none.copy()
    pair[free] += found[: len(free)]
    alone[own] += found[len(free) :]
    return Weights(pair, alone)


def share_without_firm(
    record: np.ndarray, utility: np.ndarray, is_open: np.ndarray, assumed: float, *, rounds: int = 30
) -> float:
    """What to add to the utility of "no firm" so that the assumed share meets the records' own (EM for a prior shift).

    Args:
        record: record of each pair, ascending.
        utility: of each pair relative to "no firm".
        is_open: records to estimate the share from, shape (records,).
        assumed: share without a firm among the records the weights were learnt from.
        rounds: of EM.
    """
    records = len(is_open)
    if not is_open.any():
        return 0.0
    share, shift = assumed, 0.0
    for _ in range(rounds):
        _, nobody = posteriors(record, utility - shift, records)
        share = float(np.clip(nobody[is_open].mean(), 0.01, 0.9))
        shift = float(np.log(share / (1 - share)) - np.log(assumed / (1 - assumed)))
    return shift


def attribute(matrix: np.ndarray, name: str) -> np.ndarray:
    """A column of the matrix of attributes by name (a view)."""
    return matrix[:, INDEX[name]]
