"""A released table of all kinds of cells, exported once in every format."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from publication.export import write_export
from publication.release_table import release_table
from publication.sdmx.data import observations
from resources.contract import Contract, load_contract
from resources.home import REPOSITORY
from tests.publication import released

VINTAGE = "000007-0a1b2c3d"
EMBARGO = "2026-12-01T09:00:00+01:00"


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """The contracts of two published tables."""
    tracker = load_contract(REPOSITORY / "contracts" / "access" / "target_tracker.yaml")
    return {found.table: found for found in (released.contract(), tracker)}


@pytest.fixture(scope="session")
def tables(contracts: dict[str, Contract]) -> dict[str, pd.DataFrame]:
    """Both tables, some cells withheld."""
    rows = [
        {
            "numerator_code": "N1",
            "reference_year": year,
            "share_pct": None if year == 2021 else 2.123456,
            "target_share_pct": 10.0,
            "target_year": 2030,
            "years_left": 2030.0 - year,
            "is_headline": True,
            "is_withheld": year == 2021,
        }
        for year in (2022, 2021)
    ]
    tracker = pd.DataFrame(rows, columns=list(contracts["access.target_tracker"].columns))
    return {
        "access.cooperation_gva": released.table(released.withhold(released.rows())),
        "access.target_tracker": tracker,
    }


@pytest.fixture(scope="session")
def table(contracts: dict[str, Contract], tables: dict[str, pd.DataFrame]) -> pa.Table:
    """The table of cells as it is released."""
    return release_table(contracts["access.cooperation_gva"], tables["access.cooperation_gva"])


@pytest.fixture(scope="session")
def frames(table: pa.Table, contracts: dict[str, Contract]) -> dict[str, pd.DataFrame]:
    """Its observations by dataflow."""
    return observations(contracts["access.cooperation_gva"], table)


@pytest.fixture(scope="session")
def exported(
    tmp_path_factory: pytest.TempPathFactory, tables: dict[str, pd.DataFrame], contracts: dict[str, Contract]
) -> Path:
    """An export of both tables in every format."""
    folder = tmp_path_factory.mktemp("export") / "release"
    write_export(tables, contracts, VINTAGE, folder, embargo=EMBARGO)
    return folder
