"""What a refresh says of quarantined rows: how many, the first, and never what the delivery said."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pytest

from assets.workshop import Workshop
from resources.home import Home
from resources.intake import QUARANTINE_SCHEMA
from resources.lake import Version

REGISTRY = "source.business_registry"


def shop_with(home: Home, reasons: list[dict[str, str]], monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop whose registry has these rows in quarantine, row 2 first."""
    shop = Workshop(home, {})
    rows = [
        {
            "table_name": REGISTRY,
            "source_id": "registry",
            "file_name": "business_registry.csv",
            "row_number": number,
            "reasons": json.dumps(why),
            "raw_row": "{}",
        }
        for number, why in enumerate(reasons, start=2)
    ]
    table = pa.Table.from_pylist(rows, QUARANTINE_SCHEMA)
    shop.lake.write(shop.lake.quarantine_path(REGISTRY, "k1"), table, QUARANTINE_SCHEMA)
    version = Version(REGISTRY, "k1", 10, "", {}, {}, {}, quarantined=len(rows))
    monkeypatch.setattr(shop, "current", lambda name: version)
    return shop


@pytest.mark.parametrize(
    ("why", "words"),
    [
        ({"employees": "employees may not be negative"}, "employees: employees may not be negative"),
        ({"founded": "not a valid date: 31/02; required value is missing"}, "founded: not a valid date"),
        ({"tax_number": "check digit or form is wrong: 12345678"}, "tax_number: check digit or form is wrong"),
        ({"tax_number": "duplicate key 12345678, first seen in a.csv row 7"}, "tax_number: duplicate key"),
        ({"name": "required value is missing", "city": "not a valid x: a\nb: c"}, "missing, city: not a valid x"),
    ],
)
def test_the_first_row_is_told_without_its_values(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, why: dict[str, str], words: str
) -> None:
    line = shop_with(Home(tmp_path), [why, {"name": "other"}], monkeypatch).quarantine_in_words(REGISTRY)
    assert line.startswith(f"{REGISTRY}: 2 rows quarantined, first: business_registry.csv row 2, ")
    assert line.endswith(f"{words}; see source.quarantine")


def test_nothing_is_said_where_nothing_is_quarantined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shop_with(Home(tmp_path), [], monkeypatch).quarantine_in_words(REGISTRY) == ""


def test_the_table_for_the_ui_follows_the_same_rule(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reasons = [
        {"founded": "not a valid date: 31/02"},
        {"founded": "not a valid date: 30/02"},
        {"tax_number": "duplicate key 12345678, first seen in a.csv row 7"},
    ]
    shop = shop_with(Home(tmp_path), reasons, monkeypatch)
    version = shop.current(REGISTRY)
    assert version is not None
    assert shop.quarantine_reasons(version).splitlines()[2:] == [
        "| registry | business_registry.csv | founded | not a valid date | 2 | 2 |",
        "| registry | business_registry.csv | tax_number | duplicate key | 1 | 4 |",
    ]
