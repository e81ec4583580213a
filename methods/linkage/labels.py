"""Known answers: what somebody who looked the firms up teaches the linker about the other records.

Belongs here: reading labelled records, and what they add to the weights and to the calibration. Does not belong here:
people's decisions, which replace an answer (`people`); labels only teach.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from methods.errors import MethodError
from methods.linkage import model

UNLABELLED, NO_FIRM = -2, -1


def read_labels(labels: pd.DataFrame | None, record_ids: pd.Series, firm_ids: np.ndarray) -> np.ndarray:
    """The known firm of each record.

    Args:
        labels: `record_id`, `firm_id` (null: the record has no firm); records that are not there are passed over.
        record_ids: of all records.
        firm_ids: of the registry, in order.

    Returns:
        Number of the firm, `NO_FIRM` also where the registry lacks it, `UNLABELLED` elsewhere; shape (records,).

    Raises:
        MethodError: a column is absent, or a record has two different answers.
    """
    answer = np.full(len(record_ids), UNLABELLED, dtype=np.int64)
    if labels is None or not len(labels):
        return answer
    for column in ("record_id", "firm_id"):
        if column not in labels:
            raise MethodError(f"labels: column {column} is missing")
    known = labels[["record_id", "firm_id"]].astype("str").drop_duplicates()
    twice = known["record_id"].duplicated().to_numpy()
    if twice.any():
        raise MethodError(f"labels: record_id {known['record_id'].iat[int(twice.argmax())]} has two answers")
    row = known["record_id"].map(pd.Series(np.arange(len(record_ids)), index=record_ids.astype("str")))
    firm = known["firm_id"].map(pd.Series(np.arange(len(firm_ids)), index=firm_ids)).fillna(NO_FIRM)
    there = row.notna().to_numpy()
    answer[row[there].astype(np.int64)] = firm[there].astype(np.int64)
    return answer


def taught(
    choices: model.Choices, firm: np.ndarray, answer: np.ndarray, start: model.Weights, sigma: float
) -> model.Weights:
    """Weights moved to what the labelled records say; see `model.fit`."""
    inside, right = _labelled(choices, firm, answer)
    return model.fit(inside, right, np.ones(len(inside.none)), start, sigma=sigma)


def calibration(
    record: np.ndarray, firm: np.ndarray, utility: np.ndarray, answer: np.ndarray, *, width: float = 0.25
) -> tuple[float, float]:
    """Scale and shift of utilities under which the labelled records are most probable (Platt 1999).

    Args:
        record, firm, utility: of the pairs.
        answer: see `read_labels`.
        width: standard deviation of the priors around 1 and 0; few labels change little.
    """
    from scipy.optimize import minimize

    has = answer != UNLABELLED
    if not has.any():
        return 1.0, 0.0
    kept = has[record]
    number = (np.cumsum(has) - 1)[record[kept]]
    right, values, count = firm[kept] == answer[record[kept]], utility[kept], int(has.sum())
    found = np.zeros(count, dtype=bool)
    found[number[right]] = True

    def loss(step: np.ndarray) -> float:
        p, nobody = model.posteriors(number, step[0] * values + step[1], count)
        likelihood = np.log(np.maximum(p[right], 1e-12)).sum() + np.log(np.maximum(nobody[~found], 1e-12)).sum()
        return float(((step[0] - 1) ** 2 + step[1] ** 2) / (2 * width**2) - likelihood)

    best = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead").x
    return float(np.clip(best[0], 0.3, 3.0)), float(np.clip(best[1], -3.0, 3.0))


def _labelled(choices: model.Choices, firm: np.ndarray, answer: np.ndarray) -> tuple[model.Choices, np.ndarray]:
    has = answer != UNLABELLED
    kept = has[choices.record]
    inside = model.Choices((np.cumsum(has) - 1)[choices.record[kept]], choices.attributes[kept], choices.none[has])
    return inside, firm[kept] == answer[choices.record[kept]]
