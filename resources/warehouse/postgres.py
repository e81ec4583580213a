"""The PostgreSQL warehouse: versioned tables, and views over them that are switched in one transaction.

A table version is loaded once, by COPY, into `<schema>.<table>__<first 8 of its key>`; people read the view
`<schema>.<table>`. A publication loads what is missing (each table in a transaction of its own, so that a killed
publication resumes), then points all views and `access.vintage` to the new vintage in one short transaction: **its
commit is the commit point**. Replacing a view waits for readers whose open transaction has read it, and new readers
would queue behind the wait, hence a short `lock_timeout` and retries. The versions of the vintage before stay until
the next publication, for readers that are under way.

Under an embargo the layers are published apart: those inside the house as soon as they passed the gate,
the layer `access` as a release of its own when its time has come. Before, none of its tables is in the database at all:
a right granted in advance on everything in the schema finds nothing. A publication of some layers leaves the views of
the others alone.

Roles, row-level rights and migrations are not this module's business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateSchema, SetColumnComment, SetTableComment
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from resources.contract import LAYERS, Contract
from resources.errors import ConfigurationError, CoopgvaError, TransportError
from resources.warehouse.release import Publication, Published, Release
from resources.warehouse.schema import (
    VINTAGE_TABLE,
    add_table,
    add_vintage_table,
    schemas_of,
    table_comment,
    vintage_comment,
)

DRIVER = "postgresql+psycopg"
LOCK_TIMEOUT = "1s"
SWITCH_ATTEMPTS = 8
_MAX_NAME = 63
_KEY_CHARACTERS = 8
_BATCH_ROWS = 65_536
_PUBLISHER = 0x636F6F70  # key of the advisory lock: one publisher at a time
_MARK = "coopgva table version "
_LOCK_NOT_AVAILABLE, _DEADLOCK, _SERIALIZATION = "55P03", "40P01", "40001"


def postgres_url(text: str) -> sa.URL:
    """Parse the warehouse's URL; a password may be left to `PGPASSWORD` or the password file.

    Raises:
        ConfigurationError: not a URL, or it does not name the driver.
    """
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        url = None
    if url is None or url.drivername != DRIVER:
        raise ConfigurationError(
            "not a URL of PostgreSQL that names the driver",
            where="COOPGVA_WAREHOUSE_URL",
            action=f"write {DRIVER}://user@host/database and put the password into PGPASSWORD",
        )
    return url


def in_words(url: sa.URL) -> str:
    """The warehouse without user, password and options, for messages."""
    return f"PostgreSQL {url.host or url.query.get('host') or 'local'}/{url.database or ''}"


def publish_postgres(
    url: sa.URL,
    contracts: Mapping[str, Contract],
    release: Release,
    *,
    layers: Collection[str] = LAYERS,
    lock_timeout: str = LOCK_TIMEOUT,
    attempts: int = SWITCH_ATTEMPTS,
) -> Publication:
    """Make `release` the vintage that the views show; nothing happens if they show it already.

    Args:
        url: see `postgres_url`.
        contracts: contract by table; must cover the tables of the release.
        release: the vintage.
        layers: the layers to publish; without `access` the table `access.vintage`, which says what readers see, stays
            as it is.
        lock_timeout: how long one attempt waits for readers (and makes new readers wait).
        attempts: attempts to switch, with exponential back-off up to 20 s and jitter.

    Raises:
        TransportError: the server cannot be reached, another publication is under way, or readers hold the views.
        CoopgvaError: the server refuses (rights, disk full); the old vintage stays.
    """
    for name in contracts:
        if len(name.split(".")[1]) + _KEY_CHARACTERS + 2 > _MAX_NAME:
            raise ConfigurationError("the name is too long for PostgreSQL", where=name, action="shorten it")
    engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    target = in_words(url)
    release = release.only(*layers)
    is_inner = "access" not in layers
    with _one_line_errors(url), _only_publisher(engine, target):
        _prepare(engine, release)
        found = _held_vintage(engine)
        previous = found.vintage_id if found else None
        places = {schema: f"schema {schema}" for schema in schemas_of(t.table_name for t in release.tables)}
        shown = _shown_versions(engine)
        if is_inner:
            is_held = {versioned_name(t) for t in release.tables} == {
                name for name in shown if name.split(".")[0] in layers
            }
        else:
            is_held = found is not None and (found.vintage_id, found.tables) == (release.vintage_id, release.tables)
        if is_held:
            return Publication(target, False, previous, places)
        for published in release.tables:
            _load(engine, contracts[published.table_name], published, release.files[published.table_name])
        for attempt in Retrying(
            retry=retry_if_exception(_is_passing),
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(0.2, max=20),
            reraise=True,
        ):
            with attempt, engine.begin() as connection:
                connection.exec_driver_sql("SELECT set_config('lock_timeout', %s, true)", (lock_timeout,))
                _switch(connection, contracts, release, layers)
        kept = {versioned_name(t) for t in (*release.tables, *(found.tables if found else ()))} | shown
        _drop_old_versions(engine, kept, lock_timeout)
        return Publication(target, True, previous, places)


def versioned_name(published: Published) -> str:
    """`<schema>.<table>__<first 8 of the key>`."""
    return f"{published.table_name}__{published.key[:_KEY_CHARACTERS]}"


def published_vintage(url: sa.URL) -> Release | None:
    """Which vintage the views show, None if nothing is published.

    Raises:
        TransportError: the server cannot be reached.
    """
    engine = sa.create_engine(url, poolclass=NullPool, hide_parameters=True)
    with _one_line_errors(url):
        return _held_vintage(engine)


# -- steps -----------------------------------------------------------------------------------------------------------
def _prepare(engine: sa.Engine, release: Release) -> None:
    metadata = sa.MetaData()
    add_vintage_table(metadata)
    with engine.begin() as connection:
        known = set(sa.inspect(connection).get_schema_names())
        for schema in schemas_of(t.table_name for t in release.tables):
            if schema not in known:  # CREATE SCHEMA IF NOT EXISTS asks for the right even where nothing is to do
                connection.execute(CreateSchema(schema))
        metadata.create_all(connection)


def _held_vintage(engine: sa.Engine) -> Release | None:
    schema, name = VINTAGE_TABLE.split(".")
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        if not inspector.has_table(name, schema=schema):
            return None
        rows = connection.exec_driver_sql(
            f"SELECT vintage_id, table_name, key, rows, content_sha256 FROM {VINTAGE_TABLE} ORDER BY table_name"
        ).all()
        comment = inspector.get_table_comment(name, schema=schema)["text"]
    tables = tuple(sorted(Published(*row[1:]) for row in rows))
    return Release(rows[0][0], tables, {}) if rows and comment == vintage_comment() else None


def _load(engine: sa.Engine, contract: Contract, published: Published, path: Path) -> None:
    """Load one version whole or not at all; a version that is there already is left alone."""
    name = versioned_name(published)
    mark = _MARK + published.key
    with engine.begin() as connection:
        comment = connection.exec_driver_sql(
            "SELECT obj_description(to_regclass(%s), 'pg_class')", (_quoted(name),)
        ).scalar()
        if comment == mark:
            return
        if comment is not None:
            raise CoopgvaError(
                f"a table of this name belongs to something else ({comment})", where=name, action="drop or rename it"
            )
        table = add_table(sa.MetaData(), contract, name=name.split(".")[1])
        table.comment = mark
        table.create(connection, checkfirst=False)
        rows = _copy(connection, table, path)
        if rows != published.rows:
            raise CoopgvaError(
                f"{rows} rows were loaded where the lake has recorded {published.rows}",
                where=published.table_name,
                action=f"refresh {published.table_name} and publish again",
            )
        connection.exec_driver_sql(f"ANALYZE {_quoted(name)}")


def _copy(connection: sa.Connection, table: sa.Table, path: Path) -> int:
    """COPY a Parquet file as CSV from Arrow: exact doubles, nulls as nothing, empty texts as quoted nothing."""
    columns = [column.name for column in table.columns]
    statement = (
        f"COPY {_quoted(table.fullname)} ({', '.join(_quoted(c) for c in columns)}) FROM STDIN (FORMAT csv, NULL '')"
    )
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    driver: Any = connection.connection.driver_connection
    with pq.ParquetFile(path) as file, driver.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
                buffer = BytesIO()
                pa.csv.write_csv(batch.select(columns), buffer, options)
                copy.write(buffer.getbuffer())
        return int(cursor.rowcount)


def _shown_versions(engine: sa.Engine) -> set[str]:
    """The table versions that views of the layers show now."""
    with engine.connect() as connection:
        return {target for _, _, target, _ in connection.exec_driver_sql(_SHOWN, (list(LAYERS),)) if target}


def _switch(
    connection: sa.Connection, contracts: Mapping[str, Contract], release: Release, layers: Collection[str]
) -> None:
    """Point every view to its version and replace `access.vintage`, inside the caller's transaction."""
    shown = {
        (schema, view): (target, columns)
        for schema, view, target, columns in connection.exec_driver_sql(_SHOWN, (list(layers),))
    }
    for published in release.tables:
        contract = contracts[published.table_name]
        target, columns = shown.get((contract.layer, contract.name), (None, []))
        if target == versioned_name(published):
            continue
        _show(connection, contract, versioned_name(published), list(columns))
    for (schema, view), (target, _) in shown.items():
        name = f"{schema}.{view}"
        if name not in release.files and target and re.fullmatch(re.escape(name) + r"__[0-9a-f]{8}", target):
            connection.exec_driver_sql(f"DROP VIEW {_quoted(name)}")  # a table that the house no longer makes
    if "access" not in layers:
        return
    vintage = add_vintage_table(sa.MetaData())
    connection.execute(SetTableComment(vintage))  # of an older layout until now, perhaps
    connection.execute(vintage.delete())
    connection.execute(vintage.insert(), [vars(t) | {"vintage_id": release.vintage_id} for t in release.tables])


def _show(connection: sa.Connection, contract: Contract, version: str, old_columns: list[str]) -> None:
    view, columns = _quoted(contract.table), list(contract.columns)
    select = f"SELECT {', '.join(_quoted(c) for c in columns)} FROM {_quoted(version)}"
    wanted = [f"{name} {_PG_TYPES[column.type]}" for name, column in contract.columns.items()]
    grants: list[str] = []
    if old_columns and wanted[: len(old_columns)] != old_columns:  # PostgreSQL replaces a view only if columns stay
        grants = list(connection.exec_driver_sql(_GRANTS, (view, view)).scalars())
        connection.exec_driver_sql(f"DROP VIEW {view}")
    connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {view} AS {select}")
    for grant in grants:
        connection.exec_driver_sql(grant)
    connection.exec_driver_sql(f"COMMENT ON VIEW {view} IS {_literal(table_comment(contract))}")
    for column in add_table(sa.MetaData(), contract).columns:
        connection.execute(SetColumnComment(column))


def _drop_old_versions(engine: sa.Engine, kept: set[str], lock_timeout: str) -> None:
    """Drop versions of ours that neither this vintage nor the one before uses; what is in use waits for next time."""
    with engine.connect() as connection:
        versions = connection.exec_driver_sql(_VERSIONS, (_MARK + "%",)).scalars().all()
    for name in sorted(set(versions) - kept):
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT set_config('lock_timeout', %s, true)", (lock_timeout,))
                connection.exec_driver_sql(f"DROP TABLE {_quoted(name)}")
        except sa.exc.DBAPIError as error:
            if _state(error) not in {_LOCK_NOT_AVAILABLE, _DEADLOCK, "2BP01"}:  # 2BP01: someone's view depends on it
                raise


_SHOWN = """
    SELECT n.nspname, v.relname,
           (SELECT tn.nspname || '.' || t.relname
            FROM pg_rewrite r
            JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
            JOIN pg_class t ON t.oid = d.refobjid
            JOIN pg_namespace tn ON tn.oid = t.relnamespace
            WHERE r.ev_class = v.oid LIMIT 1),
           ARRAY(SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod) FROM pg_attribute a
                 WHERE a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)
    FROM pg_class v JOIN pg_namespace n ON n.oid = v.relnamespace
    WHERE v.relkind = 'v' AND n.nspname = ANY(%s)
    ORDER BY 1, 2"""

_GRANTS = """
    SELECT format('GRANT %%s ON %%s TO %%s%%s', privilege_type, %s::text,
                  CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END,
                  CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_class c, aclexplode(c.relacl)
    WHERE c.oid = to_regclass(%s) AND grantee <> c.relowner
    ORDER BY 1"""

_VERSIONS = """
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND obj_description(c.oid, 'pg_class') LIKE %s"""

_PG_TYPES = {
    "varchar": "text",
    "integer": "integer",
    "bigint": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
}


# -- locks and errors ------------------------------------------------------------------------------------------------
@contextmanager
def _only_publisher(engine: sa.Engine, target: str) -> Iterator[None]:
    """Hold the advisory lock of publishers for as long as this connection lives."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_PUBLISHER,)).scalar():
            raise TransportError("another process is publishing", where=target, action="wait until it has finished")
        yield


@contextmanager
def _one_line_errors(url: sa.URL) -> Iterator[None]:
    """Turn what the driver says into one line without parameters and passwords."""
    target = in_words(url)
    try:
        yield
    except sa.exc.DBAPIError as error:
        state = _state(error)
        if state == _LOCK_NOT_AVAILABLE:
            raise TransportError(
                "readers with open transactions hold the views",
                where=target,
                action="the last vintage stays; end the sessions that are idle in transaction and publish again",
            ) from None
        message = getattr(getattr(error.orig, "diag", None), "message_primary", None) or _scrubbed(error.orig, url)
        if isinstance(error, sa.exc.OperationalError):
            raise TransportError(
                f"the server cannot be used ({message})",
                where=target,
                action="check host, database, user and PGPASSWORD; the last vintage stays",
            ) from None
        raise CoopgvaError(
            f"the server refused ({message}, {state})",
            where=target,
            action="the last vintage stays; mend the cause and publish again",
        ) from None


def _scrubbed(error: BaseException | None, url: sa.URL) -> str:
    """The driver's own words on one line, with every password it could have used blotted out."""
    words = " ".join(str(error).split())
    for secret in (url.password, url.query.get("password"), os.environ.get("PGPASSWORD")):
        if secret:
            words = words.replace(str(secret), "***")
    return words


def _state(error: BaseException) -> str | None:
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, sa.exc.DBAPIError) and _state(error) in {_LOCK_NOT_AVAILABLE, _DEADLOCK, _SERIALIZATION}


def _quoted(name: str) -> str:
    return ".".join(f'"{part}"' for part in name.split("."))


def _literal(text: str) -> str:
    """A text constant, with per cents doubled because the driver looks for placeholders."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"
