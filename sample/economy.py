"""The population: legal units with activity, place, size, life span, enterprise and group.

The national totals do not depend on the number of firms: a smaller sample has bigger firms, not fewer riches. Sizes are
lognormal with a Pareto tail (index 1.08), so that a few giants matter. Two firms of every activity x region cell are
*anchors*: they live through all years and never cooperate, so that a cell always has somebody outside cooperations to
whom the rest of its margin belongs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sample.classification import (
    NUTS2,
    SECTIONS,
    activities,
    counties,
    postcodes,
    records,
    settlements,
)
from sample.national_accounts import national_accounts
from sample.streams import draw_within

S11_SECTIONS = tuple(i for i, s in enumerate(SECTIONS) if s not in "KOT")
"""Sections in which non-financial corporations have value added."""

FIRMS_PER_GVA = {
    "A": 1.2,
    "B": 0.3,
    "C": 0.55,
    "D": 0.15,
    "E": 0.3,
    "F": 1.7,
    "G": 1.5,
    "H": 0.8,
    "I": 2.0,
    "J": 1.2,
    "L": 2.0,
    "M": 2.4,
    "N": 1.1,
    "P": 6.0,
    "Q": 4.0,
    "R": 4.0,
    "S": 4.0,
}
"""How many firms a section has per unit of value added, relative to the others."""

FIRST_DAY = np.datetime64("2016-01-01")
END_DAY = np.datetime64("2026-01-01")
NEVER = np.datetime64("9999-12-31")
"""Stands for "still going on" in intervals; written as an empty cell."""


@dataclass
class Population:
    """Columns of equal length, one element per legal unit (S.11 firms only).

    Attributes:
        cell: index of the activity x NUTS2 cell, `S11_SECTIONS` position * 8 + NUTS2 index.
        activity: index into `activities()`.
        nuts3: index into `counties()`.
        settlement: index into `settlements()`.
        postcode: index into `postcodes()`.
        size: relative size before calibration.
        form: index into `names.FORMS`.
        founded: first day.
        dissolved: first day after the end, `NEVER` while active.
        anchor: firm that holds its cell, see the module's docstring.
        large: one of the largest (top 200 or top 2 %); neither dirt nor death touches it.
        enterprise: number of the enterprise; firms of a multi-unit enterprise share it.
        group: number of the enterprise group or -1.
        same_as: for the successor of a transformation the predecessor whose name it carries on, else -1.
        events: columns predecessor, successor, kind (0 merger, 1 split, 2 transformation), day.
    """

    cell: np.ndarray
    activity: np.ndarray
    nuts3: np.ndarray
    settlement: np.ndarray
    postcode: np.ndarray
    size: np.ndarray
    form: np.ndarray
    founded: np.ndarray
    dissolved: np.ndarray
    anchor: np.ndarray
    large: np.ndarray
    enterprise: np.ndarray
    group: np.ndarray
    same_as: np.ndarray
    events: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]

    @property
    def count(self) -> int:
        """Number of firms."""
        return int(self.cell.size)

    @property
    def multi_unit(self) -> np.ndarray:
        """True for firms that share their enterprise with another legal unit."""
        shared: np.ndarray = (np.bincount(self.enterprise) > 1)[self.enterprise]
        return shared


def cell_margins() -> np.ndarray:
    """GVA of S.11 by cell in million HUF, shape (years, cells)."""
    cells = national_accounts().s11_cells[:, S11_SECTIONS, :]
    flat: np.ndarray = cells.reshape(cells.shape[0], -1)
    return flat


def scale_of(firms: int) -> float:
    """Share of the full number of clusters, members and projects that a sample of this size carries (at most 1)."""
    return float(min(1.0, (firms / 100_000) ** 0.7))


def _sizes(rng: np.random.Generator, cell: np.ndarray) -> np.ndarray:
    """Sizes in million HUF of 2023, before growth paths; no firm above 1.5 % of S.11 where there are many firms."""
    n = cell.size
    size: np.ndarray = np.exp(1.8 * rng.standard_normal(n))
    tail = rng.random(n) < 0.005
    size[tail] *= 12 * (1 + rng.pareto(1.08, int(tail.sum())))
    margin = cell_margins()[7].astype(float)
    limit = max(0.015, 15 / n) * margin.sum()
    for _ in range(3):
        size *= (margin / np.bincount(cell, weights=size, minlength=margin.size))[cell]
        size = np.minimum(size, limit)
    return size


def _days(rng: np.random.Generator, start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Draw a day in [start, end) for every element."""
    width = np.maximum((end - start).astype(np.int64), 1)
    drawn: np.ndarray = start + (rng.random(start.size) * width).astype(np.int64)
    return drawn


def make_population(rng: np.random.Generator, firms: int) -> Population:
    """Draw the legal units.

    Args:
        rng: stream of the population.
        firms: number of S.11 legal units, at least 500.
    """
    margins = cell_margins()[7].astype(float)
    density = np.repeat([FIRMS_PER_GVA[SECTIONS[s]] for s in S11_SECTIONS], len(NUTS2))
    weight = margins * density
    per_cell = 2 + rng.multinomial(firms - 2 * margins.size, weight / weight.sum())
    cell = np.repeat(np.arange(margins.size), per_cell)
    first = np.concatenate(([0], np.cumsum(per_cell)[:-1]))
    anchor = np.zeros(firms, dtype=bool)
    anchor[first] = anchor[first + 1] = True
    shuffle = rng.permutation(firms)
    cell, anchor = cell[shuffle], anchor[shuffle]

    section = np.array(S11_SECTIONS)[cell // len(NUTS2)]
    known = activities()
    activity = draw_within(rng, section, known["section_index"].to_numpy(), known["weight"].to_numpy())
    size = _sizes(rng, cell)

    county = counties()
    share = national_accounts().gva[7, 0].sum(axis=0).astype(float)
    nuts3 = draw_within(rng, cell % len(NUTS2), county["nuts2_index"].to_numpy(), share)
    town = settlements()
    settlement = draw_within(rng, nuts3, town["nuts3_index"].to_numpy(), town["weight"].to_numpy())
    code = postcodes()
    postcode = draw_within(rng, settlement, code["settlement_index"].to_numpy(), np.ones(len(code)))

    rank = np.empty(firms, dtype=np.int64)
    rank[np.argsort(-size, kind="stable")] = np.arange(firms)
    large = rank < max(min(200, firms // 4), int(0.02 * firms))
    form = _forms(rng, rank, firms)

    old = (rng.random(firms) < 0.70) | anchor | large
    founded = np.where(
        old,
        np.datetime64("1989-01-01") + (rng.random(firms) ** 0.8 * 9861).astype(np.int64),
        FIRST_DAY + rng.integers(0, 3652, firms),
    )
    mortal = (rng.random(firms) < 0.16) & ~anchor & ~large
    earliest = np.maximum(founded + 200, FIRST_DAY)
    mortal &= earliest < END_DAY - 30
    dissolved = np.where(mortal, _days(rng, earliest, np.full(firms, END_DAY)), NEVER)

    population = Population(
        cell,
        activity,
        nuts3,
        settlement,
        postcode,
        size,
        form,
        founded,
        dissolved,
        anchor,
        large,
        np.arange(firms),
        np.full(firms, -1),
        np.full(firms, -1),
        (np.array([], dtype=np.int64),) * 4,
    )
    _add_events(rng, population)
    _add_enterprises_and_groups(rng, population, rank)
    return population


def _forms(rng: np.random.Generator, rank: np.ndarray, firms: int) -> np.ndarray:
    u = rng.random(firms)
    small = rank > 0.45 * firms
    form = np.where(small & (u < 0.30), 1, 0)
    form = np.where(small & (u > 0.985), 4, form)
    form = np.where((rank < 0.03 * firms) & (u < 0.45), 2, form)
    return np.where((rank < max(40, 0.001 * firms)) & (u < 0.25), 3, form)


def _add_events(rng: np.random.Generator, population: Population) -> None:
    """Let some firms be absorbed, split or change their legal form."""
    dead = np.flatnonzero(population.dissolved < NEVER)
    free = ~population.anchor & ~population.large
    dead = dead[rng.random(dead.size) < 0.10]
    become = rng.random(dead.size) < 0.35
    # Absorbed by a firm of the same cell that lives through all years.
    stable = np.flatnonzero((population.dissolved == NEVER) & (population.founded < FIRST_DAY))
    stable = stable[np.argsort(population.cell[stable], kind="stable")]
    merged = dead[~become]
    successor = stable[draw_within(rng, population.cell[merged], population.cell[stable], np.ones(stable.size))]
    # Transformed: a new legal unit takes over everything, its name included.
    changed = dead[become]
    fresh = np.flatnonzero(free & (population.dissolved == NEVER) & (population.founded >= FIRST_DAY))
    fresh = rng.permutation(fresh)
    changed = changed[: fresh.size // 2]
    heirs, splits = fresh[: changed.size], fresh[changed.size : changed.size + changed.size // 3]
    for name in ("cell", "activity", "nuts3", "settlement", "postcode", "size"):
        getattr(population, name)[heirs] = getattr(population, name)[changed]
    population.form[heirs] = np.where(population.form[changed] == 0, 2, 0)
    population.founded[heirs] = population.dissolved[changed]
    population.same_as[heirs] = changed
    # Split off: a parent of the same cell stays, the new unit begins.
    parents = stable[draw_within(rng, population.cell[splits], population.cell[stable], np.ones(stable.size))]
    population.events = (
        np.concatenate((merged, parents, changed)),
        np.concatenate((successor, splits, heirs)),
        np.repeat([0, 1, 2], [merged.size, splits.size, changed.size]),
        np.concatenate((population.dissolved[merged], population.founded[splits], population.dissolved[changed])),
    )


def _add_enterprises_and_groups(rng: np.random.Generator, population: Population, rank: np.ndarray) -> None:
    """Join about one per cent of firms into multi-unit enterprises and a few per cent, giants mostly, into groups."""
    firms = population.count
    plain = rng.permutation(np.flatnonzero(~population.anchor & ~population.large & (population.same_as < 0)))
    pairs = plain[: 2 * (firms // 200)].reshape(2, -1)
    population.enterprise[pairs[1]] = population.enterprise[pairs[0]]
    likely = rng.random(firms) < np.where(rank < 0.02 * firms, 0.55, np.where(rank < 0.1 * firms, 0.12, 0.004))
    joined = rng.permutation(np.flatnonzero(likely))
    sizes = 2 + rng.geometric(0.45, size=joined.size) - 1
    population.group[joined] = np.repeat(np.arange(joined.size), sizes)[: joined.size]
    # Legal units of one enterprise belong to one group.
    population.group[pairs[1]] = population.group[pairs[0]]


@cache
def institutions() -> list[dict[str, str]]:
    """Return universities, institutes, chambers and municipalities as rows of `reference/institution.csv`."""
    rows = records("institution")
    common = {"sector": "S15", "class": "94.11", "legal_form": "Köztestület"}
    for county in records("county"):
        name = county["county"]
        rows.append(
            common
            | {"kind": "other", "name": f"{name} Vármegyei Kereskedelmi és Iparkamara", "short_name": f"{name} VKIK"}
            | {"settlement": county["seat"], "english_name": f"Chamber of Commerce of {name}"}
        )
    common = {"kind": "municipality", "sector": "S13", "class": "84.11", "legal_form": "Önk."}
    for town in settlements()["settlement"].tolist():
        names = {"name": f"{town} Város Önkormányzata", "short_name": f"{town} Önkormányzat"}
        rows.append(common | names | {"settlement": town, "english_name": f"Municipality of {town}"})
    return rows


def institution_kinds() -> np.ndarray:
    """Return the kind of every institution."""
    return np.array([body["kind"] for body in institutions()])
