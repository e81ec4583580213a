"""The clerical sample: which links a clerk should look at, so that few verdicts say how good all links are.

Belongs here: strata, allocation and the draw. Does not belong here: what the verdicts say (`clerical_estimates`), the
file a clerk fills.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd

from methods.errors import MethodError

PROBABILITY_EDGES = (0.01, 0.10, 0.30, 0.60, 0.80, 0.95, 0.99)
"""Bounds of the probability bands that are strata; finer where links are accepted."""
CERTAIN = 0.02
"""Probabilities are taken to be no surer than this: a stratum whose links all seem certain is still looked at."""
LARGEST_SHARE = 0.25
"""At most this share of the sample goes to records that are taken because of their size alone."""
LEAST_IN_STRATUM = 2
"""Records of a stratum from which its variance can be estimated."""


def draw_sample(frame: pd.DataFrame, size: int, seed: int, *, floor: int = 5) -> pd.DataFrame:
    """Draws a stratified sample of links, at random within each stratum and without replacement.

    Strata are status x probability band x size band, and in each status the largest, which are all taken. A record is
    chosen by a hash of its id and the seed, so neither the order of rows nor another record changes its fate within
    its stratum.

    Args:
        frame: `record_id` (unique), `status`, `probability` (of the best candidate, 0 where there is none),
            `gva_huf_mn` (size of that candidate, at least 0; 0 or missing where unknown).
        size: records to draw; all are taken where there are not more.
        seed: another seed, another sample.
        floor: least number of records of each stratum, as far as `size` allows.

    Returns:
        The drawn rows in an order that is random too, so that a clerk who stops early leaves a random part of each
        stratum: `record_id`, `stratum_code`, `stratum_size`, `inclusion_probability` (in (0, 1]).

    Raises:
        MethodError: a column is missing, an id is not unique, or `size` is too small for two of every stratum.
    """
    for column in ("record_id", "status", "probability", "gva_huf_mn"):
        if column not in frame:
            raise MethodError(f"clerical sample: column {column} is missing")
    if frame["record_id"].duplicated().any():
        raise MethodError("clerical sample: record_id is not unique")
    strata = strata_of(frame, size)
    number = record_numbers(frame["record_id"], seed)
    table = frame.assign(stratum_code=strata, number=number).sort_values(["stratum_code", "number", "record_id"])
    take = allocate(table, size, floor)
    place = table.groupby("stratum_code").cumcount()
    of_row = table["stratum_code"].map(take)
    count = table.groupby("stratum_code")["record_id"].transform("size")
    table = table.assign(stratum_size=count.astype("int64"), inclusion_probability=of_row / count)
    drawn = table[place < of_row].sort_values(["number", "record_id"])
    return drawn[["record_id", "stratum_code", "stratum_size", "inclusion_probability"]].reset_index(drop=True)


def record_numbers(record_ids: Sequence[str] | pd.Series, seed: int) -> np.ndarray:
    """A permanent random number in [0, 1) of each record, from its id and the seed alone.

    Source: permanent random numbers, Ohlsson (1995), Coordination of samples using permanent random numbers.
    """
    digests = (hashlib.blake2b(f"{seed}:{record}".encode(), digest_size=8).digest() for record in record_ids)
    return np.array([int.from_bytes(digest, "big") / 2.0**64 for digest in digests], dtype=np.float64)


def strata_of(frame: pd.DataFrame, size: int) -> pd.Series:
    """Stratum of each record: `<status>|<probability band>|<small or large>`, or `<status>|any|largest`.

    The largest are those that a sample drawn in proportion to size x uncertainty would take for certain (Saerndal,
    Swensson, Wretman 1992, section 3.6), up to `LARGEST_SHARE` of the sample. The rest of each status and band is cut
    where half of its size lies on either side.
    """
    band = probability_bands(frame["probability"], PROBABILITY_EDGES)
    amount = _amounts(frame)
    weight = amount * uncertainty(frame["probability"])
    largest = _certain(weight, frame["record_id"].astype("str").to_numpy(), size)
    cell = frame["status"].astype("str") + "|" + band
    table = pd.DataFrame(
        {"cell": cell.to_numpy(), "amount": np.where(largest, 0.0, amount), "record_id": frame["record_id"].to_numpy()}
    )
    table = table.sort_values(["cell", "amount", "record_id"], ascending=[True, False, True])
    total = table.groupby("cell")["amount"].transform("sum")
    # by what came before a record, so that one record with more than half is large itself
    before = table.groupby("cell")["amount"].cumsum() - table["amount"]
    is_large = ((before < total / 2) & (table["amount"] > 0)).sort_index().to_numpy()
    code = np.where(is_large, cell + "|large", cell + "|small")
    code = np.where(largest, frame["status"].astype("str") + "|any|largest", code)
    return pd.Series(code, index=frame.index, dtype="str")


def allocate(table: pd.DataFrame, size: int, floor: int) -> dict[str, int]:
    """How many records of each stratum: the mean of two Neyman allocations, by count and by size, with a floor.

    Source: Neyman (1934), n_h proportional to N_h S_h, with S_h = sqrt(p (1 - p)) of the links' own probabilities, and
    the same times the record's size for the figures that are weighted by GVA.

    Args:
        table: `stratum_code`, `probability`, `gva_huf_mn`.
        size: records altogether.
        floor: least number per stratum; lowered to two where `size` does not allow more.

    Raises:
        MethodError: `size` does not allow two of each stratum.
    """
    doubt = uncertainty(table["probability"])
    by = pd.DataFrame(
        {"stratum": table["stratum_code"].to_numpy(), "n": 1, "count": doubt, "gva": doubt * _amounts(table)}
    )
    sums = by.groupby("stratum").sum().sort_index()
    limit = sums["n"].to_numpy()
    if limit.sum() <= size:
        return dict(zip(sums.index, map(int, limit), strict=True))
    whole = sums.index.str.endswith("|largest").astype(bool)
    least = np.minimum(limit, LEAST_IN_STRATUM)
    needed = int(np.where(whole, limit, least).sum())
    if needed > size:
        raise MethodError(f"clerical sample: {size} records are too few for {len(sums)} strata: take {needed} or more")
    while floor > LEAST_IN_STRATUM and np.where(whole, limit, np.minimum(limit, floor)).sum() > size:
        floor -= 1
    low = np.where(whole, limit, np.minimum(limit, max(floor, LEAST_IN_STRATUM)))
    share = sum(
        (sums[c] / sums[c].sum() if sums[c].sum() > 0 else sums["count"] / sums["count"].sum()).to_numpy()
        for c in ("count", "gva")
    )
    return dict(zip(sums.index, map(int, _shared_out(np.asarray(share), low, limit, size)), strict=True))


def probability_bands(probability: pd.Series | np.ndarray, edges: Sequence[float]) -> pd.Series:
    """Band of each probability as text, `0.60-0.80` for [0.60, 0.80); the last one includes 1."""
    bounds = (0.0, *edges, 1.0)
    names = np.array([f"{low:.2f}-{high:.2f}" for low, high in itertools.pairwise(bounds)], dtype=object)
    values = pd.Series(probability).astype("float64").fillna(0.0)
    place = np.searchsorted(np.asarray(edges), values.to_numpy(), side="right")
    return pd.Series(names[place], index=values.index, dtype="str")


def uncertainty(probability: pd.Series | np.ndarray) -> np.ndarray:
    """Standard deviation sqrt(p (1 - p)) of a link, p held `CERTAIN` away from 0 and 1."""
    p = np.clip(np.nan_to_num(np.asarray(probability, dtype=np.float64)), CERTAIN, 1 - CERTAIN)
    return np.asarray(np.sqrt(p * (1 - p)))


def _amounts(frame: pd.DataFrame) -> np.ndarray:
    return np.maximum(np.nan_to_num(frame["gva_huf_mn"].astype("float64").to_numpy()), 0.0)


def _certain(weight: np.ndarray, ids: np.ndarray, size: int) -> np.ndarray:
    """Whether a sample of `size` proportional to `weight` takes a record for certain."""
    order = np.lexsort((ids, -weight))
    ranked = weight[order]
    rest = ranked.sum() - np.concatenate(([0.0], np.cumsum(ranked)[:-1]))
    left = size - np.arange(len(ranked))
    sure = (ranked > 0) & (left > 0) & (ranked * left >= rest)
    number = min(int(np.argmin(sure)) if not sure.all() else len(sure), int(size * LARGEST_SHARE))
    chosen = np.zeros(len(weight), dtype=bool)
    chosen[order[:number]] = True
    return chosen


def _shared_out(share: np.ndarray, low: np.ndarray, limit: np.ndarray, size: int) -> np.ndarray:
    """Whole numbers between `low` and `limit` that sum to `size`, as near to proportional to `share` as these allow."""
    least, most = 0.0, 1.0
    while np.clip(share * most, low, limit).sum() < size:
        most *= 2
    for _ in range(100):
        middle = (least + most) / 2
        least, most = (middle, most) if np.clip(share * middle, low, limit).sum() < size else (least, middle)
    exact = np.clip(share * most, low, limit)
    whole = np.floor(exact + 1e-9).astype(np.int64)
    rest = np.where(whole < limit, exact - whole, -1.0)
    for k in np.lexsort((np.arange(len(rest)), -rest))[: max(size - int(whole.sum()), 0)]:
        whole[k] += 1
    return whole
