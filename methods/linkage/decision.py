"""From probabilities to one firm per record: accepted, for review, or none.

Belongs here: thresholds, quality figures. Does not belong here: probabilities (`model`), people's (`people`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.linkage.settings import Settings


@dataclass(frozen=True)
class Decided:
    """One decision per record.

    Attributes:
        pair: row of the accepted candidate, -1 for none and for review, shape (records,).
        best, next: rows of the best and the second candidate, -1 where there is none, shape (records,).
        second: probability of the second candidate, shape (records,).
        probability: of the accepted firm; 0 where there is none, shape (records,).
        status: accepted, review or none, shape (records,).
    """

    pair: np.ndarray
    best: np.ndarray
    next: np.ndarray
    second: np.ndarray
    probability: np.ndarray
    status: np.ndarray


def decide(
    record: np.ndarray, firm: np.ndarray, probability: np.ndarray, nobody: np.ndarray, settings: Settings, firms: int
) -> Decided:
    """Accepts the most probable firm of each record if it is probable enough; a tie goes to review, not to one of both.

    Args:
        record, firm: the pairs, in order of record.
        probability: of each pair.
        nobody: probability that the record has no firm, shape (records,).
        settings: thresholds.
        firms: firms of the registry.
    """
    count = len(nobody)
    order = np.lexsort((firm, -np.round(probability, 9), record))
    ordered = record[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1])) if len(record) else np.zeros(0, dtype=bool)
    best, following = (np.full(count, -1, dtype=np.int64) for _ in range(2))
    best[ordered[first]] = order[first]
    second = np.zeros(count)
    follows = np.flatnonzero(first) + 1
    follows = follows[follows < len(ordered)]
    follows = follows[~first[follows]]
    second[ordered[follows]] = probability[order[follows]]
    following[ordered[follows]] = order[follows]
    has = best >= 0
    top = np.where(has, probability[best] if len(record) else 0.0, 0.0)
    accepted = (top >= settings.accept) & (nobody <= nobody_limit(settings, firms))
    status = np.where(accepted, "accepted", np.where(top >= settings.review, "review", "none")).astype(object)
    pair = np.where(accepted, best, -1)
    return Decided(pair, best, following, second, np.round(np.where(accepted, top, 0.0), 6), status)


def nobody_limit(settings: Settings, firms: int) -> float:
    """How probable "no firm" may at most be for a link to be accepted.

    A link too many is worse for a record without a firm than for one with two namesakes. In a registry of a million
    firms nearly every name has a namesake somewhere and the strict limit would cost more right links than it saves
    wrong ones (measured in docs/linkage.md), so it grows with the registry, from `Settings.nobody` at 100,000 firms.
    """
    return float(min(settings.nobody * max(firms / 100_000, 1.0) ** 0.35, max(settings.nobody, 0.4)))


def quality(links: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """Figures of one linkage: `measure`, `value`.

    Expected precision is the mean probability of accepted links; expected recall their sum over the sum of all
    candidates' probabilities, review included. Both hold as far as the probabilities are calibrated.
    """
    total = max(len(links), 1)
    accepted = links["status"] == "accepted"
    rows = [
        (f"share_{status}", float((links["status"] == status).sum()) / total)
        for status in ("accepted", "review", "none")
    ]
    for method in sorted(links.loc[accepted, "method"].dropna().unique()):
        rows.append((f"share_by_{method}", float((accepted & (links["method"] == method)).sum()) / total))
    expected = float(links.loc[accepted, "probability"].sum())
    possible = max(float(candidates["probability"].sum()), expected)
    rows.append(("expected_precision", expected / max(int(accepted.sum()), 1)))
    rows.append(("expected_recall", expected / max(possible, 1e-9)))
    return pd.DataFrame(rows, columns=["measure", "value"])
