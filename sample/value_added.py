"""True value added of every firm and year.

Firms grow by a random walk; then every activity x region cell is scaled to its margin of S.11, exactly. Firms that ever
count in N1 are scaled by one factor per year so that the N1 share (any day, of total GVA) meets `N1_SHARE` exactly, and
those that only ever count in N2 likewise for `N2_SHARE`; the others of the cell take the rest. One factor for all years
of a firm's life, member or not, keeps entry and exit free of artificial jumps.

Published: 2.29 % of national GVA (strategy of 2023); the other years are an assumed path.
"""

from __future__ import annotations

import numpy as np

from sample.economy import Population, cell_margins
from sample.national_accounts import YEARS, national_accounts
from sample.truth import Participation

N1_SHARE = (1.90, 1.95, 2.00, 2.05, 2.08, 2.15, 2.22, 2.29, 2.40, 2.50)
"""Per cent of total GVA, 2016 to 2025; 2023 is the published figure."""

N2_SHARE = (3.70, 3.85, 4.00, 4.15, 4.25, 4.40, 4.60, 4.80, 5.05, 5.30)
"""Per cent of total GVA, aimed at; small samples may miss it."""

CELL_LIMIT = (0.5, 0.3)
"""Largest part of a cell that N1 firms and the other N2 firms may take."""


def alive_share(population: Population, year: int) -> np.ndarray:
    """Return the share of the year in which each firm exists."""
    first, after = np.datetime64(f"{year}-01-01"), np.datetime64(f"{year + 1}-01-01")
    days = np.minimum(population.dissolved, after) - np.maximum(population.founded, first)
    share: np.ndarray = np.clip(days.astype(np.int64), 0, None) / int((after - first).astype(int))
    return share


def room(counted: np.ndarray, total: np.ndarray, limit: np.ndarray) -> float:
    """Return the largest sum that `common_factor` can meet; arguments as there."""
    return float((counted * np.divide(limit, total, out=np.zeros_like(total), where=total > 0)).sum())


def common_factor(counted: np.ndarray, total: np.ndarray, limit: np.ndarray, target: float) -> float:
    """Return the factor f with sum(counted * min(f, limit / total)) = target.

    Args:
        counted: by cell, the value that counts towards the target.
        total: by cell, the value that is scaled (at least `counted`).
        limit: by cell, the largest value after scaling.
        target: the sum to meet.

    Raises:
        ValueError: the limits do not leave room for the target.
    """
    active = counted > 0
    counted, bound = counted[active], limit[active] / total[active]
    order = np.argsort(bound)
    counted, bound = counted[order], bound[order]
    capped = np.concatenate(([0.0], np.cumsum(counted * bound)))
    free = np.concatenate((np.cumsum(counted[::-1])[::-1], [0.0]))
    for k in range(counted.size):
        factor = (target - capped[k]) / free[k]
        if factor <= bound[k]:
            return float(factor)
    raise ValueError(f"cells have room for {capped[-1]:.0f} of {target:.0f} million HUF")


def true_value_added(
    rng: np.random.Generator, population: Population, n1: Participation, n2: Participation
) -> np.ndarray:
    """Return GVA at basic prices in million HUF, shape (firms, years); 0 where the firm does not exist.

    Args:
        rng: stream of growth.
        population: the legal units.
        n1: participation under N1.
        n2: participation under N2, a superset of N1.
    """
    firms, cells = population.count, cell_margins().shape[1]
    margins, total = cell_margins().astype(float), national_accounts().total.astype(float)
    group = np.zeros(firms, dtype=np.int8)
    group[n2.firm] = 2
    group[n1.firm] = 1
    cell = population.cell
    gva = np.empty((firms, len(YEARS)))
    path = np.zeros(firms)
    predecessor, successor, kind, when = population.events
    for t, year in enumerate(YEARS):
        path += 0.09 * rng.standard_normal(firms)
        value = population.size * np.exp(path) * alive_share(population, year)
        absorbed = (kind == 0) & (when < np.datetime64(f"{year}-01-01"))
        np.add.at(value, successor[absorbed], population.size[predecessor[absorbed]])
        value *= (margins[t] / np.bincount(cell, weights=value, minlength=cells))[cell]
        for number, part, aim, limit in ((1, n1, N1_SHARE, CELL_LIMIT[0]), (2, n2, N2_SHARE, CELL_LIMIT[1])):
            in_group = group == number
            counted_firm = part.firm[part.any_day[:, t]]
            already = counted_firm[group[counted_firm] < number] if number == 2 else counted_firm[:0]
            target = aim[t] / 100 * total[t]
            if number == 2:
                target = max(target - value[already].sum(), 0.25 * (target - N1_SHARE[t] / 100 * total[t]))
            counting = counted_firm[group[counted_firm] == number]
            inside = np.bincount(cell[in_group], weights=value[in_group], minlength=cells)
            counted = np.bincount(cell[counting], weights=value[counting], minlength=cells)
            bound = limit * margins[t]
            if number == 2:
                target = min(target, 0.8 * room(counted, inside, bound))
            factor = common_factor(counted, inside, bound, target)
            by_cell = np.minimum(factor, np.divide(bound, inside, out=np.full(cells, np.inf), where=inside > 0))
            value[in_group] *= by_cell[cell[in_group]]
        rest = group == 0
        taken = np.bincount(cell[~rest], weights=value[~rest], minlength=cells)
        others = np.bincount(cell[rest], weights=value[rest], minlength=cells)
        value[rest] *= ((margins[t] - taken) / others)[cell[rest]]
        gva[:, t] = value
    return gva
