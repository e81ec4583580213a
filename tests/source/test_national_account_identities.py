"""The identities of national accounts (ESA 2010, chapter 8): published figures keep them, slips break them."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest

from tests.source.checking import fill, violations

YEARS = {
    # METHODS, TV-1: output, intermediate consumption, GVA, D21-D31, GDP, S.11 to S.15; million HUF
    2012: (58374700, 33965285, 24409415, 4587216, 28996631, 14879225, 1048341, 3925239, 4254755, 301855),
    2020: (93609007, 52734625, 40874382, 7551039, 48425421, 23720113, 1557737, 7321222, 7611752, 663558),
    2021: (109365202, 62718768, 46646434, 8479127, 55125561, 27202398, 1760440, 8086292, 8896824, 700480),
    2022: (141630168, 85443735, 56186433, 9888757, 66075190, 32604476, 1997609, 9644895, 11124762, 814691),
}


def national(year: int, sto: str, value: float, sector: str = "S1", unit: str = "CP_MNAC") -> dict[str, Any]:
    return {
        "source_id": "ksh",
        "freq": "A",
        "ref_area": "HU",
        "ref_sector": sector,
        "sto": sto,
        "direction": "_Z",
        "activity_code": "TOTAL",
        "unit_measure": unit,
        "prices": "_Z",
        "time_period": year,
        "obs_value": float(value),
    }


def published() -> list[dict[str, Any]]:
    rows = []
    for year, (p1, p2, b1g, taxes, gdp, *sectors) in YEARS.items():
        items = {"P1": p1, "P2": p2, "B1G": b1g, "D21X31": taxes, "B1GQ": gdp}
        rows += [national(year, sto, value) for sto, value in items.items()]
        rows += [national(year, "B1G", value, f"S{11 + at}") for at, value in enumerate(sectors)]
    return rows


IDENTITIES = ("national_account_production", "national_account_gdp", "national_account_sectors")


def test_published_national_accounts_keep_their_identities(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, {"national_account": published()})
    assert {check: violations(lake, check) for check in IDENTITIES} == {check: [] for check in IDENTITIES}


@pytest.mark.parametrize(
    ("check", "sto", "sector"),
    [
        ("national_account_production", "P2", "S1"),
        ("national_account_gdp", "D21X31", "S1"),
        ("national_account_gdp", "B1GQ", "S1"),
        ("national_account_sectors", "B1G", "S14"),
    ],
)
def test_a_slip_breaks_its_identity(lake: duckdb.DuckDBPyConnection, check: str, sto: str, sector: str) -> None:
    rows = published()
    slip = next(r for r in rows if (r["time_period"], r["sto"], r["ref_sector"]) == (2021, sto, sector))
    slip["obs_value"] += 10_000
    fill(lake, {"national_account": rows})
    found = violations(lake, check)
    assert len(found) == 1
    assert 2021 in found[0]


def test_rounding_volumes_and_discrepancies_are_no_slips(lake: duckdb.DuckDBPyConnection) -> None:
    rows = [
        national(2021, sto, v) for sto, v in {"P1": 100.0, "P2": 60.0, "B1G": 41.0, "D21X31": 5.0, "B1GQ": 46.0}.items()
    ]
    rows += [national(2020, sto, v, unit="CLV10_MNAC") for sto, v in {"P1": 100, "P2": 60, "B1G": 70}.items()]
    rows += [national(2019, sto, v) for sto, v in {"B1G": 400, "D21X31": 50, "YA1": -20, "B1GQ": 430}.items()]
    fill(lake, {"national_account": rows})
    assert all(violations(lake, check) == [] for check in IDENTITIES)
