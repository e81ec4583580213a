"""National accounts of the sample: published totals, the years around them, and their allocation to cells.

Published: KSH integrated accounts of Hungary, current prices, million HUF, for 2012 and 2020 to 2022 (TV-1 of the
methods page). The other years are not published figures but follow from them:

- 2016 to 2019: every item grows at its own constant rate between 2012 and 2020 (geometric interpolation);
- 2023 to 2025: every item grows with `GROWTH_AFTER_2022`, assumed nominal growth of the economy;
- rounded to million HUF; GVA is the sum of the sectors, intermediate consumption is output less GVA, GDP is GVA plus
  taxes less subsidies on products, so that all identities hold exactly.

Allocation: sector totals are spread over sections by `SECTOR_OF_SECTION`, and over regions by shares that follow the
published regional accounts of 2021 (Eurostat nama_10r_3gva, rounded to whole per cent). They are a plausible structure,
not a published one. Everything is integer million HUF, and every total is the sum of the same cells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from sample.classification import NUTS2, SECTIONS, counties

YEARS = tuple(range(2016, 2026))
SECTORS = ("S11", "S12", "S13", "S14", "S15")

PUBLISHED = {
    # year: output, taxes less subsidies on products, S11, S12, S13, S14, S15
    2012: (58_374_700, 4_587_216, 14_879_225, 1_048_341, 3_925_239, 4_254_755, 301_855),
    2020: (93_609_007, 7_551_039, 23_720_113, 1_557_737, 7_321_222, 7_611_752, 663_558),
    2021: (109_365_202, 8_479_127, 27_202_398, 1_760_440, 8_086_292, 8_896_824, 700_480),
    2022: (141_630_168, 9_888_757, 32_604_476, 1_997_609, 9_644_895, 11_124_762, 814_691),
}
"""Million HUF, as published (TV-1)."""

GROWTH_AFTER_2022 = {2023: 0.135, 2024: 0.085, 2025: 0.065}
"""Assumed nominal growth, ratio to the year before."""

DEFLATOR = (0.010, 0.038, 0.048, 0.049, 0.063, 0.064, 0.142, 0.149, 0.062, 0.051)
"""Assumed change of prices against the year before, 2016 to 2025; turns current into previous year prices."""

SECTION_SHARE = dict(
    zip(
        SECTIONS,
        (4.1, 0.25, 18.8, 2.0, 1.0, 6.1, 11.0, 6.0, 1.7, 5.5, 4.0, 10.5, 6.4, 4.0, 7.3, 4.3, 5.0, 1.3, 1.5, 0.05),
        strict=True,
    )
)
"""Share of a section in GVA around 2021, per cent."""

SECTION_DRIFT = {"A": -0.01, "C": -0.004, "J": 0.03, "M": 0.015, "N": 0.01, "I": 0.005}
"""Yearly change of a section's weight relative to the others (0 where not named)."""

SECTOR_OF_SECTION = {
    # shares of S11, S12, S13, S14, S15
    "A": (0.55, 0, 0.01, 0.44, 0),
    "B": (1, 0, 0, 0, 0),
    "C": (0.97, 0, 0, 0.03, 0),
    "D": (0.98, 0, 0.02, 0, 0),
    "E": (0.80, 0, 0.17, 0.03, 0),
    "F": (0.78, 0, 0.01, 0.21, 0),
    "G": (0.85, 0, 0, 0.15, 0),
    "H": (0.80, 0, 0.10, 0.10, 0),
    "I": (0.68, 0, 0.02, 0.30, 0),
    "J": (0.93, 0, 0.02, 0.05, 0),
    "K": (0, 1, 0, 0, 0),
    "L": (0.30, 0, 0.04, 0.66, 0),
    "M": (0.80, 0, 0.06, 0.13, 0.01),
    "N": (0.86, 0, 0.02, 0.12, 0),
    "O": (0, 0, 1, 0, 0),
    "P": (0.05, 0, 0.83, 0.05, 0.07),
    "Q": (0.12, 0, 0.73, 0.11, 0.04),
    "R": (0.38, 0, 0.33, 0.13, 0.16),
    "S": (0.35, 0, 0.05, 0.35, 0.25),
    "T": (0, 0, 0, 1, 0),
}

REGION_SHARE = {
    "A": (2, 6, 12, 13, 14, 8, 23, 22),
    "BDE": (32, 9, 8, 8, 15, 12, 10, 6),
    "C": (16, 12, 18, 16, 5, 15, 11, 10),
    "F": (24, 16, 12, 10, 7, 8, 11, 13),
    "GHI": (42, 16, 8, 8, 5, 6, 8, 8),
    "J": (72, 9, 4, 3, 3, 2, 4, 4),
    "K": (81, 2, 3, 4, 2, 2, 4, 3),
    "L": (41, 15, 9, 8, 5, 5, 8, 8),
    "MN": (55, 11, 7, 6, 4, 4, 6, 6),
    "OPQ": (35, 6, 10, 8, 8, 9, 12, 11),
    "RST": (51, 9, 9, 9, 7, 7, 10, 10),
}
"""Per cent of a group of sections in each NUTS2 region, in the order of `NUTS2`; normalised on use."""

COUNTY_IN_REGION = (
    1,
    1,
    0.44,
    0.31,
    0.25,
    0.62,
    0.22,
    0.16,
    0.42,
    0.33,
    0.25,
    0.62,
    0.30,
    0.08,
    0.42,
    0.27,
    0.31,
    0.45,
    0.22,
    0.33,
)
"""Share of each NUTS3 region in its NUTS2 region, in code order."""

OUTPUT_PER_GVA = (2.75, 2.05, 1.52, 1.75, 1.85)
"""Output per unit of GVA by sector, before it is raked to the output of the economy."""


@dataclass(frozen=True)
class NationalAccounts:
    """Million HUF, integers.

    Attributes:
        gva: GVA at basic prices, shape (years, sectors, sections, NUTS3).
        output: output by sector, shape (years, sectors).
        product_taxes: taxes less subsidies on products, shape (years,).
    """

    gva: np.ndarray
    output: np.ndarray
    product_taxes: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """GVA of the economy (S.1), shape (years,)."""
        total: np.ndarray = self.gva.sum(axis=(1, 2, 3))
        return total

    @property
    def s11_cells(self) -> np.ndarray:
        """GVA of non-financial corporations by section and NUTS2 region, shape (years, sections, 8)."""
        return by_nuts2(self.gva[:, 0])


def by_nuts2(values: np.ndarray) -> np.ndarray:
    """Sum the last axis from the 20 NUTS3 to the 8 NUTS2 regions."""
    summing = np.zeros((len(counties()), len(NUTS2)), dtype=values.dtype)
    summing[np.arange(len(counties())), counties()["nuts2_index"].to_numpy()] = 1
    summed: np.ndarray = values @ summing
    return summed


def largest_remainder(values: np.ndarray, total: int) -> np.ndarray:
    """Round non-negative values, scaled to `total`, to integers that sum to it exactly.

    Args:
        values: any shape, not all zero.
        total: the sum to meet, non-negative.
    """
    scaled = values * (total / values.sum())
    floor = np.floor(scaled).astype(np.int64)
    missing = total - int(floor.sum())
    order = np.argsort(-(scaled - floor).ravel(), kind="stable")[:missing]
    flat = floor.ravel()
    flat[order] += 1
    rounded: np.ndarray = flat.reshape(values.shape)
    return rounded


def yearly_totals() -> dict[int, tuple[int, ...]]:
    """Return the items of `PUBLISHED` for every year of `YEARS`; method in the module's docstring."""
    rows: dict[int, tuple[int, ...]] = {}
    for year in YEARS:
        if year in PUBLISHED:
            rows[year] = PUBLISHED[year]
        elif year < 2020:
            part = (year - 2012) / 8
            rows[year] = tuple(
                round(a ** (1 - part) * b**part) for a, b in zip(PUBLISHED[2012], PUBLISHED[2020], strict=True)
            )
        else:
            rows[year] = tuple(round(item * (1 + GROWTH_AFTER_2022[year])) for item in rows[year - 1])
    return rows


def _region_share() -> np.ndarray:
    share = np.zeros((len(SECTIONS), len(counties())))
    county = np.array(COUNTY_IN_REGION)
    region = counties()["nuts2_index"].to_numpy()
    for sections, percent in REGION_SHARE.items():
        for section in sections:
            share[SECTIONS.index(section)] = np.array(percent)[region] / sum(percent) * county
    return share


@cache
def national_accounts() -> NationalAccounts:
    """Return the accounts of the ten years; the same for every size and seed of the sample."""
    region = _region_share()
    section = np.array([SECTION_SHARE[s] for s in SECTIONS])
    drift = np.array([SECTION_DRIFT.get(s, 0.0) for s in SECTIONS])
    sector = np.array([SECTOR_OF_SECTION[s] for s in SECTIONS], dtype=float)
    totals = yearly_totals()
    gva = np.zeros((len(YEARS), len(SECTORS), len(SECTIONS), len(counties())), dtype=np.int64)
    output = np.zeros((len(YEARS), len(SECTORS)), dtype=np.int64)
    taxes = np.zeros(len(YEARS), dtype=np.int64)
    for t, year in enumerate(YEARS):
        national_output, taxes[t], *by_sector = totals[year]
        weight = section * (1 + drift) ** (year - 2021)
        for s in range(len(SECTORS)):
            gva[t, s] = largest_remainder((weight * sector[:, s])[:, None] * region, by_sector[s])
        output[t] = largest_remainder(np.array(by_sector) * np.array(OUTPUT_PER_GVA), national_output)
    return NationalAccounts(gva, output, taxes)
