"""The embedded warehouse: `warehouse.duckdb` with all layers (mode 0600) and `access.duckdb` with the published tables.

A file that people read is never opened for writing: both files are built anew in a private folder beside them, then
renamed over the old ones, so open readers keep the old vintage and new readers see the new one. `warehouse.duckdb` is
replaced first and `access.duckdb` last: **the rename of `access.duckdb` is the commit point**. A process that dies
between the two leaves the old vintage published; publishing again finds the first file done and finishes the second.
Under an embargo the two are published apart: `warehouse.duckdb` at once, `access.duckdb` (`place_access`) at its time.

`access.duckdb` keeps its tables in the schema `main`: DuckDB names a database after its file and refuses
`access.share` as ambiguous where both a database and a schema are called `access`. So the same query runs on either
file: `access.share` is schema and table in the one, database and table in the other.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema

from resources.contract import Contract
from resources.durable import replacing
from resources.engine import EngineLimits
from resources.errors import CoopgvaError, TransportError
from resources.warehouse.release import Publication, Published, Release
from resources.warehouse.schema import VINTAGE_TABLE, schemas_of, vintage_comment, warehouse_schema

WAREHOUSE = "warehouse.duckdb"
ACCESS = "access.duckdb"
MODES = {WAREHOUSE: 0o600, ACCESS: 0o644}

STORAGE = "v1.2.0"
"""File format: readable by every DuckDB a statistician may have (1.2 and later), whatever version writes it."""

_BUILDING = ".building-"
_WAIT_SECONDS = 60.0


def publish_duckdb(
    folder: Path,
    contracts: Mapping[str, Contract],
    release: Release,
    *,
    limits: EngineLimits | None = None,
    has_warehouse: bool = True,
    has_access: bool = True,
) -> Publication:
    """Make `release` the vintage that the files in `folder` hold; nothing happens if they hold it already.

    Args:
        folder: the warehouse folder; created if absent.
        contracts: contract by table; must cover the tables of the release.
        release: the vintage.
        limits: what building may use of the machine.
        has_warehouse: False builds `access.duckdb` only, where another database serves the inner layers.
        has_access: False builds `warehouse.duckdb` only, while the published tables are under embargo.

    Raises:
        TransportError: another process has been publishing to the folder for too long.
        CoopgvaError: the folder cannot be written, or a file cannot be built (disk full, memory limit); the old files
            stay.
    """
    wanted = ({WAREHOUSE: release} if has_warehouse else {}) | ({ACCESS: release.only("access")} if has_access else {})
    places = {name: str(folder / name) for name in wanted}
    with _only_publisher(folder):
        for leftover in folder.glob(f"{_BUILDING}*"):  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        found = {name: held_vintage(folder / name) for name in MODES}
        access = found[ACCESS]
        previous = access.vintage_id if access else None
        outdated = {name: part for name, part in wanted.items() if not _is_held(found[name], part)}
        if not outdated:
            return Publication("DuckDB", False, previous, places)
        # mkdtemp makes the folder 0700: DuckDB creates its file, log and spill by umask, readable for everybody
        with tempfile.TemporaryDirectory(dir=folder, prefix=_BUILDING) as private:
            for name, part in outdated.items():
                _build(Path(private) / name, contracts, part, limits or EngineLimits())
            for name in outdated:
                with replacing(folder / name, mode=MODES[name]) as temporary:
                    (Path(private) / name).replace(temporary)
    return Publication("DuckDB", True, previous, places)


def place_access(folder: Path, file: Path) -> Publication:
    """Make a finished `access.duckdb` the one that people read; nothing happens if they read that vintage already.

    Args:
        folder: the warehouse folder; created if absent.
        file: the file to copy there, of the same layout.

    Raises:
        TransportError: another process has been publishing to the folder for too long.
        CoopgvaError: `file` is no published file of this layout, or the folder cannot be written; what people read
            stays.
    """
    with _only_publisher(folder):
        wanted, found = held_vintage(file), held_vintage(folder / ACCESS)
        if wanted is None:
            raise CoopgvaError("not a published file", where=str(file), action="remove its folder and refresh again")
        previous = found.vintage_id if found else None
        places = {ACCESS: str(folder / ACCESS)}
        if _is_held(found, wanted):
            return Publication("DuckDB", False, previous, places)
        with replacing(folder / ACCESS, mode=MODES[ACCESS]) as temporary:
            shutil.copyfile(file, temporary)
        return Publication("DuckDB", True, previous, places)


def held_vintage(path: Path) -> Release | None:
    """What a warehouse file holds (without the lake's files), or None if it is absent, foreign or of another layout."""
    if not path.exists():
        return None
    try:
        # Under a name of its own: DuckDB gives a process that has the file open already its old content again.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=_BUILDING) as private:
            alias = Path(private) / path.name
            alias.hardlink_to(path)
            with duckdb.connect(alias, read_only=True) as connection:
                return read_vintage(connection)
    except (duckdb.Error, OSError):  # OSError: a file system without hard links builds anew every time
        return None


def read_vintage(connection: duckdb.DuckDBPyConnection) -> Release | None:
    """The rows of `access.vintage`; None if they are of another layout or the release is empty.

    Raises:
        duckdb.Error: there is no such table.
    """
    name = VINTAGE_TABLE.split(".")[1]
    comment = connection.execute(
        "SELECT comment FROM duckdb_tables() WHERE table_name = ? AND schema_name IN ('access', 'main')", [name]
    ).fetchone()
    rows = connection.execute(
        f"SELECT vintage_id, table_name, key, rows, content_sha256 FROM {VINTAGE_TABLE} ORDER BY table_name"
    ).fetchall()
    if not rows or comment != (vintage_comment(),):
        return None
    return Release(rows[0][0], tuple(Published(*row[1:]) for row in rows), {})


def _is_held(found: Release | None, wanted: Release) -> bool:
    return found is not None and (found.vintage_id, found.tables) == (wanted.vintage_id, wanted.tables)


def _build(path: Path, contracts: Mapping[str, Contract], release: Release, limits: EngineLimits) -> None:
    """Write a complete DuckDB file and leave no write-ahead log beside it."""
    metadata = warehouse_schema({t.table_name: contracts[t.table_name] for t in release.tables})
    engine = sa.create_engine(
        sa.URL.create("duckdb", database=str(path)),
        poolclass=NullPool,
        connect_args={
            "config": {
                "memory_limit": limits.memory,
                "threads": limits.threads,
                "temp_directory": str(path.parent / "spill"),
                "storage_compatibility_version": STORAGE,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        },
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SET enable_progress_bar = false")
            if path.name == ACCESS:
                connection.execution_options(schema_translate_map={"access": None})
            else:
                for schema in schemas_of(metadata.tables):
                    connection.execute(CreateSchema(schema, if_not_exists=True))
            metadata.create_all(connection)
            connection.commit()
            for published in release.tables:
                _load(connection, metadata.tables[published.table_name], published, release.files)
                connection.commit()
            rows = [vars(t) | {"vintage_id": release.vintage_id} for t in release.tables]
            if rows:
                connection.execute(metadata.tables[VINTAGE_TABLE].insert(), rows)
            connection.commit()
            connection.exec_driver_sql("CHECKPOINT")
    except sa.exc.DBAPIError as error:
        reason = str(error.orig).partition("\n")[0]
        raise CoopgvaError(
            f"the warehouse file could not be built ({reason})",
            where=str(path.parent.parent / path.name),
            action="the last vintage stays published; free disk space or raise COOPGVA_MEMORY and publish again",
        ) from None
    finally:
        engine.dispose()


def _load(connection: sa.Connection, table: sa.Table, published: Published, files: Mapping[str, Path]) -> None:
    columns = [column.name for column in table.columns]
    file = sa.func.read_parquet(str(files[published.table_name])).table_valued(*columns)
    connection.execute(table.insert().from_select(columns, sa.select(*(file.c[name] for name in columns))))
    rows = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
    if rows != published.rows:
        raise CoopgvaError(
            f"{rows} rows were loaded where the lake has recorded {published.rows}",
            where=published.table_name,
            action=f"refresh {published.table_name} and publish again",
        )


@contextmanager
def _only_publisher(folder: Path) -> Iterator[None]:
    """Hold the folder's publishing lock; the system frees it when the process dies."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / ".publishing.lock", timeout=_WAIT_SECONDS):
            yield
    except Timeout:
        raise TransportError(
            "another process is publishing", where=str(folder), action="wait until it has finished"
        ) from None
    except OSError as error:  # of the lock, or of the files that are built and renamed while it is held
        raise CoopgvaError(
            f"cannot write there ({error.strerror or error})",
            where=str(folder),
            action="make the folder writable and refresh again; what was published stays",
        ) from None
