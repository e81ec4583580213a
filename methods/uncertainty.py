"""What uncertain links do to a share.

Belongs here: closed forms for linkage error. Does not belong here: drawing links, imputations and allocations.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

Floats = NDArray[np.float64]


def naive_share(true_share: ArrayLike, recall: ArrayLike, false_membership: ArrayLike) -> float | Floats:
    """The share that imperfect links show: s P + f (1 - P). Source: METHODS section 5, TV-23.

    Args:
        true_share: P, ratio in [0, 1].
        recall: s, GVA-weighted share of true members that are found.
        false_membership: f, GVA-weighted share of non-members taken for members.

    Returns:
        Ratio in [0, 1]; a float for scalars, else an array of the broadcast shape.
    """
    p, s, f = (_ratio(a, name) for a, name in ((true_share, "share"), (recall, "recall"), (false_membership, "false")))
    return _plain(s * p + f * (1.0 - p))


def corrected_share(naive: ArrayLike, recall: ArrayLike, false_membership: ArrayLike) -> float | Floats:
    """The share behind a naive one: (naive - f) / (s - f), within [0, 1]. Source: METHODS section 5, TV-23.

    The misclassification estimator of Rogan and Gladen (1978). A naive share outside [f, s] cannot come from any true
    share; sampling of s and f makes it happen, and the nearest possible share, 0 or 1, is returned.

    Args:
        naive: observed share, ratio in [0, 1].
        recall: s, GVA-weighted share of true members that are found; must exceed f.
        false_membership: f, GVA-weighted share of non-members taken for members.

    Returns:
        Ratio in [0, 1]; a float for scalars, else an array of the broadcast shape.

    Raises:
        MethodError: s <= f, where links carry no information, or an argument outside [0, 1].
    """
    q, s, f = (_ratio(a, name) for a, name in ((naive, "naive"), (recall, "recall"), (false_membership, "false")))
    if np.any(s <= f):
        raise MethodError(f"recall {np.min(s):.6g} does not exceed false membership {np.max(f):.6g}: no correction")
    return _plain(np.clip((q - f) / (s - f), 0.0, 1.0))


def expected_total(values: ArrayLike, probabilities: ArrayLike) -> tuple[float, float]:
    """Mean and variance of a total over uncertain, independent links: sum p v and sum p (1 - p) v^2.

    Source: METHODS section 5 (sum of GVA x match probability, not a threshold); the variance is that of independent
    Bernoulli links. Links that exclude each other are not independent: give their firm's probability of any link.

    Args:
        values: (links,) amounts, any unit.
        probabilities: (links,) in [0, 1]; 0 or 1 where a clerk decided.

    Returns:
        Mean in the unit of the values and variance in its square.

    Raises:
        MethodError: different lengths, missing values, or probabilities outside [0, 1].
    """
    v, p = np.asarray(values, dtype=np.float64), _ratio(probabilities, "probability")
    if v.shape != p.shape:
        raise MethodError(f"{v.size} values need as many probabilities, got {p.size}")
    if not np.isfinite(v).all():
        raise MethodError("a value is missing or infinite")
    return float((p * v).sum()), float((p * (1.0 - p) * v * v).sum())


def _ratio(value: ArrayLike, name: str) -> Floats:
    array = np.asarray(value, dtype=np.float64)
    outside = ~((array >= 0) & (array <= 1))
    if outside.any():
        raise MethodError(f"{name} {array[outside].flat[0]:.6g} is not within [0, 1]")
    return array


def _plain(array: Floats) -> float | Floats:
    return float(array) if np.ndim(array) == 0 else array
