"""Goal 1: has each key industry a cooperation that is outstanding in innovation and international visibility?

Belongs here: the verdict per industry and how it stands up to other weights and thresholds. Does not belong here: how
indicators become points (`methods.assessment`), which industries there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from methods.errors import MethodError

DIGITS = 9
DIMENSIONS = ("innovation", "international")
"""The dimensions that goal 1 asks for."""


def judge(cooperations: pd.DataFrame, thresholds: Mapping[str, float]) -> pd.DataFrame:
    """Which cooperations pass goal 1: a valid status, and both scores at or above their thresholds.

    Source: METHODS section 7.

    Args:
        cooperations: `cooperation_id` (unique), `industry_code` (empty where none), `is_valid`, and the scores
            `innovation` and `international`, ratios in [0, 1].
        thresholds: ratio in (0, 1] by dimension.

    Returns:
        The rows in the order of `cooperation_id` with `is_passed` and `margin_ratio`: the smaller of the two scores as
        a multiple of its threshold, so that 1 and more means both are met.

    Raises:
        MethodError: a cooperation given twice, or a threshold of nought.
    """
    if cooperations["cooperation_id"].duplicated().any():
        raise MethodError("a cooperation stands in one industry and is given once")
    if any(not thresholds[d] > 0 for d in DIMENSIONS):
        raise MethodError("a threshold is above nought")
    frame = cooperations.sort_values("cooperation_id").reset_index(drop=True)
    met = np.logical_and.reduce([frame[d].to_numpy() >= thresholds[d] for d in DIMENSIONS])
    frame["margin_ratio"] = np.minimum.reduce([frame[d].to_numpy() / thresholds[d] for d in DIMENSIONS]).round(DIGITS)
    frame["is_passed"] = met & frame["is_valid"].to_numpy(dtype=bool) & frame["industry_code"].notna().to_numpy()
    return frame


def scoreboard(judged: pd.DataFrame, industries: Sequence[str]) -> pd.DataFrame:
    """The verdict per industry, with the cooperation that comes nearest to or leads it.

    Best is, among cooperations with a valid status if there are any, the one with the largest `margin_ratio`, then the
    largest sum of both scores, then the first identifier.

    Args:
        judged: as `judge` returns it.
        industries: codes of the industries, each once.

    Returns:
        One row per industry in the order of the codes: `industry_code`, `cooperation_count`, `valid_count`,
        `passing_count`, `is_passed`, `best_cooperation_id` (empty where the industry has no cooperation),
        `best_is_valid`, and of the best `best_innovation`, `best_international`, `best_margin`.
    """
    total = judged[DIMENSIONS[0]] + judged[DIMENSIONS[1]]
    ranked = judged.assign(total=total).sort_values(
        ["is_valid", "margin_ratio", "total", "cooperation_id"], ascending=[False, False, False, True], kind="stable"
    )
    columns = {
        "cooperation_id": "best_cooperation_id",
        "is_valid": "best_is_valid",
        "innovation": "best_innovation",
        "international": "best_international",
        "margin_ratio": "best_margin",
    }
    best = ranked.drop_duplicates("industry_code").set_index("industry_code")[list(columns)].rename(columns=columns)
    grouped = judged.groupby("industry_code")
    counts = pd.DataFrame(
        {
            "cooperation_count": grouped.size(),
            "valid_count": grouped["is_valid"].sum(),
            "passing_count": grouped["is_passed"].sum(),
        }
    )
    index = pd.Index(sorted(industries), name="industry_code")
    frame = counts.reindex(index).fillna(0).astype("int64").join(best)
    frame.insert(3, "is_passed", frame["passing_count"] > 0)
    frame["best_is_valid"] = frame["best_is_valid"].eq(True)
    return frame.reset_index()


@dataclass(frozen=True)
class Choices:
    """Random choices of weights and thresholds that somebody else might have made.

    Attributes:
        weights: by dimension an array (indicators in the order of their codes) x draws; columns sum to one.
        thresholds: by dimension an array of draws.
    """

    weights: Mapping[str, NDArray[np.float64]]
    thresholds: Mapping[str, NDArray[np.float64]]


def draw_choices(
    indicators: Mapping[str, Sequence[str]], thresholds: Mapping[str, float], *, draws: int, seed: int, spread: float
) -> Choices:
    """Draw weights uniformly over all that sum to one, and thresholds uniformly within +/- `spread` of themselves.

    Normalised exponentials are uniform on the simplex (Dirichlet with all parameters one). Source: Saisana, Saltelli
    and Tarantola (2005), Uncertainty and sensitivity analysis of composite indicators, JRSS A 168(2); METHODS 7.

    Args:
        indicators: codes of the indicators by dimension; their order changes nothing.
        thresholds: ratio by dimension.
        draws: number of draws, at least 1.
        seed: of the generator; the same seed gives the same choices.
        spread: relative half-width of the thresholds, in [0, 1).

    Raises:
        MethodError: no draw, a spread outside [0, 1), or a dimension without an indicator.
    """
    if draws < 1 or not 0 <= spread < 1:
        raise MethodError(f"{draws} draws with spread {spread}: at least one draw, and a spread within [0, 1)")
    generator = np.random.default_rng(seed)
    weights, limits = {}, {}
    for dimension in DIMENSIONS:
        if not indicators.get(dimension):
            raise MethodError(f"dimension {dimension} has no indicator to weight")
        exponentials = generator.standard_exponential((len(indicators[dimension]), draws))
        weights[dimension] = exponentials / exponentials.sum(axis=0)
        limits[dimension] = thresholds[dimension] * (1.0 + spread * (2.0 * generator.random(draws) - 1.0))
    return Choices(weights, limits)


def passes_by_draw(
    cooperations: pd.DataFrame,
    shares: Mapping[str, NDArray[np.float64]],
    choices: Choices,
    industries: Sequence[str],
) -> pd.DataFrame:
    """Whether each industry passes under each draw.

    Args:
        cooperations: `industry_code` and `is_valid`, one row per cooperation.
        shares: by dimension an array (rows of `cooperations`) x (indicators in the order of their codes) of the share
            of its points that the cooperation gets for the indicator, in [0, 1].
        choices: as `draw_choices` returns them.
        industries: codes of the industries.

    Returns:
        Booleans, industries in the order of their codes x draws. Its mean over the columns is the share of draws in
        which the industry passes, its sum over the rows K under each draw.
    """
    draws = len(choices.thresholds[DIMENSIONS[0]])
    passed = np.repeat(cooperations["is_valid"].to_numpy(dtype=bool)[:, None], draws, axis=1)
    for dimension in DIMENSIONS:
        score = np.zeros(passed.shape)
        # summed in a fixed order, not by a matrix product, whose last bits depend on the machine and on neighbours
        for share, weight in zip(shares[dimension].T, choices.weights[dimension], strict=True):
            score += share[:, None] * weight
        passed &= score >= choices.thresholds[dimension]
    codes = sorted(industries)
    result = np.zeros((len(codes), draws), dtype=bool)
    position = pd.Index(codes).get_indexer(pd.Index(cooperations["industry_code"]))
    np.logical_or.at(result, position[position >= 0], passed[position >= 0])
    return pd.DataFrame(result, index=pd.Index(codes, name="industry_code"))
