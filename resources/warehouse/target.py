"""Which warehouse a home publishes to: DuckDB files by default, PostgreSQL where `COOPGVA_WAREHOUSE_URL` names it.

With PostgreSQL the file `access.duckdb` is built as well: it is small, and `coopgva query` reads it. A second database
may be named that holds nothing but what is published (`COOPGVA_PUBLIC_WAREHOUSE_URL`), for readers who should not even
see which tables there are inside, or how many rows they have: every login can read that in PostgreSQL's catalogue.

`publish_release` makes everything readable at once. Under an embargo `publish_inner` brings the inner layers up to date
and `build_staged` makes the file that waits; `release_staged` shows it to readers when its time has come.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from resources.contract import LAYERS, Contract
from resources.engine import EngineLimits
from resources.warehouse.connection import URL, postgres_url
from resources.warehouse.duckdb_file import ACCESS, place_access, publish_duckdb
from resources.warehouse.postgres import publish_postgres
from resources.warehouse.release import Publication, Release

PUBLIC_URL = "COOPGVA_PUBLIC_WAREHOUSE_URL"
INNER = tuple(layer for layer in LAYERS if layer != "access")


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
        *_publish_outside(contracts, release),
        publish_duckdb(folder, contracts, release, limits=limits, has_warehouse=False),
    )


def publish_inner(
    folder: Path, contracts: Mapping[str, Contract], release: Release, *, limits: EngineLimits | None = None
) -> Publication:
    """Publish what is for people inside the house and leave what readers see as it is.

    With DuckDB that is `warehouse.duckdb` (all layers, mode 0600), with PostgreSQL the schemas of the inner layers.

    Raises:
        ConfigurationError: the URL is not one of PostgreSQL with its driver.
        TransportError: a warehouse is locked or cannot be reached.
    """
    url = os.environ.get(URL)
    if url:
        return publish_postgres(postgres_url(url), contracts, release, layers=INNER)
    return publish_duckdb(folder, contracts, release, limits=limits, has_access=False)


def build_staged(
    folder: Path, contracts: Mapping[str, Contract], release: Release, *, limits: EngineLimits | None = None
) -> Path:
    """Build the file with the published tables in a folder that readers cannot enter; returns the file, mode 0600.

    Raises:
        CoopgvaError: the folder cannot be written or the file not be built.
    """
    publish_duckdb(folder, contracts, release, limits=limits, has_warehouse=False)
    file = folder / ACCESS
    file.chmod(0o600)
    return file


def release_staged(
    folder: Path, file: Path, contracts: Mapping[str, Contract], release: Release
) -> tuple[Publication, ...]:
    """Show readers a staged vintage, the file that people query last.

    Args:
        folder: the warehouse folder.
        file: what `build_staged` made.
        contracts: contracts of the published tables as they were when the vintage was staged.
        release: the vintage; its files are read for PostgreSQL only.

    Raises:
        ConfigurationError: the URL is not one of PostgreSQL with its driver.
        TransportError: a warehouse is locked or cannot be reached; readers keep what they have.
    """
    url = os.environ.get(URL)
    in_database = (publish_postgres(postgres_url(url), contracts, release, layers=("access",)),) if url else ()
    return (*in_database, *(_publish_outside(contracts, release) if url else ()), place_access(folder, file))


def _publish_outside(contracts: Mapping[str, Contract], release: Release) -> tuple[Publication, ...]:
    """Publish to the database that holds what is published and nothing else, where there is one."""
    url = os.environ.get(PUBLIC_URL)
    if not url:
        return ()
    return (publish_postgres(postgres_url(url, variable=PUBLIC_URL), contracts, release, layers=("access",)),)
