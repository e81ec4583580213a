"""Known quality of the links: shares, what the probabilities expect, what a clerk's verdicts say, calibration.

Belongs here: from frames to one table of figures. Does not belong here: estimators (`clerical_estimates`), the draw
(`clerical_sample`), reading tables.

Records are those that may mean a firm of the register: named, and not known to be from abroad. GVA weights are a size
proxy of the firm concerned; a firm without accounts weighs nothing there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.clerical_estimates import (
    Estimate,
    Sample,
    after_decisions,
    calibration,
    expected_quality,
    false_membership,
    precision,
    recall,
)
from methods.linkage.explanation import IDENTIFIER_METHODS

COLUMNS = [
    "measure_code", "stratum_code", "weight", "value", "interval_low", "interval_high", "sample_size", "description",
]  # fmt: skip
LINKED = "accepted"
NO_FIRM = "none"
"""What a clerk writes in place of a firm's id where the record means no firm of the register."""
HISTOGRAM_STEP = 0.05


@dataclass(frozen=True)
class Verdicts:
    """What is known of each drawn record, NaN where it is not; all arrays of shape (records,).

    Attributes:
        sample: strata and weights.
        is_linked: 1 where the linkage proposes to accept the link.
        is_right: 1 where that link is right.
        is_firm: 1 where the record means a firm of the register.
        is_found: 1 where it is linked to that firm.
        is_best_right: 1 where the best candidate is the firm that is meant.
        probability: of the best candidate; NaN where there is none.
        linked: id of the best candidate.
        meant: id of the firm that is meant.
    """

    sample: Sample
    is_linked: np.ndarray
    is_right: np.ndarray
    is_firm: np.ndarray
    is_found: np.ndarray
    is_best_right: np.ndarray
    probability: np.ndarray
    linked: pd.Series
    meant: pd.Series


def shares(records: pd.DataFrame) -> pd.DataFrame:
    """How the records are linked: by identifier, by name, by people, under review, not at all; and their scores.

    Args:
        records: `status`, `method`, `gva_huf_mn` (of the link or best candidate), `best_probability`, `best_status`
            (of the best candidate, before people decided).

    Returns:
        `COLUMNS`; `linked_share` sums to one over its strata, as does `score_share`, the histogram of the best
        candidates' probabilities (`<status>|<lower bound>`).
    """
    ways = way_of(records["status"], records["method"])
    rows = []
    for weight, amount in (("count", np.ones(len(records))), ("gva", _filled(records["gva_huf_mn"]))):
        if amount.sum() <= 0:
            continue
        for way in ("identifier", "name", "people", "review", "none"):
            inside = (ways == way).to_numpy()
            text = f"Share of records: {_WAYS[way]}"
            rows.append(_row("linked_share", way, weight, amount[inside].sum() / amount.sum(), inside.sum(), text))
        accepted = records["status"] == LINKED
        for method in sorted(set(records.loc[accepted, "method"])):
            inside = (accepted & (records["method"] == method)).to_numpy()
            text = f"Share of records linked by the method {method}"
            rows.append(_row("method_share", method, weight, amount[inside].sum() / amount.sum(), inside.sum(), text))
    step = np.minimum((_filled(records["best_probability"]) / HISTOGRAM_STEP + 1e-9).astype(int), 19)
    cells = pd.DataFrame({"status": records["best_status"].to_numpy(), "step": step})
    counted = cells.groupby(["status", "step"]).size().reset_index(name="number")
    for status, place, number in counted.itertuples(index=False):
        code = f"{status}|{place * HISTOGRAM_STEP:.2f}"
        text = "Share of records by status and probability of the best candidate, from this lower bound on"
        rows.append(_row("score_share", code, "count", number / len(records), number, text))
    return pd.DataFrame(rows, columns=COLUMNS)


def expected(candidates: pd.DataFrame) -> pd.DataFrame:
    """Precision and recall that the probabilities expect, people's decisions counted as certain.

    Args:
        candidates: `probability`, `gva_huf_mn`, `is_linked`, `cooperation_type`; one row per candidate and record.
    """
    rows = []
    kinds = sorted(set(candidates["cooperation_type"]))
    for kind in ("all", *kinds):
        part = candidates if kind == "all" else candidates[candidates["cooperation_type"] == kind]
        linked = part["is_linked"].to_numpy(bool)
        for weight, amount in (("count", np.ones(len(part))), ("gva", _filled(part["gva_huf_mn"]))):
            found = expected_quality(part["probability"].to_numpy(np.float64), amount, linked)
            if found is None:
                continue
            for name, estimate, text in zip(("expected_precision", "expected_recall"), found, _EXPECTED, strict=True):
                rows.append(_estimated(name, kind, weight, estimate, text))
    return pd.DataFrame(rows, columns=COLUMNS)


def read_verdicts(records: pd.DataFrame, reviews: pd.DataFrame) -> Verdicts:
    """The filled sample against what the linkage proposes today.

    Args:
        records: `record_id`, `best_unit_id`, `best_probability`, `best_status`.
        reviews: `sample_id`, `record_id`, `stratum_code`, `stratum_size`, `shown_unit_id`, `verdict` (RIGHT, WRONG,
            CANNOT_TELL or missing), `right_unit_id` (an id, `none`, or missing), `is_unit_known` (whether that id is
            one of the register); one row per sample and record, rows that nobody filled included.

    Several samples are pooled in proportion to their verdicts. A record that is no longer there, a verdict that
    contradicts itself and an id that the register does not have count as not answered.
    """
    both = reviews.merge(records, on="record_id", how="left", indicator=True)
    verdict = both["verdict"].astype("str")
    is_given = verdict.isin(("RIGHT", "WRONG"))
    right_id = both["right_unit_id"].astype(object).where(both["right_unit_id"].notna(), None)
    shown = both["shown_unit_id"].astype(object).where(both["shown_unit_id"].notna(), None)
    says_none = right_id.map(lambda text: text is not None and str(text).strip().lower() == NO_FIRM).astype(bool)
    named = right_id.notna() & ~says_none
    contradicts = (verdict == "RIGHT") & (
        (named & shown.notna() & (right_id != shown)) | (says_none & shown.notna()) | (named & shown.isna())
    )
    is_known = ((verdict == "RIGHT") & ~contradicts) | (
        (verdict == "WRONG") & (says_none | (named & both["is_unit_known"].astype(bool)))
    )
    meant = shown.where(verdict == "RIGHT", right_id.where(named, None))
    refused = shown.where(verdict == "WRONG", None)
    best = both["best_unit_id"].astype(object).where(both["best_unit_id"].notna(), None)
    there = (both["_merge"] == "both").to_numpy()
    is_linked = np.where(there, (both["best_status"] == LINKED).to_numpy(float), np.nan)
    hit = (best.notna() & meant.notna() & (best == meant)).to_numpy(float)
    known = (is_known & is_given).to_numpy() & there
    is_refused = (best.notna() & (best == refused)).to_numpy() & there
    best_right = np.where(known, hit, np.where(is_refused, 0.0, np.nan))
    is_firm = np.where(known, meant.notna().to_numpy(float), np.nan)
    found = np.where(known, hit * (is_linked > 0), np.nan)
    usable = is_given.groupby(both["sample_id"]).transform("sum") / max(int(is_given.sum()), 1)
    once = both.drop_duplicates(["sample_id", "stratum_code"])
    frame_size = both["sample_id"].map(once.groupby("sample_id")["stratum_size"].sum())
    codes = both["sample_id"].astype("str") + "|" + both["stratum_code"].astype("str")
    sample = Sample.of(
        pd.DataFrame(
            {
                "stratum_code": codes,
                "stratum_size": both["stratum_size"],
                "scale": usable * len(records) / frame_size,
            }
        )[usable.to_numpy() > 0]
    )
    kept = usable.to_numpy() > 0
    return Verdicts(
        sample,
        is_linked[kept],
        np.where(is_linked > 0, best_right, 0.0)[kept],
        is_firm[kept],
        found[kept],
        best_right[kept],
        both["best_probability"].where(best.notna()).to_numpy(np.float64)[kept],
        best[kept].reset_index(drop=True),
        meant.where(is_known, None)[kept].reset_index(drop=True),
    )


def sampled(records: pd.DataFrame, verdicts: Verdicts, sizes: pd.Series) -> pd.DataFrame:
    """Precision, recall, s and f of METHODS section 5, and calibration, from a clerk's verdicts.

    Args:
        records: `best_unit_id`, `best_status`, `unit_id`, `status`, `method`; all records of the population.
        verdicts: see `read_verdicts`.
        sizes: GVA proxy in HUF mn by unit id, of all units that have one.
    """
    v = verdicts
    one, linked_size, meant_size = (
        np.ones(len(v.linked)),
        _filled(v.linked.map(sizes)),
        _filled(v.meant.map(sizes)),
    )
    rows = [_reviewed(v)]
    # a missed link of a record without any candidate would be to some firm, not to one of no size
    at_risk = np.where(linked_size > 0, linked_size, sizes.mean() if len(sizes) else 0.0)
    for weight, linked, meant, risk in (("count", one, one, one), ("gva", linked_size, meant_size, at_risk)):
        change, before, after = _changes(records, sizes if weight == "gva" else None)
        right = precision(v.sample, v.is_linked, v.is_right, linked)
        found = recall(v.sample, v.is_firm, v.is_found, meant, risk)
        if right is not None:
            now = after_decisions(right, change, before, after)
            rows.append(_estimated("precision", "linkage", weight, right, _SAMPLED["precision"] + _MACHINE))
            rows.append(_estimated("precision", "all", weight, now, _SAMPLED["precision"]))
        if found is not None:
            now = after_decisions(found, change, found.base, found.base)
            rows.append(_estimated("recall", "linkage", weight, found, _SAMPLED["recall"] + _MACHINE))
            rows.append(_estimated("recall", "all", weight, now, _SAMPLED["recall"]))
    rows += _membership(records, v, sizes, linked_size, meant_size, at_risk)
    table, error = calibration(v.sample, v.probability, v.is_best_right)
    for line in table.to_dict("records"):
        number, band = line["sample_size"], line["band"]
        rows.append(_row("calibration_expected", band, "count", line["expected"], number, _CALIBRATION[0]))
        found = Estimate(line["observed"], line["low"], line["high"], number, 0.0)
        rows.append(_estimated("calibration_observed", band, "count", found, _CALIBRATION[1]))
    if len(table):
        number = int(table["sample_size"].sum())
        rows.append(_row("calibration_error", "all", "count", error, number, _CALIBRATION[2]))
    return pd.DataFrame(rows, columns=COLUMNS)


def way_of(status: pd.Series, method: pd.Series) -> pd.Series:
    """How each record is linked: identifier, name, people, review or none."""
    way = np.select(
        [status == "review", status != LINKED, method == "decision", method.isin(IDENTIFIER_METHODS)],
        ["review", "none", "people", "identifier"],
        "name",
    )
    return pd.Series(way, index=status.index)


def _membership(
    records: pd.DataFrame,
    v: Verdicts,
    sizes: pd.Series,
    linked_size: np.ndarray,
    meant_size: np.ndarray,
    at_risk: np.ndarray,
) -> list[tuple[object, ...]]:
    """GVA-weighted recall s of members and false membership f, each unit counted once."""
    links = records.loc[records["best_status"] == LINKED, "best_unit_id"].value_counts()
    of_linked = linked_size / np.maximum(_filled(v.linked.map(links)), 1)
    # a missed record of a firm that another record found loses nothing
    of_meant = np.where(v.is_found > 0, of_linked, np.where(v.meant.isin(links.index), 0.0, meant_size))
    found = recall(v.sample, v.is_firm, v.is_found, of_meant, at_risk)
    if found is None:
        return []
    rows = [_estimated("membership_recall", "all", "gva", found, _SAMPLED["s"] + _MACHINE)]
    non_members = float(sizes.sum()) - found.base
    if non_members > 0:
        false = false_membership(v.sample, v.is_linked, v.is_right, of_linked, non_members)
        if false is not None:
            rows.append(_estimated("false_membership", "all", "gva", false, _SAMPLED["f"] + _MACHINE))
    return rows


def _changes(records: pd.DataFrame, sizes: pd.Series | None) -> tuple[float, float, float]:
    """Right links that decisions gained, and all links before and after them."""

    def amount(units: pd.Series) -> np.ndarray:
        return np.ones(len(units)) if sizes is None else _filled(units.map(sizes))

    was = (records["best_status"] == LINKED).to_numpy()
    now = (records["status"] == LINKED).to_numpy()
    decided = (records["method"] == "decision").to_numpy()
    before, after = amount(records["best_unit_id"]), amount(records["unit_id"])
    stays = was & now & (records["best_unit_id"] == records["unit_id"]).to_numpy()
    change = float((after * (decided & now)).sum() - (before * (decided & stays)).sum())
    return change, float(before[was].sum()), float(after[now].sum())


def _reviewed(v: Verdicts) -> tuple[object, ...]:
    answered = ~np.isnan(v.is_best_right) | ~np.isnan(v.is_firm)
    text = "Share of the sample drawn that has a usable verdict"
    return _row("reviewed_share", "all", "count", float(answered.mean()), int(answered.sum()), text)


def _row(
    measure: str,
    stratum: str,
    weight: str,
    value: float,
    number: int,
    text: str,
    limits: tuple[float, float] | None = None,
) -> tuple[object, ...]:
    low, high = limits or (np.nan, np.nan)
    return measure, stratum, weight, round(float(value), 12), low, high, int(number), text


def _estimated(measure: str, stratum: str, weight: str, found: Estimate, text: str) -> tuple[object, ...]:
    # rounded far below what matters, so that a limit never lies on the wrong side of its value
    value = round(found.value, 12)
    limits = (min(round(found.low, 12), value), max(round(found.high, 12), value))
    return _row(measure, stratum, weight, value, found.sample_size, text, limits)


def _filled(values: pd.Series) -> np.ndarray:
    return np.nan_to_num(values.astype("float64").to_numpy())


_WAYS = {
    "identifier": "linked, an identifier says so",
    "name": "linked by name and place",
    "people": "linked by a person's decision",
    "review": "under review",
    "none": "linked to no firm",
}
_MACHINE = ", before people's decisions"
_EXPECTED = (
    "Share of links that are right, expected from their probabilities",
    "Share of records with a firm that are linked to it, expected from the probabilities of all candidates",
)
_SAMPLED = {
    "precision": "Share of links that are right, from the clerical sample",
    "recall": "Share of records with a firm that are linked to it, from the clerical sample",
    "s": "Share s of the members' GVA that is found, each firm once",
    "f": "Share f of the non-members' GVA that is taken for members'",
}
_CALIBRATION = (
    "Mean probability of the best candidates in this band",
    "Share of the best candidates in this band that are the firm meant",
    "Expected calibration error: mean distance of probability and share over the bands",
)
