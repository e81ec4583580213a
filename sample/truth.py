"""The truth: who takes part in what, on which days, and the shares of GVA that follow.

- N1: S.11 firms while they are members of a cluster that is accredited (both intervals half open). Institutions are
  members too but no firms: they carry no GVA here.
- N2: N1 and S.11 firms in a running joint project (CORDIS, structural funds, Interreg; at least two distinct
  organisations; structural funds run `STRUCTURAL_FUND_DAYS` from the decision) or members of a cluster, accredited or
  not, while it has a cluster-to-cluster agreement.

Time rules: `any_day` of the year (headline), `day_weighted` (days of the union of the intervals over days of the year),
`31_december`. Attribution is `full`: GVA *of* cooperating firms. Denominator: GVA of the economy (S.1).

By region: a firm's GVA divided among the regions it works in by its wage bill (`local_units`), over GVA of the region.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sample.classification import NUTS2
from sample.cooperations import Cooperations
from sample.economy import Population
from sample.local_units import LocalUnits
from sample.national_accounts import YEARS, by_nuts2, national_accounts
from sample.projects import Projects

TIME_RULES = ("any_day", "day_weighted", "31_december")
NUMERATORS = ("N1", "N2")


@dataclass(frozen=True)
class Participation:
    """Who takes part, by year.

    Attributes:
        firm: distinct firms, ascending, shape (p,).
        weight: share of the days of the year, shape (p, years).
        december: True where the firm takes part on 31 December, shape (p, years).
    """

    firm: np.ndarray
    weight: np.ndarray
    december: np.ndarray

    @property
    def any_day(self) -> np.ndarray:
        """True where the firm takes part on at least one day of the year, shape (p, years)."""
        return self.weight > 0

    def weights(self, rule: str) -> np.ndarray:
        """Return the weight of each firm in each year under a time rule of `TIME_RULES`."""
        if rule == "day_weighted":
            return self.weight
        return (self.any_day if rule == "any_day" else self.december).astype(float)


def _crossed(memberships: pd.DataFrame, periods: pd.DataFrame) -> pd.DataFrame:
    """Intersect the intervals of firms in a cluster with the intervals of the cluster."""
    firms = memberships.loc[memberships["firm"] >= 0, ["cluster", "firm", "valid_from", "valid_to"]]
    both = firms.merge(periods, on="cluster", suffixes=("", "_cluster"))
    start = both[["valid_from", "valid_from_cluster"]].max(axis=1)
    end = both[["valid_to", "valid_to_cluster"]].min(axis=1)
    frame = pd.DataFrame({"firm": both["firm"], "start": start, "end": end})
    return frame[frame["start"] < frame["end"]]


def intervals(cooperations: Cooperations, projects: Projects) -> dict[str, pd.DataFrame]:
    """Return for N1 and N2 the intervals `firm`, `start`, `end` (half open); they may overlap."""
    accredited = cooperations.labels.loc[
        cooperations.labels["scheme"] == "accreditation", ["cluster", "valid_from", "valid_to"]
    ]
    n1 = _crossed(cooperations.memberships, accredited)
    agreements = cooperations.agreements.rename(columns={"signed": "valid_from"})
    linked = _crossed(cooperations.memberships, agreements[["cluster", "valid_from", "valid_to"]])
    places = projects.places[projects.places["kind"] == "firm"].merge(
        projects.projects, left_on="project", right_index=True
    )
    places = places[places["joint"]]
    joint = pd.DataFrame({"firm": places["party"], "start": places["start"], "end": places["end"]})
    return {"N1": n1, "N2": pd.concat([n1, linked, joint], ignore_index=True)}


def participation(frame: pd.DataFrame) -> Participation:
    """Turn intervals into weights by year, counting overlapping days once.

    Args:
        frame: `firm`, `start`, `end`, half open.
    """
    firm = frame["firm"].to_numpy().astype(np.int64)
    start = frame["start"].to_numpy().astype("datetime64[D]").astype(np.int64)
    end = frame["end"].to_numpy().astype("datetime64[D]").astype(np.int64)
    known, position = np.unique(firm, return_inverse=True)
    order = np.lexsort((start, position))
    position, start, end = position[order], start[order], end[order]
    weight = np.zeros((known.size, len(YEARS)))
    december = np.zeros((known.size, len(YEARS)), dtype=bool)
    for t, year in enumerate(YEARS):
        first = np.datetime64(f"{year}-01-01").astype(np.int64)
        after = np.datetime64(f"{year + 1}-01-01").astype(np.int64)
        s, e = np.clip(start, first, after), np.clip(end, first, after)
        # Firms lie side by side on one axis, so that one running maximum of the ends serves all of them.
        lane = position * 400
        low, high = s - first + lane, e - first + lane
        reached = np.concatenate(([-1], np.maximum.accumulate(high)[:-1])) if high.size else high
        days = np.maximum(high - np.maximum(low, reached), 0)
        weight[:, t] = np.bincount(position, weights=days, minlength=known.size) / (after - first)
        december[position[(start < after) & (end >= after)], t] = True
    return Participation(known, weight, december)


def shares(taking_part: dict[str, Participation], gva: np.ndarray) -> pd.DataFrame:
    """Return the true share for every year, numerator and time rule.

    Args:
        taking_part: participation by numerator.
        gva: GVA at basic prices by firm and year in million HUF, shape (firms, years).
    """
    total = national_accounts().total
    rows = []
    for t, year in enumerate(YEARS):
        for numerator in NUMERATORS:
            part = taking_part[numerator]
            for rule in TIME_RULES:
                weight = part.weights(rule)[:, t]
                value = float((gva[part.firm, t] * weight).sum())
                share = 100 * value / float(total[t])
                rows.append((year, numerator, rule, "full", share, value, float(total[t]), int((weight > 0).sum())))
    columns = [
        "year",
        "numerator",
        "time_rule",
        "attribution",
        "share_pct",
        "numerator_huf_mn",
        "denominator_huf_mn",
        "firms",
    ]
    return pd.DataFrame(rows, columns=columns)


def region_shares(
    taking_part: dict[str, Participation], gva: np.ndarray, population: Population, units: LocalUnits
) -> pd.DataFrame:
    """Return the true share (any day, full) for every year, numerator and NUTS2 region of work.

    Args:
        taking_part: participation by numerator.
        gva: GVA at basic prices by firm and year in million HUF, shape (firms, years).
        population: the legal units.
        units: who works where.
    """
    total = by_nuts2(national_accounts().gva.sum(axis=(1, 2)))
    firm, region, part = units.regions(population)
    frames = []
    for numerator in NUMERATORS:
        counted = np.zeros(gva.shape, dtype=bool)
        counted[taking_part[numerator].firm] = taking_part[numerator].any_day
        for t, year in enumerate(YEARS):
            value = np.where(counted[firm, t], gva[firm, t], 0.0) * part
            summed = np.bincount(region, weights=value, minlength=len(NUTS2))
            frames.append(
                pd.DataFrame(
                    {
                        "year": year,
                        "numerator": numerator,
                        "nuts2_code": NUTS2,
                        "share_pct": 100 * summed / total[t],
                        "numerator_huf_mn": summed,
                        "denominator_huf_mn": total[t].astype(float),
                    }
                )
            )
    return pd.concat(frames, ignore_index=True)
