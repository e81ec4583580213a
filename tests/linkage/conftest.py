"""A small registry written by hand, and the way the tests ask about one record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from methods.linkage import link

FIRMS = (
    # id, name, short name, tax number, town, postcode, county
    ("F01", "Kovács és Társa Kereskedelmi és Szolgáltató Betéti Társaság", None,
     "10000012-2-03", "Győr", "9021", "Győr-Moson-Sopron"),
    ("F02", "Dunagép Gépipari Korlátolt Felelősségű Társaság", "Dunagép Kft.",
     "10000029-2-03", "Szeged", "6720", "Csongrád-Csanád"),
    ("F03", "Zentora Holding Zártkörűen Működő Részvénytársaság", None, "10000036-2-03", "Pécs", "7621", "Baranya"),
    ("F04", "Zentora Ingatlan Korlátolt Felelősségű Társaság", None, "10000043-2-03", "Pécs", "7621", "Baranya"),
    ("F05", "Fehér Róka Informatikai Kft.", None, "10000050-2-03", "Debrecen", "4024", "Hajdú-Bihar"),
    ("F06", "Tóth Építő Kft.", None, "10000067-2-03", "Eger", "3300", "Heves"),
    ("F07", "Tóth Építő Kft.", None, "10000074-2-03", "Eger", "3300", "Heves"),
    ("F08", "Mirabella Szalon Kft.", None, "10000081-2-41", "Budapest", "1134", "Budapest"),
    ("F09", "Mirabella Szalon Kft.", None, "10000098-2-41", "Budapest", "1052", "Budapest"),
    ("F10", "Veltrona Logisztikai Kft.", None, "10000108-2-03", "Miskolc", "3525", "Borsod-Abaúj-Zemplén"),
    ("F11", "Okrinol Vegyipari Zrt.", None, "10000115-2-03", "Szolnok", "5000", "Jász-Nagykun-Szolnok"),
    ("F13", "Morvika Kft.", None, "", "Eger", "3300", "Heves"),
    ("F14", "Morvika Zrt.", None, "", "Eger", "3300", "Heves"),
    ("F12", "Pannorex Kft.", None, "10000122-2-03", "Sopron", "9400", "Győr-Moson-Sopron"),
)  # fmt: skip
COLUMNS = ["firm_id", "name", "short_name", "tax_number", "settlement", "postcode", "county"]

Ask = Callable[..., pd.Series]


def tax_number(seven: int) -> str:
    """A valid Hungarian stem: seven digits and the check digit."""
    digits = [int(d) for d in str(seven)]
    return f"{seven}{(10 - sum(d * w for d, w in zip(digits, (9, 7, 3, 1, 9, 7, 3), strict=True)) % 10) % 10}"


@pytest.fixture(scope="session")
def registry() -> pd.DataFrame:
    """The firms above and a thousand others, so that frequent words are frequent."""
    frame = pd.DataFrame(FIRMS, columns=COLUMNS)
    frame["tax_number"] = [f"{tax_number(1_000_001 + k)}-2-03" for k in range(len(frame))]
    syllables = (
        "ba",
        "cor",
        "del",
        "fi",
        "gor",
        "hal",
        "kin",
        "lu",
        "mon",
        "ner",
        "pol",
        "ras",
        "sti",
        "tu",
        "vor",
        "zak",
    )
    towns = (("Győr", "9021"), ("Szeged", "6720"), ("Pécs", "7621"), ("Debrecen", "4024"), ("Budapest", "1134"))
    others = []
    for k in range(1_000):
        town, code = towns[k % len(towns)]
        brand = "".join(syllables[(k // 16**n + 5 * n) % 16] for n in range(3)).capitalize()
        trade = ("Kereskedelmi", "Szolgáltató", "Építőipari")[k % 3]
        number = f"{tax_number(2_000_001 + k)}-2-03"
        others.append((f"G{k:04d}", f"{brand} {trade} Kft.", None, number, town, code, None))
    return pd.concat([frame, pd.DataFrame(others, columns=COLUMNS)], ignore_index=True)


@pytest.fixture
def ask(registry: pd.DataFrame) -> Ask:
    """Links one record given by its columns; frames of `link` are given as `frames`."""

    def asked(name: str, *, frames: dict[str, Any] | None = None, **columns: object) -> pd.Series:
        record = pd.DataFrame([{"record_id": "R1", "name": name, **columns}])
        return link(registry, record, **(frames or {})).links.iloc[0]

    return asked
