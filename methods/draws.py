"""Draws of what is uncertain: which firm each text means, what a missing account would have said.

Belongs here: reproducible random numbers, draws of links in whole groups, closed forms that the draws are checked
against, intervals. Does not belong here: which links exist (`methods.linkage`), totals by cell (interpretation).

A group is a set of records of one text: they are right or wrong together. In each draw a group means one of its
candidates or no firm at all, so no text counts twice (one-to-one); groups are independent of each other. Every random
number is a hash of what it is for (group, firm), the draw and the seed: it does not depend on the order of rows, on
other groups, or on how many there are, so a new delivery redraws only what it brought.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from methods.errors import MethodError
from methods.hashes import GOLDEN, mixed

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def uniforms(keys: pd.Series, draws: int, *, seed: int, purpose: str) -> Floats:
    """Uniform random numbers of keys, shape (keys, draws), in the open interval (0, 1).

    Args:
        keys: text of what each row of numbers is for; equal keys get equal numbers.
        draws: numbers per key; the first of a longer series are those of a shorter one.
        seed: of the whole set.
        purpose: keeps numbers for links apart from those for imputation.
    """
    own = pd.util.hash_array(keys.astype("str").to_numpy(object), categorize=True)
    start = mixed(np.array([seed], dtype=np.uint64) ^ pd.util.hash_array(np.array([purpose], dtype=object)))
    column = mixed(np.arange(draws, dtype=np.uint64) * GOLDEN + start)
    bits = mixed(own[:, None] ^ column[None, :]) >> np.uint64(11)
    return np.asarray((bits.astype(np.float64) + 0.5) * 2.0**-53)


def normals(keys: pd.Series, draws: int, *, seed: int, purpose: str) -> Floats:
    """Standard normal random numbers of keys, shape (keys, draws); arguments as `uniforms`."""
    from scipy.special import ndtri

    return np.asarray(ndtri(uniforms(keys, draws, seed=seed, purpose=purpose)), dtype=np.float64)


def draw_links(links: pd.DataFrame, draws: int, *, seed: int) -> Bools:
    """Draws which candidate each group means.

    Args:
        links: `group_id`, `firm_id`, `probability`; each pair once, probabilities of a group sum to at most one.
        draws: number of draws R.
        seed: of the random numbers.

    Returns:
        True where the group means the firm in the draw, shape (rows of links, R); at most one row of a group.

    Raises:
        MethodError: a pair occurs twice, a probability lies outside [0, 1] or those of a group sum to more than one.
    """
    checked = _checked(links)
    order = np.lexsort((checked["firm_id"].to_numpy(object), checked["group_id"].to_numpy(object)))
    group = checked["group_id"].to_numpy(object)[order]
    probability = checked["probability"].to_numpy(np.float64)[order]
    is_first = np.concatenate(([True], group[1:] != group[:-1])) if len(group) else np.zeros(0, dtype=bool)
    number = np.cumsum(is_first) - 1
    upper = np.cumsum(probability)
    before = upper[is_first] - probability[is_first]
    upper = upper - before[number]
    lower = upper - probability
    # rounding must not let a certain link fail
    upper = np.where(upper >= 1 - 1e-9, 1.0, upper)
    u = uniforms(pd.Series(group[is_first]), draws, seed=seed, purpose="links")[number]
    drawn = (u >= lower[:, None]) & (u < upper[:, None])
    result = np.empty_like(drawn)
    result[order] = drawn
    return np.asarray(result)


def members(links: pd.DataFrame, drawn: Bools) -> tuple[pd.Index, Bools]:
    """Firms that at least one group means, per draw.

    Args:
        links: `firm_id`, in the order of `drawn`.
        drawn: see `draw_links`.

    Returns:
        The firms in ascending order, and an array of shape (firms, draws).
    """
    from scipy.sparse import csr_array

    firms, codes = np.unique(links["firm_id"].to_numpy(object), return_inverse=True)
    if not len(firms):
        return pd.Index(firms), np.zeros((0, drawn.shape[1]), dtype=bool)
    # in how many rows each firm is meant
    one = np.ones(len(codes), dtype=np.int32)
    named = csr_array((one, (codes, np.arange(len(codes)))), shape=(len(firms), len(codes)))
    return pd.Index(firms), np.asarray(named @ drawn.astype(np.int32) > 0)


def membership_probability(links: pd.DataFrame) -> pd.Series:
    """P(firm) = 1 - product over its groups of (1 - probability), by firm_id; what the mean of `members` tends to."""
    checked = _checked(links)
    missing = (1.0 - checked["probability"]).groupby(checked["firm_id"], sort=True).prod()
    return (1.0 - missing).rename("probability")


def link_variance(links: pd.DataFrame, values: pd.Series) -> float:
    """Variance of the total over firms that at least one group means, in closed form.

    Var = sum_f v_f^2 P_f (1 - P_f) + 2 sum_(f<h) v_f v_h Cov_fh, where two candidates of one group exclude each other:
    Cov_fh = Q_f Q_h (prod over common groups of (1 - p_gf - p_gh) / ((1 - p_gf)(1 - p_gh)) - 1) with Q = 1 - P.
    It follows from P(neither) = prod over groups of (1 - p_gf - p_gh) for independent multinomial groups.

    Args:
        links: `group_id`, `firm_id`, `probability`; see `draw_links`.
        values: value by firm_id; firms without one count 0.

    Returns:
        Variance in the square of the unit of the values.
    """
    checked = _checked(links)
    probability = membership_probability(checked)
    value = values.reindex(probability.index).fillna(0.0)
    alone = float((value**2 * probability * (1.0 - probability)).sum())
    left = checked.assign(row=np.arange(len(checked)))
    pairs = left.merge(left, on="group_id", suffixes=("", "_other"))
    pairs = pairs[pairs["row"] < pairs["row_other"]]
    one, two = pairs["probability"].to_numpy(), pairs["probability_other"].to_numpy()
    free = (one < 1) & (two < 1)
    pairs = pairs[free]
    one, two = one[free], two[free]
    with np.errstate(divide="ignore"):
        ratio = np.log(np.maximum(1.0 - one - two, 0.0)) - np.log1p(-one) - np.log1p(-two)
    names = pairs[["firm_id", "firm_id_other"]].to_numpy(object).astype(str)
    names.sort(axis=1)
    common = pd.Series(ratio).groupby([names[:, 0], names[:, 1]]).sum() if len(pairs) else pd.Series(dtype=float)
    if common.empty:
        return alone
    first, second = common.index.get_level_values(0), common.index.get_level_values(1)
    nobody = 1.0 - probability
    covariance = nobody.loc[first].to_numpy() * nobody.loc[second].to_numpy() * np.expm1(common.to_numpy())
    return alone + 2.0 * float((value.loc[first].to_numpy() * value.loc[second].to_numpy() * covariance).sum())


def lognormal_factors(keys: pd.Series, spread: Floats, draws: int, *, seed: int, purpose: str) -> Floats:
    """Multiplicative errors with mean one: exp(s z - s^2 / 2), shape (keys, draws).

    Args:
        keys: what is imputed, for example unit and year.
        spread: standard deviation s of the logarithm, by key; 0 for values that are known.
        draws, seed, purpose: as `uniforms`.
    """
    z = normals(keys, draws, seed=seed, purpose=purpose)
    s = np.asarray(spread, dtype=np.float64)[:, None]
    return np.asarray(np.exp(s * z - s * s / 2.0))


def one_to_one(links: pd.DataFrame) -> pd.DataFrame:
    """Probabilities such that those of a group sum to at most one: the weakest candidates give way.

    Records of one text are linked one by one, and a group takes the largest probability of each pair; together they may
    say more than one. The strongest candidate keeps its own.

    Args:
        links: `group_id`, `firm_id`, `probability`; see `draw_links`.

    Returns:
        The frame with the same rows and order.
    """
    order = links.sort_values(["group_id", "probability", "firm_id"], ascending=[True, False, True], kind="stable")
    upper = order.groupby("group_id", sort=False)["probability"].cumsum().clip(upper=1.0)
    before = upper.groupby(order["group_id"], sort=False).shift(fill_value=0.0)
    # only groups that say too much are touched, so that rounding changes nobody else
    exceeds = links.groupby("group_id")["probability"].transform("sum") > 1.0
    kept = (upper - before).reindex(links.index)
    return links.assign(probability=links["probability"].where(~exceeds, kept))


def redrawn_shares(
    keys: pd.Series, unit: pd.Series, share: Floats, agreement: float, draws: int, *, seed: int
) -> Floats:
    """Redraws how a unit divides among its parts: Dirichlet with the given shares as means.

    Var(share) = share (1 - share) x agreement; shares of a unit sum to one in every draw.

    Args:
        keys: what each row of numbers is for, for example unit, region and year.
        unit: whose parts belong together.
        share: means, positive, summing to one within a unit.
        agreement: relative variance in (0, 1), see `share_variance`; 0 leaves everything as it is.
        draws, seed: as `uniforms`.

    Returns:
        Drawn share / mean share, shape (keys, draws).
    """
    from scipy.special import gammaincinv

    if agreement <= 0 or not len(keys):
        return np.ones((len(keys), draws))
    shape = np.asarray(share, dtype=np.float64)[:, None] * (1.0 / agreement - 1.0)
    gamma = gammaincinv(shape, uniforms(keys, draws, seed=seed, purpose="allocation"))
    total = pd.DataFrame(gamma).groupby(unit.to_numpy(object)).transform("sum").to_numpy()
    drawn = np.divide(gamma, total, out=np.repeat(np.asarray(share)[:, None], draws, axis=1), where=total > 0)
    return np.asarray(drawn / np.asarray(share)[:, None])


def share_variance(one: Floats, other: Floats) -> float:
    """Relative variance between two ways of dividing units, by moments: sum (o - s)^2 / sum s (1 - s), within [0, 1).

    Args:
        one: shares s of all parts of all units by the way that is used.
        other: shares o of the same parts by the way that is taken to be right.

    Returns:
        0 where there is nothing to compare.
    """
    whole = float((one * (1.0 - one)).sum())
    return float(min(((other - one) ** 2).sum() / whole, 0.99)) if whole > 0 else 0.0


def interval(totals: Floats, *, level: float = 0.90) -> tuple[Floats, Floats]:
    """Central interval of drawn totals by their quantiles (Hyndman and Fan's type 7), along the last axis.

    Args:
        totals: drawn totals, shape (..., draws).
        level: coverage, 0..1.

    Returns:
        Lower and upper limit, shape (...).
    """
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(totals, [tail, 1.0 - tail], axis=-1)
    return np.asarray(low), np.asarray(high)


def _checked(links: pd.DataFrame) -> pd.DataFrame:
    probability = links["probability"].to_numpy(np.float64)
    outside = ~((probability >= 0) & (probability <= 1))
    if outside.any():
        raise MethodError(f"probability {probability[outside][0]:.6g} is not within [0, 1]")
    if links.duplicated(["group_id", "firm_id"]).any():
        twice = links[links.duplicated(["group_id", "firm_id"])].iloc[0]
        raise MethodError(f"group {twice['group_id']} names firm {twice['firm_id']} twice")
    total = links.groupby("group_id")["probability"].sum()
    if (total > 1 + 1e-6).any():
        raise MethodError(f"the candidates of group {total.idxmax()} have probability {total.max():.6g} together")
    return links
