"""Which firms are listed at all: large firms join clusters and projects far more often than small ones.

Two firms of one name in one town are equally like a row that names neither's tax number, but not equally probable: the
one with a thousand employees is on twenty times as many lists. How much more often is learnt from the records
themselves (EM), so a list of small firms teaches the opposite.

Belongs here: the prior of a firm by its size. Does not belong here: what a row says (`comparison`, `model`).
"""

from __future__ import annotations

import numpy as np

from methods.linkage.model import posteriors

BOUNDS = (1, 10, 50, 250, 1000)
"""Lower bounds of the size classes by persons employed: those of Recommendation 2003/361, and 1,000."""
STRENGTH = 50.0
"""Records that the registry's own distribution counts for; keeps a short list from saying too much."""
LARGEST = 4.0
"""Largest offset either way, on the log scale."""


def size_classes(employees: np.ndarray) -> np.ndarray:
    """Size class of each firm, 0 where unknown or without employees.

    Args:
        employees: persons employed, NaN where unknown, shape (firms,).
    """
    return np.digitize(np.nan_to_num(employees.astype(np.float64), nan=0.0), BOUNDS)


def size_offsets(
    record: np.ndarray, firm: np.ndarray, utility: np.ndarray, records: int, classes: np.ndarray, *, rounds: int = 5
) -> np.ndarray:
    """What to add to each pair's utility for the size of its firm.

    A class's offset is log(share of the class among the linked records / share among the firms), estimated by EM; over
    all firms the factors average to one, so that the chance of "no firm" is not moved by it.

    Args:
        record: record of each pair, ascending, shape (pairs,).
        firm: firm of each pair.
        utility: of each pair relative to "no firm".
        records: number of records.
        classes: size class of each firm, shape (firms,).
        rounds: of EM.

    Returns:
        Offset of each pair on the log scale, rounded to nine places.
    """
    if not len(record):
        return np.zeros(0)
    count = np.bincount(classes, minlength=len(BOUNDS) + 1).astype(np.float64)
    share = count / count.sum()
    of_pair = classes[firm]
    offset = np.zeros(len(share))
    for _ in range(rounds):
        probability, _ = posteriors(record, utility + offset[of_pair], records)
        linked = np.bincount(of_pair, weights=probability, minlength=len(share)) + STRENGTH * share
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.log(linked / linked.sum()) - np.log(share)
        offset = np.clip(np.where(count > 0, ratio, 0.0), -LARGEST, LARGEST)
    return np.asarray(np.round(offset, 9)[of_pair])
