"""What is left of a firm's membership when one cooperation is taken away.

Belongs here: the probability that a firm cooperates with and without each of its cooperations. Does not belong here:
which participations count for a numerator, what a firm is worth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

PROBABILITY_DIGITS = 9
"""Probabilities are rounded to as many digits as those of cooperating firms."""


def membership_without(links: pd.DataFrame, *, by: Sequence[str] = ()) -> pd.DataFrame:
    """The probability that a firm cooperates, with all its cooperations and without each of them.

    Union semantics (METHODS section 2): a firm counts once, so one that has another qualifying cooperation stays. Links
    of one group (records of the same text) are right or wrong together, groups are independent:
    P(firm) = 1 - product over groups of (1 - largest probability in the group); without cooperation k the largest
    probability is that of the group's records in other cooperations, 0 if there are none. Where a firm has an accepted
    link, mere candidates add nothing; they count once no accepted link is left, then at most as much as that link did.

    Only a group's best cooperation can change that group, so the two best per group suffice: the work is linear in the
    links even where one firm has thousands of projects.

    Args:
        links: `firm_id`, `cooperation_id`, `link_group_id`, `probability` (0..1), `is_accepted` and the columns of
            `by`; several rows of one combination count with the largest probability.
        by: columns within which the firms are kept apart (year, numerator).

    Returns:
        One row per combination of `by`, `firm_id` and `cooperation_id` that counts, ordered by them, with
        `probability`, `probability_without` (rounded to nine digits) and `is_accepted`.
    """
    firm = [*by, "firm_id"]
    pair = [*firm, "cooperation_id"]
    accepted = _without(links[links["is_accepted"]], firm)
    candidates = _without(links[~links["is_accepted"]], firm)
    # The last accepted cooperation gone, the candidates of the others decide.
    left = accepted.merge(
        candidates[[*pair, "probability_without"]].rename(columns={"probability_without": "others"}),
        on=pair,
        how="left",
    ).merge(
        candidates.drop_duplicates(firm)[[*firm, "probability"]].rename(columns={"probability": "all"}),
        on=firm,
        how="left",
    )
    is_last = accepted.groupby(firm, observed=True)["cooperation_id"].transform("size").to_numpy() == 1
    fallback = left["others"].fillna(left["all"]).fillna(0.0).clip(upper=left["probability"]).to_numpy()
    accepted["probability_without"] = np.where(is_last, fallback, accepted["probability_without"])
    has_accepted = candidates[firm].merge(accepted[firm].drop_duplicates(), on=firm, how="left", indicator=True)
    alone = candidates[(has_accepted["_merge"] == "left_only").to_numpy()]
    result = pd.concat([accepted.assign(is_accepted=True), alone.assign(is_accepted=False)], ignore_index=True)
    return result.sort_values(pair, ignore_index=True)


def _without(links: pd.DataFrame, firm: list[str]) -> pd.DataFrame:
    """Both probabilities of each firm and cooperation, all links alike."""
    group, pair = [*firm, "link_group_id"], [*firm, "cooperation_id"]
    best = links.groupby([*group, "cooperation_id"], sort=True, observed=True)["probability"].max().reset_index()
    best = best.sort_values([*group, "probability", "cooperation_id"], ascending=[True] * len(group) + [False, True])
    rank = best.groupby(group, sort=False, observed=True).cumcount()
    best["without"] = best.groupby(group, sort=False, observed=True)["probability"].shift(-1).fillna(0.0)
    is_best = (rank == 0).to_numpy()

    # A certain link makes its factor zero: zeros are counted; of the rest logarithms are added, which cannot underflow
    # and from which one cooperation can be taken out again.
    old, new = 1.0 - best["probability"].to_numpy(), 1.0 - best["without"].to_numpy()
    best["old_zero"], best["new_zero"] = (old == 0) & is_best, (new == 0) & is_best
    best["old_log"] = np.log(np.where(is_best & (old != 0), old, 1.0))
    best["new_log"] = np.log(np.where(is_best & (new != 0), new, 1.0))
    of_firm = best.groupby(firm, sort=True, observed=True).agg(zeros=("old_zero", "sum"), log=("old_log", "sum"))
    of_pair = best.groupby(pair, sort=True, observed=True).agg(
        old_zeros=("old_zero", "sum"),
        new_zeros=("new_zero", "sum"),
        old_log=("old_log", "sum"),
        new_log=("new_log", "sum"),
    )
    result = of_pair.reset_index().merge(of_firm.reset_index(), on=firm, how="left")
    zeros = result["zeros"] - result["old_zeros"] + result["new_zeros"]
    log = result["log"] - result["old_log"] + result["new_log"]
    probability = np.where(result["zeros"] > 0, 1.0, -np.expm1(result["log"]))
    without = np.where(zeros > 0, 1.0, -np.expm1(log))
    result["probability"] = np.round(probability, PROBABILITY_DIGITS)
    result["probability_without"] = np.round(np.clip(without, 0.0, probability), PROBABILITY_DIGITS)
    return result[[*pair, "probability", "probability_without"]]
