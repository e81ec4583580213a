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
        pair: row of the chosen candidate, -1 for none, shape (records,).
        best: row of the best candidate, -1 where there is none, shape (records,).
        second: probability of the second candidate, shape (records,).
        probability: of the chosen firm; of "no firm" less nothing is said: 0 where there is no firm, shape (records,).
        status: accepted, review or none, shape (records,).
    """

    pair: np.ndarray
    best: np.ndarray
    second: np.ndarray
    probability: np.ndarray
    status: np.ndarray


def decide(record: np.ndarray, firm: np.ndarray, probability: np.ndarray, count: int, settings: Settings) -> Decided:
    """Chooses the most probable firm of each record; a tie goes to the smaller id and to review.

    Args:
        record, firm: the pairs, in order of record.
        probability: of each pair.
        count: number of records.
        settings: thresholds.
    """
    order = np.lexsort((firm, -np.round(probability, 9), record))
    ordered = record[order]
    first = np.concatenate(([True], ordered[1:] != ordered[:-1])) if len(record) else np.zeros(0, dtype=bool)
    best = np.full(count, -1, dtype=np.int64)
    best[ordered[first]] = order[first]
    second = np.zeros(count)
    follows = np.flatnonzero(first) + 1
    follows = follows[follows < len(ordered)]
    follows = follows[~first[follows]]
    second[ordered[follows]] = probability[order[follows]]
    has = best >= 0
    top = np.where(has, probability[best] if len(record) else 0.0, 0.0)
    status = np.where(top >= settings.accept, "accepted", np.where(top >= settings.review, "review", "none")).astype(
        object
    )
    pair = np.where(status == "none", -1, best)
    return Decided(pair, best, second, np.round(np.where(pair >= 0, top, 0.0), 6), status)


def quality(links: pd.DataFrame) -> pd.DataFrame:
    """Figures of one linkage: `measure`, `value`.

    Expected precision is the mean probability of accepted links; expected recall their sum over the sum of all
    probabilities, review included. Both hold as far as the probabilities are calibrated.
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
    rows.append(("expected_precision", expected / max(int(accepted.sum()), 1)))
    rows.append(("expected_recall", expected / max(float(links["probability"].sum()), 1e-9)))
    return pd.DataFrame(rows, columns=["measure", "value"])
