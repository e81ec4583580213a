"""What the page takes out of the published tables: cells of one table and year, names, layouts of regions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from methods.errors import MethodError

NEEDED = (
    "access.target_tracker",
    "access.cooperation_gva",
    "access.outlook",
    "access.goal_1",
    "access.key_industry",
    "access.interregional_cooperation",
    "access.international_cooperation",
    "access.code_definition",
)
HEADLINE, WIDE = "N1", "N2"
"""The numerator that everything starts from, and the one that counts all who cooperate."""

NUTS2_TILES = {
    "HU22": (0, 0),
    "HU21": (1, 0),
    "HU12": (2, 0),
    "HU31": (3, 0),
    "HU23": (1, 1),
    "HU11": (2, 1),
    "HU32": (3, 1),
    "HU33": (2, 2),
}
COUNTY_TILES = {
    "HU221": (0, 0),
    "HU212": (2, 0),
    "HU313": (3, 0),
    "HU312": (4, 0),
    "HU311": (5, 0),
    "HU323": (6, 0),
    "HU222": (0, 1),
    "HU213": (1, 1),
    "HU211": (2, 1),
    "HU110": (3, 1),
    "HU120": (4, 1),
    "HU322": (5, 1),
    "HU321": (6, 1),
    "HU223": (0, 2),
    "HU232": (1, 2),
    "HU233": (2, 2),
    "HU331": (3, 2),
    "HU333": (4, 2),
    "HU332": (5, 2),
    "HU231": (1, 3),
}
"""Column and row of each region's tile, roughly where it lies."""


@dataclass(frozen=True)
class Published:
    """The published tables that the page reads, by name."""

    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        missing = [name for name in NEEDED if name not in self.tables]
        if missing:
            raise MethodError(f"the release page needs the table {missing[0]}")

    def __getitem__(self, short_name: str) -> pd.DataFrame:
        return self.tables[f"access.{short_name}"]

    @property
    def year(self) -> int:
        """The last reference year of the total; its share may be withheld."""
        years = self["target_tracker"]["reference_year"]
        if years.empty:
            raise MethodError("access.target_tracker is empty: there is nothing to show")
        return int(years.max())

    def cells(self, table_code: str, numerator: str | None = None, *, year: int | None = None) -> pd.DataFrame:
        """Cells of one table in its first version of NACE, all years or one."""
        frame = self["cooperation_gva"]
        chosen = (frame["table_code"] == table_code) & (frame["nace_version_code"] != "NACE_REV21")
        if numerator:
            chosen &= frame["numerator_code"] == numerator
        if year:
            chosen &= frame["reference_year"] == year
        return frame[chosen].reset_index(drop=True)

    def total(self, numerator: str, year: int) -> Mapping[str, Any] | None:
        """The row of T1; None where it is not published at all."""
        rows = self.cells("T1", numerator, year=year).to_dict("records")
        return {str(k): v for k, v in rows[0].items()} if rows else None

    def names(self, language: str) -> dict[tuple[str, str], str]:
        """Name of every code by classification."""
        frame = self["code_definition"]
        own = frame["name_hu"].where(frame["name_hu"].notna(), frame["name"]) if language == "hu" else frame["name"]
        return dict(zip(zip(frame["dimension_code"], frame["code"], strict=True), own, strict=True))


def known(value: Any) -> float | None:
    """A number, or None where it is missing."""
    return None if value is None or pd.isna(value) else float(value)


def rows_of(frame: pd.DataFrame) -> list[Any]:
    """The rows with their columns as attributes."""
    return list(frame.itertuples(index=False))
