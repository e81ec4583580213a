"""What a clerk's verdicts on a sample of links say about all links: precision, recall, calibration, with intervals.

Belongs here: estimators. Does not belong here: drawing the sample (`clerical_sample`), the file a clerk fills.

Each figure is 1 - E, with E an error rate: a ratio of two totals estimated from a stratified sample (Saerndal, Swensson
and Wretman 1992, Model Assisted Survey Sampling, 5.6). Its variance is linearised, with finite population correction;
the interval is Wilson's at the effective sample size that this variance implies (Korn and Graubard 1998, Survey
Methodology 24; Dean and Pagano 2015, J. Surv. Stat. Methodol. 3). Strata in which all verdicts agree have no variance
to show, yet do not prove that the rest agrees: their Clopper-Pearson limit, pooled by size, is added in quadrature
(method of variance estimates recovery: Zou and Donner 2008, Statist. Med. 27).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from methods.clerical_sample import LEAST_IN_STRATUM, probability_bands
from methods.errors import MethodError

Floats = npt.NDArray[np.float64]

LEVEL = 0.95
CALIBRATION_EDGES = (0.05, 0.10, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95, 0.99)


@dataclass(frozen=True)
class Estimate:
    """A ratio with its interval.

    Attributes:
        value: in [0, 1].
        low: lower limit of the 95 % interval.
        high: upper limit.
        sample_size: verdicts it rests on.
        base: estimated total of the denominator, in the unit of the weights.
    """

    value: float
    low: float
    high: float
    sample_size: int
    base: float

    @property
    def complement(self) -> Estimate:
        """1 - value."""
        return replace(self, value=1 - self.value, low=1 - self.high, high=1 - self.low)


@dataclass(frozen=True)
class Sample:
    """A stratified sample, one entry per drawn record; all arrays of shape (records,).

    Attributes:
        stratum: text; what stands before the last two `|` is its group, and strata of one group may stand in for each
            other where one has fewer than two answers.
        size: records of the stratum in the population.
        scale: factor of the record's weight, where several samples are pooled or the population has grown.
    """

    stratum: np.ndarray
    size: Floats
    scale: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Sample:
        """The sample of a frame with `stratum_code`, `stratum_size` and optionally `scale`.

        Raises:
            MethodError: a stratum has two sizes, or fewer records than were drawn from it.
        """
        sizes = frame.groupby("stratum_code")["stratum_size"].agg(["min", "max", "size"])
        wrong = sizes[(sizes["min"] != sizes["max"]) | (sizes["max"] < sizes["size"])]
        if len(wrong):
            name, row = wrong.index[0], wrong.iloc[0]
            raise MethodError(
                f"clerical sample: stratum {name} holds {row['min']:.0f} to {row['max']:.0f} records "
                f"and {row['size']:.0f} were drawn"
            )
        scale = frame["scale"].astype("float64") if "scale" in frame else pd.Series(1.0, index=frame.index)
        return cls(
            frame["stratum_code"].astype("str").to_numpy(object),
            frame["stratum_size"].to_numpy(np.float64),
            np.asarray(scale, dtype=np.float64),
        )


def error_rate(
    sample: Sample,
    error: np.ndarray,
    base: np.ndarray,
    *,
    at_risk: np.ndarray | None = None,
    known_base: float | None = None,
) -> Estimate | None:
    """The ratio of two totals, error / base, with its interval.

    Args:
        sample: the drawn records with their strata, those without an answer included.
        error: (records,) amount in error, NaN where there is no answer.
        base: (records,) amount of which it is a part; NaN where there is no answer.
        at_risk: (records,) amount that would be in error if the record were; `base` where not given.
        known_base: total of the base, where it need not be estimated.

    Returns:
        The estimate; None where nobody answered or the base is empty.

    A stratum with fewer than two answers (and not fully known) is joined with its neighbour of the same group; missing
    answers are taken to be missing at random within a stratum.
    """
    risk = base if at_risk is None else at_risk
    answered = ~(np.isnan(error) | np.isnan(base) | np.isnan(risk))
    stratum = _joined(sample, answered)
    parts = [(rows, count, f) for rows, count, f in _strata(sample, stratum, answered) if rows.size]
    if not parts:
        return None
    number = sum(rows.size for rows, _, _ in parts)
    total = sum(count * error[rows].mean() for rows, count, _ in parts)
    whole = sum(count * base[rows].mean() for rows, count, _ in parts) if known_base is None else known_base
    if whole <= 0:
        return None
    rate = float(min(max(total / whole, 0.0), 1.0))
    slope = rate if known_base is None else 0.0
    variance, freedom = 0.0, 0
    unseen, unknown = _Pool(), _Pool()
    for rows, count, fraction in parts:
        e, r = error[rows], risk[rows]
        residual = e - slope * base[rows]
        if rows.size > 1:
            variance += count**2 * (1 - fraction) * float(residual.var(ddof=1)) / rows.size
            freedom += rows.size - 1 if np.ptp(residual) > 0 else 0
        if not r.any():
            continue
        if not e.any():
            unseen.add(count, r, fraction)
        elif np.array_equal(e, r):
            unknown.add(count, r, fraction)
    low, high = _wilson(rate, variance / whole**2, freedom)
    low = rate - float(np.hypot(rate - low, unknown.limit / whole))
    high = rate + float(np.hypot(high - rate, unseen.limit / whole))
    return Estimate(rate, max(low, 0.0), min(high, 1.0), number, float(whole))


def precision(sample: Sample, is_linked: np.ndarray, is_right: np.ndarray, amount: np.ndarray) -> Estimate | None:
    """Share of links that are right.

    Args:
        sample: the drawn records.
        is_linked: (records,) 1 where the record is linked, else 0.
        is_right: (records,) 1 where the link is right, 0 where not, NaN where nobody knows; any value without a link.
        amount: (records,) weight of the link: 1, or the linked unit's GVA.
    """
    base = is_linked * amount
    error = np.where(is_linked > 0, (1 - is_right) * amount, 0.0)
    found = error_rate(sample, error, base)
    return found.complement if found else None


def recall(
    sample: Sample, is_firm: np.ndarray, is_found: np.ndarray, amount: np.ndarray, amount_at_risk: np.ndarray
) -> Estimate | None:
    """Share of records that mean a firm and are linked to it.

    Args:
        sample: the drawn records.
        is_firm: (records,) 1 where the record means a firm of the register, 0 where not, NaN where nobody knows.
        is_found: (records,) 1 where it is linked to that firm.
        amount: (records,) weight of the firm that is meant: 1, or its GVA; any value where none is.
        amount_at_risk: (records,) weight that would be missing if the record were a missed link.

    Returns:
        None also where a whole group of strata has no answer: missed links may be anywhere.
    """
    groups = _groups(sample.stratum)
    if set(groups[~np.isnan(is_firm)]) != set(groups):
        return None
    base = np.where(is_firm > 0, amount, is_firm)
    error = np.where(is_firm > 0, (1 - is_found) * amount, is_firm)
    risk = np.where(is_firm > 0, amount, np.where(np.isnan(is_firm), np.nan, amount_at_risk))
    found = error_rate(sample, error, base, at_risk=risk)
    return found.complement if found else None


def false_membership(
    sample: Sample, is_linked: np.ndarray, is_right: np.ndarray, amount: np.ndarray, non_members: float
) -> Estimate | None:
    """Share f of the non-members' GVA that is taken for members' (METHODS section 5, `corrected_share`).

    Args:
        sample: the drawn records.
        is_linked, is_right: as for `precision`.
        amount: (records,) the linked unit's GVA divided by the number of records linked to it, so that a unit counts
            once (generalised weight share method: Lavallee 2007, Indirect Sampling). A unit with a right and a wrong
            link counts in part, which overstates f a little.
        non_members: GVA of all units that are no members.
    """
    error = np.where(is_linked > 0, (1 - is_right) * amount, 0.0)
    return error_rate(sample, error, is_linked * amount, known_base=non_members)


def after_decisions(found: Estimate, change: float, base_before: float, base_after: float) -> Estimate:
    """The estimate after people changed some links, whose number is known and not estimated.

    With T right links of `base_before` before, (T + change) of `base_after` are right now (difference estimator). The
    sample is judged by what the machine proposed, because errors that were found in the sample get mended, and would
    make the rest look better than it is.

    Args:
        found: the estimate before.
        change: right links gained by decisions less right links lost.
        base_before, base_after: totals of the denominator.
    """
    if base_after <= 0:
        return found

    def moved(value: float) -> float:
        return min(max((value * base_before + change) / base_after, 0.0), 1.0)

    return replace(
        found, value=moved(found.value), low=moved(found.low), high=moved(found.high), base=float(base_after)
    )


def calibration(sample: Sample, probability: np.ndarray, is_right: np.ndarray) -> tuple[pd.DataFrame, float]:
    """Probabilities against verdicts.

    Args:
        sample: the drawn records.
        probability: (records,) of the candidate that was shown, NaN where none was.
        is_right: (records,) 1 where it is the firm that is meant, 0 where not, NaN where nobody knows.

    Returns:
        One row per band with verdicts (`band`, `expected` mean probability, `observed` share, `low`, `high`,
        `sample_size`, `weight_ratio` share of the population) and the expected calibration error, the mean distance of
        the two weighted by `weight_ratio` (Naeini, Cooper and Hauskrecht 2015). Few verdicts make it larger than it is.
    """
    known = ~(np.isnan(probability) | np.isnan(is_right))
    band = probability_bands(np.where(known, probability, 0.0), CALIBRATION_EDGES).to_numpy(object)
    rows = []
    for name in sorted(set(band[known])):
        inside = np.where(known, band == name, np.where(np.isnan(probability), 0.0, np.nan))
        found = error_rate(sample, np.where(inside > 0, 1 - is_right, inside), inside)
        mean = error_rate(sample, np.where(inside > 0, probability, inside), inside)
        if found is None or mean is None:
            continue
        right, number = found.complement, int((known & (band == name)).sum())
        rows.append((name, mean.value, right.value, right.low, right.high, number, found.base))
    columns = ["band", "expected", "observed", "low", "high", "sample_size", "weight_ratio"]
    table = pd.DataFrame(rows, columns=columns)
    if table.empty:
        return table, float("nan")
    table["weight_ratio"] /= table["weight_ratio"].sum()
    return table, float((table["weight_ratio"] * (table["expected"] - table["observed"]).abs()).sum())


def expected_quality(
    probability: np.ndarray, amount: np.ndarray, is_linked: np.ndarray
) -> tuple[Estimate, Estimate] | None:
    """Precision and recall that the probabilities themselves expect, with what chance alone would do to them.

    As right as the probabilities are calibrated; the interval does not contain their error. Candidates that the
    blocking did not find are in neither.

    Args:
        probability: (candidates,) of every candidate of every record.
        amount: (candidates,) weight: 1, or the GVA of the candidate.
        is_linked: (candidates,) whether it is the link.

    Returns:
        Precision and recall; None where nothing is linked.
    """
    from scipy.stats import norm

    z = float(norm.ppf(0.5 + LEVEL / 2))
    linked = is_linked.astype(bool)
    expected, spread = probability * amount, probability * (1 - probability) * amount**2
    right, missed, all_links = expected[linked].sum(), expected[~linked].sum(), amount[linked].sum()
    if all_links <= 0 or right <= 0:
        return None
    of_right, of_missed = spread[linked].sum(), spread[~linked].sum()
    whole = right + missed
    deviation = np.sqrt(missed**2 * of_right + right**2 * of_missed) / whole**2
    return (
        _around(right / all_links, z * np.sqrt(of_right) / all_links, int(linked.sum()), all_links),
        _around(right / whole, z * deviation, len(probability), whole),
    )


class _Pool:
    """Strata whose verdicts all agree, taken together: what the unseen rest may still hold."""

    def __init__(self) -> None:
        self._whole, self._squares = 0.0, 0.0

    def add(self, count: float, risk: Floats, fraction: float) -> None:
        weight = count * float(risk.mean()) * float(np.sqrt(1 - fraction))
        self._whole += weight
        # a sum of unequal sizes says less than as many equal ones (Kish 1965)
        self._squares += weight**2 * float((risk**2).mean() / risk.mean() ** 2) / risk.size

    @property
    def limit(self) -> float:
        """Upper limit of the amount: Clopper-Pearson for none of an effective number, 1 - (alpha/2)^(1/n)."""
        if self._squares <= 0:
            return 0.0
        effective = self._whole**2 / self._squares
        return self._whole * float(1 - ((1 - LEVEL) / 2) ** (1 / effective))


def _wilson(rate: float, variance: float, freedom: int) -> tuple[float, float]:
    """Wilson's interval at the effective size rate (1 - rate) / variance; t instead of the normal for few strata."""
    from scipy.stats import norm, t

    if variance <= 0 or not 0 < rate < 1:
        return rate, rate
    z = float(norm.ppf(0.5 + LEVEL / 2))
    size = rate * (1 - rate) / variance * (z / float(t.ppf(0.5 + LEVEL / 2, max(freedom, 1)))) ** 2
    centre = (rate + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * np.sqrt(rate * (1 - rate) / size + z**2 / (4 * size**2))
    return float(min(centre - half, rate)), float(max(centre + half, rate))


def _around(value: float, half: float, number: int, base: float) -> Estimate:
    value = float(min(max(value, 0.0), 1.0))
    return Estimate(value, max(value - float(half), 0.0), min(value + float(half), 1.0), number, float(base))


def _groups(stratum: np.ndarray) -> np.ndarray:
    return np.array([text.rsplit("|", 2)[0] for text in stratum], dtype=object)


def _joined(sample: Sample, answered: np.ndarray) -> np.ndarray:
    """Stratum of each record after strata with too few answers joined their neighbour of the same group."""
    table = pd.DataFrame({"stratum": sample.stratum, "answered": answered, "size": sample.size})
    of = table.groupby("stratum").agg(answers=("answered", "sum"), size=("size", "first")).sort_index()
    of["group"] = _groups(of.index.to_numpy(object))
    name: dict[str, str] = {}
    for _, strata in of.groupby("group"):
        waiting: list[str] = []
        answers, last = 0, ""
        for code, count, size in strata[["answers", "size"]].itertuples():
            waiting.append(code)
            answers += int(count)
            enough = answers >= LEAST_IN_STRATUM or (len(waiting) == 1 and answers == size)
            if enough:
                name |= dict.fromkeys(waiting, code)
                waiting, answers, last = [], 0, code
        name |= dict.fromkeys(waiting, last or (waiting[0] if waiting else ""))
    return np.array([name[code] for code in sample.stratum], dtype=object)


def _strata(sample: Sample, joined: np.ndarray, answered: np.ndarray) -> list[tuple[np.ndarray, float, float]]:
    """Per joined stratum: rows with an answer, records it stands for, share of its records that answered."""
    found = []
    table = pd.DataFrame({"joined": joined, "stratum": sample.stratum, "size": sample.size, "scale": sample.scale})
    once = table.drop_duplicates("stratum")
    size = once.groupby("joined")["size"].sum()
    weighted = (once["size"] * once["scale"]).groupby(once["joined"]).sum()
    rows_of = table.groupby("joined").indices
    for code in sorted(map(str, rows_of)):
        rows = np.asarray(rows_of[code])
        rows = rows[answered[rows]]
        found.append((rows, float(weighted[code]), float(min(rows.size / size[code], 1.0))))
    return found
