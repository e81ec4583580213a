"""Which warehouse a home publishes to: DuckDB files by default, PostgreSQL where `COOPGVA_WAREHOUSE_URL` names it.

With PostgreSQL the file `access.duckdb` is built as well: it is small, and `coopgva query` reads it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from resources.contract import Contract
from resources.engine import EngineLimits
from resources.warehouse.duckdb_file import publish_duckdb
from resources.warehouse.postgres import postgres_url, publish_postgres
from resources.warehouse.release import Publication, Release

URL = "COOPGVA_WAREHOUSE_URL"


def publish_release(
    folder: Path,
    contracts: Mapping[str, Contract],
    release: Release,
    *,
    limits: EngineLimits | None = None,
    is_as_of: bool = False,
) -> tuple[Publication, ...]:
    """Publish to every warehouse of this home, the one that people query last.

    Args:
        folder: where the DuckDB files go.
        contracts: contract by table; must cover the tables of the release.
        release: the vintage.
        limits: what building may use of the machine.
        is_as_of: True for a look into the past, which never touches PostgreSQL.

    Raises:
        ConfigurationError: the URL is not one of PostgreSQL with its driver.
        TransportError: a warehouse is locked or cannot be reached.
    """
    url = None if is_as_of else os.environ.get(URL)
    if not url:
        return (publish_duckdb(folder, contracts, release, limits=limits),)
    return (
        publish_postgres(postgres_url(url), contracts, release),
        publish_duckdb(folder, contracts, release, limits=limits, has_warehouse=False),
    )
