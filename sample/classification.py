"""Reference facts typed by hand: activities, counties, towns, legal forms, institutions, countries.

Sources (public facts): NACE Rev. 2 and Rev. 2.1 and their official correspondence (Eurostat), NUTS 2013, 2016 and 2021
(Eurostat), ISO 20275 entity legal forms (GLEIF), postal codes (Magyar Posta). Labels are our own wording. The files are
in `sample/reference/`, separated by `|`.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

REFERENCE = Path(__file__).parent / "reference"

SECTIONS = tuple("ABCDEFGHIJKLMNOPQRST")
"""Sections with value added; U (extraterritorial bodies) is outside the economy."""

NUTS2 = ("HU11", "HU12", "HU21", "HU22", "HU23", "HU31", "HU32", "HU33")

A10_GROUPS = {
    "A": "A",
    "B-E": "BCDE",
    "C": "C",
    "F": "F",
    "G-I": "GHI",
    "J": "J",
    "K": "K",
    "L": "L",
    "M_N": "MN",
    "O-Q": "OPQ",
    "R-U": "RST",
}
"""Eurostat's A10 groups; C is "of which" and lies inside B-E."""

EXCHANGE_RATES = {
    "EUR": (311.44, 309.19, 318.89, 325.30, 351.25, 358.52, 391.29, 381.85, 395.30, 397.80),
    "USD": (281.44, 274.27, 270.25, 290.65, 307.93, 303.29, 372.78, 353.02, 365.35, 352.60),
}
"""Annual averages, HUF per unit, 2016 to 2025 (European Central Bank and MNB, rounded; 2025 is approximate)."""

NUTS_LABELS = {
    "HU": "Magyarország",
    "HU1": "Közép-Magyarország",
    "HU2": "Dunántúl",
    "HU3": "Alföld és Észak",
    "HU10": "Közép-Magyarország",
    "HU11": "Budapest",
    "HU12": "Pest",
    "HU21": "Közép-Dunántúl",
    "HU22": "Nyugat-Dunántúl",
    "HU23": "Dél-Dunántúl",
    "HU31": "Észak-Magyarország",
    "HU32": "Észak-Alföld",
    "HU33": "Dél-Alföld",
}


@cache
def table(name: str) -> pd.DataFrame:
    """Read a reference file as text, empty cells as empty strings.

    Args:
        name: file name without suffix, for example `nace_class`.
    """
    return pd.read_csv(REFERENCE / f"{name}.csv", sep="|", dtype=str, keep_default_na=False, encoding="utf-8")


def records(name: str) -> list[dict[str, str]]:
    """Read a reference file as one mapping per row."""
    with (REFERENCE / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="|"))


@cache
def activities() -> pd.DataFrame:
    """Classes in order of section: `section_index`, `code`, `code21` (first target), `division`, `weight`, labels."""
    classes = table("nace_class").copy()
    classes = classes[classes["section"].isin(SECTIONS)].reset_index(drop=True)
    classes["section_index"] = classes["section"].map(SECTIONS.index).astype(int)
    classes["weight"] = classes["weight"].astype(float)
    classes["division"] = classes["code"].str[:2]
    classes["first21"] = classes["code21"].str.split("/").str[0]
    return classes


@cache
def counties() -> pd.DataFrame:
    """The 20 NUTS3 regions in code order with `nuts2_index`."""
    county = table("county").copy()
    county["nuts2_index"] = county["nuts3_code"].str[:4].map(NUTS2.index).astype(int)
    return county


@cache
def settlements() -> pd.DataFrame:
    """Towns in order of county: `nuts3_index`, `settlement`, `weight` (thousand inhabitants, rounded), `postcodes`."""
    town = table("settlement").copy()
    index = {code: i for i, code in enumerate(counties()["nuts3_code"])}
    town["nuts3_index"] = town["nuts3_code"].map(index).astype(int)
    town["weight"] = town["weight"].astype(float)
    return town


@cache
def postcodes() -> pd.DataFrame:
    """One row per postal code: `postcode`, `settlement_index` into `settlements()`, ascending."""
    town = settlements()
    rows = [(code, i) for i, codes in enumerate(town["postcodes"]) for code in codes.split("/")]
    return pd.DataFrame(rows, columns=["postcode", "settlement_index"])


SECTION21_LAST_DIVISION = (
    (3, "A"),
    (9, "B"),
    (33, "C"),
    (35, "D"),
    (39, "E"),
    (43, "F"),
    (47, "G"),
    (53, "H"),
    (56, "I"),
    (60, "J"),
    (63, "K"),
    (66, "L"),
    (68, "M"),
    (75, "N"),
    (82, "O"),
    (84, "P"),
    (85, "Q"),
    (88, "R"),
    (93, "S"),
    (96, "T"),
    (98, "U"),
    (99, "V"),
)


def section21(code: str) -> str:
    """Return the NACE Rev. 2.1 section of a division, group or class code of Rev. 2.1."""
    division = int(code[:2])
    return next(letter for last, letter in SECTION21_LAST_DIVISION if division <= last)


def nuts2_index(nuts3: np.ndarray) -> np.ndarray:
    """Map indices into `counties()` to indices into `NUTS2`."""
    index: np.ndarray = counties()["nuts2_index"].to_numpy()[nuts3]
    return index
