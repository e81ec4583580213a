"""The PostgreSQL warehouse: versioned tables, and views over them that are switched in one transaction.

A table version is loaded once (`versions`) into schema `staging`; people read the view `<schema>.<table>`. A
publication loads what is missing (each table in a transaction of its own, so that a killed publication resumes), then
points all views and `access.vintage` to the new vintage, with the readers' rights (`rights`) and its place in
`history`, in one short transaction: **its commit is the commit point**. Replacing a view waits for readers whose open
transaction has read it, and new readers would queue behind the wait, hence a short `lock_timeout` and retries. The
versions of the vintage before stay until the next publication, for readers that are under way.

Under an embargo the layers are published apart: those inside the house as soon as they passed the gate,
the layer `access` as a release of its own when its time has come. Before, none of its tables is in the database at all:
a right granted in advance on everything in the schema finds nothing. A publication of some layers leaves the views of
the others alone.

Works on an empty database without roles, too: then everything belongs to whoever publishes, and nobody else sees it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.schema import CreateSchema, SetColumnComment, SetTableComment
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from resources.contract import LAYERS, Contract
from resources.warehouse.connection import (
    has_roles,
    in_words,
    is_passing,
    literal,
    one_line_errors,
    only_publisher,
    open_warehouse,
    quoted,
)
from resources.warehouse.history import HISTORY, evolve, fill_partitions, show_vintage
from resources.warehouse.release import Publication, Published, Release
from resources.warehouse.rights import METHODOLOGY, pseudonymous_view, view_rights
from resources.warehouse.schema import (
    VINTAGE_TABLE,
    add_table,
    add_vintage_table,
    schemas_of,
    table_comment,
    vintage_comment,
)
from resources.warehouse.versions import (
    STAGING,
    demand_short_names,
    drop_old_versions,
    load_version,
    refer,
    versioned_name,
)

LOCK_TIMEOUT = "1s"
SWITCH_ATTEMPTS = 8


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
        url: see `connection.postgres_url`.
        contracts: contract by table; must cover the tables of the release.
        release: the vintage.
        layers: the layers to publish; without `access` the table `access.vintage`, which says what readers see, stays
            as it is.
        lock_timeout: how long one attempt waits for readers (and makes new readers wait).
        attempts: attempts to switch, with exponential back-off up to 20 s and jitter.

    Raises:
        TransportError: the server cannot be reached, another publication is under way, or readers hold the views.
        CoopgvaError: the server refuses (rights, disk full), or the vintage was withdrawn; the old vintage stays.
    """
    demand_short_names(contracts)
    target = in_words(url)
    release = release.only(*layers)
    is_inner = "access" not in layers

    def patiently(engine: sa.Engine, step: Callable[[sa.Connection], object]) -> None:
        for attempt in Retrying(
            retry=retry_if_exception(is_passing),
            stop=stop_after_attempt(attempts),
            wait=wait_random_exponential(0.2, max=20),
            reraise=True,
        ):
            with attempt, engine.begin() as connection:
                connection.exec_driver_sql("SELECT set_config('lock_timeout', %s, true)", (lock_timeout,))
                step(connection)

    with one_line_errors(url), open_warehouse(url) as engine, only_publisher(engine, target):
        _prepare(engine, release)
        found = _held_vintage(engine)
        previous = found.vintage_id if found else None
        places = {schema: f"schema {schema}" for schema in schemas_of(t.table_name for t in release.tables)}
        shown = _shown_versions(engine, layers)
        is_held = shown == {versioned_name(t) for t in release.tables}
        if not is_inner:
            held = (found.vintage_id, found.tables) if found else None
            is_held = is_held and held == (release.vintage_id, release.tables)
        if is_held:
            return Publication(target, False, previous, places)
        for published in release.tables:
            load_version(engine, contracts[published.table_name], published, release.files[published.table_name])
        refer(engine, contracts, release, lock_timeout)
        if not is_inner:
            made = {t.table_name: contracts[t.table_name] for t in release.tables}
            patiently(engine, lambda connection: evolve(connection, made))
            fill_partitions(engine, contracts, release)
        patiently(engine, lambda connection: _switch(connection, contracts, release, layers))
        kept = {versioned_name(t) for t in (*release.tables, *(found.tables if found else ()))} | shown
        drop_old_versions(engine, kept | _shown_versions(engine, LAYERS), lock_timeout)
        return Publication(target, True, previous, places)


def published_vintage(url: sa.URL) -> Release | None:
    """Which vintage the views show, None if nothing is published.

    Raises:
        TransportError: the server cannot be reached.
    """
    with one_line_errors(url), open_warehouse(url) as engine:
        return _held_vintage(engine)


def shown_views(connection: sa.Connection, layers: Iterable[str]) -> dict[str, tuple[str | None, list[str]]]:
    """The views of some layers: by name, the table version that each shows and its columns with their types."""
    return {
        f"{schema}.{view}": (target, list(columns))
        for schema, view, target, columns in connection.exec_driver_sql(_SHOWN, (list(layers),))
    }


def grant(connection: sa.Connection, contract: Contract, version: str) -> None:
    """Give the view of a table its readers and make the view with pseudonyms, inside the caller's transaction."""
    for statement in (*view_rights(contract), *pseudonymous_view(contract, version)):
        connection.exec_driver_sql(statement)


# -- steps -----------------------------------------------------------------------------------------------------------
def _prepare(engine: sa.Engine, release: Release) -> None:
    metadata = sa.MetaData()
    add_vintage_table(metadata)
    with engine.begin() as connection:
        known = set(sa.inspect(connection).get_schema_names())
        for schema in (*schemas_of(t.table_name for t in release.tables), STAGING, HISTORY):
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


def _shown_versions(engine: sa.Engine, layers: Iterable[str]) -> set[str]:
    """The table versions that views of the layers show now."""
    with engine.connect() as connection:
        return {target for target, _ in shown_views(connection, layers).values() if target}


def _switch(
    connection: sa.Connection, contracts: Mapping[str, Contract], release: Release, layers: Collection[str]
) -> None:
    """Point every view to its version and replace `access.vintage`, inside the caller's transaction."""
    shown = shown_views(connection, layers)
    is_granting = has_roles(connection)
    for published in release.tables:
        contract = contracts[published.table_name]
        target, columns = shown.get(published.table_name, (None, []))
        version = versioned_name(published)
        if target == version:
            continue
        if is_granting:  # first: it would keep the old version from being let go
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {METHODOLOGY}.{quoted(contract.name)}")
        _show(connection, contract, version, columns)
        if is_granting:
            grant(connection, contract, version)
    for name, (target, _) in shown.items():
        if name not in release.files and target and _is_version(target, name):
            connection.exec_driver_sql(f"DROP VIEW {quoted(name)}")  # a table that the house no longer makes
            if is_granting:
                connection.exec_driver_sql(f"DROP VIEW IF EXISTS {METHODOLOGY}.{quoted(name.split('.')[1])}")
    if "access" not in layers:
        return
    show_vintage(connection, contracts, release)
    vintage = add_vintage_table(sa.MetaData())
    connection.execute(SetTableComment(vintage))  # of an older layout until now, perhaps
    connection.execute(vintage.delete())
    connection.execute(vintage.insert(), [vars(t) | {"vintage_id": release.vintage_id} for t in release.tables])


def _is_version(target: str, name: str) -> bool:
    """Whether a table is a version of ours of the table `name`, in this layout or in that of older releases."""
    staged = f"{STAGING}.{name.replace('.', '__')}"
    return re.fullmatch(rf"({re.escape(staged)}|{re.escape(name)})__[0-9a-f]{{8}}", target) is not None


def _show(connection: sa.Connection, contract: Contract, version: str, old_columns: list[str]) -> None:
    view, columns = quoted(contract.table), list(contract.columns)
    select = f"SELECT {', '.join(quoted(c) for c in columns)} FROM {quoted(version)}"
    wanted = [f"{name} {_PG_TYPES[column.type]}" for name, column in contract.columns.items()]
    grants: list[str] = []
    if old_columns and wanted[: len(old_columns)] != old_columns:  # PostgreSQL replaces a view only if columns stay
        grants = list(connection.exec_driver_sql(_GRANTS, (view, view)).scalars())
        connection.exec_driver_sql(f"DROP VIEW {view}")
    connection.exec_driver_sql(f"CREATE OR REPLACE VIEW {view} AS {select}")
    for statement in grants:
        connection.exec_driver_sql(statement)
    connection.exec_driver_sql(f"COMMENT ON VIEW {view} IS {literal(table_comment(contract))}")
    for column in add_table(sa.MetaData(), contract).columns:
        connection.execute(SetColumnComment(column))


_SHOWN = """
    SELECT n.nspname, v.relname,
           (SELECT tn.nspname || '.' || t.relname
            FROM pg_rewrite r
            JOIN pg_depend d ON d.objid = r.oid AND d.classid = 'pg_rewrite'::regclass
                            AND d.refclassid = 'pg_class'::regclass AND d.refobjid <> v.oid
            JOIN pg_class t ON t.oid = d.refobjid
            JOIN pg_namespace tn ON tn.oid = t.relnamespace
            WHERE r.ev_class = v.oid LIMIT 1),
           ARRAY(SELECT a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
                        || CASE WHEN a.attcollation NOT IN (0, 'pg_catalog."C"'::regcollation)
                                THEN ' in another collation' ELSE '' END
                 FROM pg_attribute a
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

_PG_TYPES = {
    "varchar": "text",
    "integer": "integer",
    "bigint": "bigint",
    "double": "double precision",
    "boolean": "boolean",
    "date": "date",
}
