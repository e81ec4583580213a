"""Firms that work in several counties: which, where, and how their wage bill divides among the counties.

Truth: the part of a county in a firm's GVA is its share of the firm's wage bill, the same in every year; the parts of
all firms add up to the margin of every activity x region cell, as national accounts by region of work do. Employment
divides differently, because wages per head do: where only employment is published, a refresh can but come close.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample.classification import NUTS2, counties
from sample.economy import Population, cell_margins
from sample.national_accounts import national_accounts

CHANCE = 0.15
"""Probability that a large or cooperating firm works in several counties."""

ROOM = 0.1
"""Largest part of a cell's other firms by which firms in several regions may raise or lower the cell."""

MOST = 3
"""Most counties beside that of the seat."""

WAGE_LEVEL_OF_CAPITAL = 1.25
"""Wages per head in Budapest, of those elsewhere."""

HAS_WAGES = 0.6
"""Probability that the wage bill of a firm's local units is known, not only their employment."""


@dataclass(frozen=True)
class LocalUnits:
    """Counties in which firms work; firms that work at their seat alone are not listed.

    Attributes:
        firm: firm of each row, ascending, shape (r,).
        nuts3: index into `counties()`, ascending within the firm; the county of the seat is among them.
        share: share of the county in the firm's wage bill; those of a firm sum to 1.
        head_share: share of the county in the firm's employees; those of a firm sum to 1.
        has_wages: True where the wage bill is published beside employment; one answer for a firm.
    """

    firm: np.ndarray
    nuts3: np.ndarray
    share: np.ndarray
    head_share: np.ndarray
    has_wages: np.ndarray

    def spread(self, firms: int) -> np.ndarray:
        """Return True for the firms that are listed, shape (firms,)."""
        listed = np.zeros(firms, dtype=bool)
        listed[self.firm] = True
        return listed

    def regions(self, population: Population) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return firm, NUTS2 index and share of the parts of all firms; one part where a firm is not listed."""
        alone = np.flatnonzero(~self.spread(population.count))
        region = counties()["nuts2_index"].to_numpy()[self.nuts3]
        return (
            np.concatenate((alone, self.firm)),
            np.concatenate((population.cell[alone] % len(NUTS2), region)),
            np.concatenate((np.ones(alone.size), self.share)),
        )

    def cell_sums(self, population: Population, value: np.ndarray) -> np.ndarray:
        """Return the sum of the parts by activity x region cell for values by firm, shape (cells,)."""
        firm, region, share = self.regions(population)
        cell = population.cell[firm] // len(NUTS2) * len(NUTS2) + region
        return np.bincount(cell, weights=value[firm] * share, minlength=cell_margins().shape[1])


def make_local_units(
    rng: np.random.Generator, population: Population, gva: np.ndarray, members: np.ndarray
) -> LocalUnits:
    """Draw who works where.

    A firm whose parts would move more than `ROOM` of a cell, together with those drawn before it, stays at its seat.

    Args:
        rng: stream of local units.
        population: the legal units.
        gva: GVA as if everybody worked at the seat, million HUF, shape (firms, years).
        members: firms that ever cooperate; their GVA is not to change.
    """
    cooperating = np.zeros(population.count, dtype=bool)
    cooperating[members] = True
    likely = np.flatnonzero((population.large | cooperating) & ~population.anchor)
    chosen = likely[rng.random(likely.size) < CHANCE]
    weight = national_accounts().gva[7, 0].sum(axis=0).astype(float)
    # the smallest of exponential waiting times: counties drawn without replacement, by weight
    waiting = rng.exponential(size=(chosen.size, weight.size)) / weight
    waiting[np.arange(chosen.size), population.nuts3[chosen]] = np.inf
    order = np.argsort(waiting, axis=1, kind="stable")
    count = rng.integers(1, MOST + 1, chosen.size)
    at_seat = rng.uniform(0.45, 0.85, chosen.size)
    pieces = rng.uniform(0.3, 1.3, (chosen.size, MOST))
    wage = rng.uniform(0.9, 1.1, (chosen.size, MOST + 1))
    has_wages = rng.random(chosen.size) < HAS_WAGES

    others = np.ones(population.count, dtype=bool)
    others[chosen] = others[members] = False
    cells = cell_margins().shape[1]
    room = ROOM * np.array([np.bincount(population.cell[others], weights=v[others], minlength=cells) for v in gva.T])
    region = counties()["nuts2_index"].to_numpy()
    moved = np.zeros_like(room)
    rows: list[tuple[int, int, float, float, bool]] = []
    for k, firm in enumerate(chosen.tolist()):
        where = np.concatenate(([population.nuts3[firm]], order[k, : count[k]]))
        split = pieces[k, : count[k]] / pieces[k, : count[k]].sum()
        share = np.concatenate(([at_seat[k]], (1 - at_seat[k]) * split))
        section = population.cell[firm] // len(NUTS2) * len(NUTS2)
        away = region[where] != region[where[0]]
        flow = np.zeros_like(room)
        np.add.at(flow.T, section + region[where[away]], share[away][:, None] * gva[firm])
        flow[:, population.cell[firm]] += share[away].sum() * gva[firm]
        if (moved + flow > room)[flow > 0].any():
            continue
        moved += flow
        heads = share / (np.where(where == 0, WAGE_LEVEL_OF_CAPITAL, 1.0) * wage[k, : where.size])
        heads /= heads.sum()
        listed = sorted(zip(where.tolist(), share.tolist(), heads.tolist(), strict=True))
        rows += [(firm, county, part, staff, bool(has_wages[k])) for county, part, staff in listed]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    kinds = (np.int64, np.int64, np.float64, np.float64, bool)
    return LocalUnits(*(np.array(column, dtype=kind) for column, kind in zip(columns, kinds, strict=True)))


def settled(gva: np.ndarray, population: Population, units: LocalUnits, members: np.ndarray) -> np.ndarray:
    """Return GVA such that the parts of all firms meet the margin of every cell again, shape (firms, years).

    Firms that cooperate or work in several counties keep their value; the others of a cell take the rest.

    Args:
        gva: GVA that meets the margins by the region of the seat, shape (firms, years).
        population: the legal units.
        units: who works where.
        members: firms that ever cooperate.
    """
    kept = units.spread(population.count)
    kept[members] = True
    margins = cell_margins().astype(float)
    result = gva.copy()
    for t in range(gva.shape[1]):
        taken = units.cell_sums(population, np.where(kept, gva[:, t], 0.0))
        others = units.cell_sums(population, np.where(kept, 0.0, gva[:, t]))
        result[~kept, t] *= ((margins[t] - taken) / others)[population.cell[~kept]]
    return result
