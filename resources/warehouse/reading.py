"""Reading what is published: the connection behind `coopgva query`, and which vintage readers see.

Only the published file is read here; the inner layers and PostgreSQL have their own connections and rights.
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from resources.engine import EngineLimits
from resources.errors import CoopgvaError
from resources.home import Home
from resources.warehouse.duckdb_file import ACCESS, read_vintage
from resources.warehouse.release import Release


def published_file(home: Home) -> Path:
    """The file with the published tables.

    Raises:
        CoopgvaError: nothing has been published in this home yet.
    """
    path = home.warehouse / ACCESS
    if not path.exists():
        raise CoopgvaError("nothing is published yet", where=str(path), action="run `coopgva refresh` first")
    return path


def connect_published(home: Home) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the published tables, schema `access`, within the machine's limits.

    The connection keeps the vintage it was opened on. To see a newer one, close every connection of the process to
    the file and connect again: DuckDB shares one database instance per file and process.

    Raises:
        CoopgvaError: nothing is published yet, or the file cannot be read.
    """
    path = published_file(home)
    limits = EngineLimits.from_environment(home.spill)
    try:
        return duckdb.connect(
            path,
            read_only=True,
            config={
                "memory_limit": limits.memory,
                "threads": limits.threads,
                "temp_directory": str(home.spill / f"query-{os.getpid()}"),  # two processes must not share one
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
    except duckdb.Error as error:
        raise _unreadable(path, error) from None


def published_vintage(home: Home) -> Release:
    """Which vintage readers see, and the versions of its published tables (`files` is empty).

    Raises:
        CoopgvaError: nothing is published yet, or the file cannot be read.
    """
    try:
        with connect_published(home) as connection:
            release = read_vintage(connection)
    except duckdb.Error as error:
        raise _unreadable(published_file(home), error) from None
    if release is None:
        raise _unreadable(published_file(home), "it was written by another version of coopgva")
    return release


def _unreadable(path: Path, reason: object) -> CoopgvaError:
    line = str(reason).partition("\n")[0]
    return CoopgvaError(
        f"the published file cannot be read ({line})", where=str(path), action="publish again with `coopgva refresh`"
    )
