"""Table versions in PostgreSQL: loaded once through COPY, then keyed, indexed and never changed.

A version is `staging.<layer>__<table>__<first 8 of its key>`; its comment names the whole key, so that a version is
known again and nothing else is ever dropped. Primary keys are the contracts' grains. A foreign key says that a column
carries the key of a thing: `legal_unit_id` refers to `integration.legal_unit`. Rows are never changed afterwards, so a
foreign key is knowledge for people and their programs, not a guard: where rows point nowhere (totals, participants from
abroad) it stays `NOT VALID` and nothing is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import sqlalchemy as sa

from resources.contract import LAYERS, Contract
from resources.errors import ConfigurationError, CoopgvaError
from resources.warehouse.connection import DEADLOCK, LOCK_NOT_AVAILABLE, quoted, sql_state
from resources.warehouse.release import Published, Release
from resources.warehouse.schema import add_table

STAGING = "staging"
MARK = "coopgva table version "
_MAX_NAME = 63
_KEY_CHARACTERS = 8
_BATCH_ROWS = 65_536
_IN_USE, _DANGLING = "2BP01", "23503"  # someone's view or key depends on it; a row points nowhere

INDEXES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    # the worked questions in sql/queries: one table, one numerator, then years or codes
    "access.cooperation_gva": (("table_code", "numerator_code", "reference_year"),),
    "access.outlook": (("model_code", "numerator_code"),),
    # years of firm-level tables, whose key begins with the firm
    "interpretation.firm_gva": (("reference_year", "activity_code"),),
    "interpretation.value_added": (("reference_year",),),
    # all participations of a firm, all firms behind a name
    "integration.participation": (("legal_unit_id",),),
    "integration.legal_unit": (("tax_stem",), ("name_key",)),
}
"""Indexes beside the primary key, by table."""


@dataclass(frozen=True, order=True)
class ForeignKey:
    """A column that carries the whole key of another table."""

    table: str
    column: str
    parent: str


def versioned_name(published: Published) -> str:
    """`staging.<layer>__<table>__<first 8 of the key>`."""
    layer, table = published.table_name.split(".")
    return f"{STAGING}.{layer}__{table}__{published.key[:_KEY_CHARACTERS]}"


def demand_short_names(contracts: Iterable[str]) -> None:
    """Refuse tables whose versions PostgreSQL would silently cut to another name.

    Raises:
        ConfigurationError: the first that is too long.
    """
    for name in contracts:
        if len(name.replace(".", "__")) + _KEY_CHARACTERS + 2 > _MAX_NAME:
            raise ConfigurationError("the name is too long for PostgreSQL", where=name, action="shorten it")


def foreign_keys(contracts: Mapping[str, Contract]) -> list[ForeignKey]:
    """What the contracts say of one another: `<thing>_id` is the key of the table `<thing>`, of its layer or before.

    Of several such tables the one furthest to the right counts: `integration.cluster` would go before `source.cluster`.
    """
    things = {
        contract.grain[0]: name
        for layer in LAYERS
        for name, contract in sorted(contracts.items())
        if contract.layer == layer and contract.grain == [f"{contract.name}_id"]
    }
    found = []
    for name, contract in contracts.items():
        for column in contract.columns:
            parent = things.get(column)
            if parent and parent != name and LAYERS.index(parent.split(".")[0]) <= LAYERS.index(contract.layer):
                found.append(ForeignKey(name, column, parent))
    return sorted(found)


def load_version(engine: sa.Engine, contract: Contract, published: Published, path: Path) -> None:
    """Load one version whole or not at all; a version that is there already is left alone.

    Raises:
        CoopgvaError: something else has the name, or the rows are not as many as recorded.
    """
    name = versioned_name(published)
    mark = MARK + published.key
    with engine.begin() as connection:
        if is_loaded(connection, name, mark):
            return
        table = add_table(sa.MetaData(), contract, name=name.split(".")[1], schema=STAGING)
        table.comment = mark
        for column in table.columns:  # people read the view's; a thousand statements less
            column.comment = None
        table.create(connection, checkfirst=False)
        rows = _copy(connection, table, path)
        if rows != published.rows:
            raise CoopgvaError(
                f"{rows} rows were loaded where the lake has recorded {published.rows}",
                where=published.table_name,
                action=f"refresh {published.table_name} and publish again",
            )
        # after the load: an index built at once is smaller and several times faster than one that grows with it
        connection.exec_driver_sql(f"ALTER TABLE {quoted(name)} ADD PRIMARY KEY ({_listed(contract.grain)})")
        for columns in INDEXES.get(contract.table, ()):
            if set(columns) <= set(contract.columns):
                connection.exec_driver_sql(f"CREATE INDEX ON {quoted(name)} ({_listed(columns)})")
        connection.exec_driver_sql(f"ANALYZE {quoted(name)}")


def is_loaded(connection: sa.Connection, name: str, mark: str) -> bool:
    """Whether a table is there, which its comment says; it was loaded whole then.

    Args:
        connection: of the publisher.
        name: `<schema>.<table>`.
        mark: the comment that a table of ours with this content has.

    Raises:
        CoopgvaError: something else has the name.
    """
    comment = connection.exec_driver_sql(
        "SELECT obj_description(to_regclass(%s), 'pg_class')", (quoted(name),)
    ).scalar()
    if comment not in (None, mark):
        raise CoopgvaError(
            f"a table of this name belongs to something else ({comment})", where=name, action="drop or rename it"
        )
    return comment == mark


def refer(engine: sa.Engine, contracts: Mapping[str, Contract], release: Release, lock_timeout: str) -> None:
    """Let the versions of a release refer to one another; what refers to a version of another release is turned.

    A table that readers hold keeps the reference it has until the next publication.
    """
    versions = {table.table_name: versioned_name(table) for table in release.tables}
    with engine.connect() as connection:
        existing = {(child, name): parent for child, name, parent in connection.exec_driver_sql(_FOREIGN_KEYS)}
    for key in foreign_keys({name: contracts[name] for name in versions}):
        child, parent, name = versions[key.table], versions[key.parent], f"refers_{key.column}"
        old_parent = existing.get((child, name))
        if old_parent == parent:
            continue
        alter = f"ALTER TABLE {quoted(child)}"
        column = quoted(key.column)
        reference = f"FOREIGN KEY ({column}) REFERENCES {quoted(parent)} ({column}) NOT VALID"
        try:
            with engine.begin() as connection:
                connection.exec_driver_sql("SELECT set_config('lock_timeout', %s, true)", (lock_timeout,))
                if old_parent is not None:
                    connection.exec_driver_sql(f"{alter} DROP CONSTRAINT {quoted(name)}")
                connection.exec_driver_sql(f"{alter} ADD CONSTRAINT {quoted(name)} {reference}")
            with engine.begin() as connection:
                connection.exec_driver_sql(f"{alter} VALIDATE CONSTRAINT {quoted(name)}")
        except sa.exc.DBAPIError as error:
            if sql_state(error) not in {_DANGLING, LOCK_NOT_AVAILABLE, DEADLOCK}:
                raise


def drop_old_versions(engine: sa.Engine, kept: Collection[str], lock_timeout: str) -> None:
    """Drop versions of ours that neither this vintage nor the one before uses; what is in use waits for next time."""
    with engine.connect() as connection:
        versions = connection.exec_driver_sql(_VERSIONS, (MARK + "%",)).scalars().all()
    waiting = set(versions) - set(kept)
    dropped = True
    while waiting and dropped:  # again, because what refers to a version must go before it
        dropped = False
        for name in sorted(waiting):
            try:
                with engine.begin() as connection:
                    connection.exec_driver_sql("SELECT set_config('lock_timeout', %s, true)", (lock_timeout,))
                    connection.exec_driver_sql(f"DROP TABLE {quoted(name)}")
            except sa.exc.DBAPIError as error:
                if sql_state(error) == _IN_USE:
                    continue
                if sql_state(error) not in {LOCK_NOT_AVAILABLE, DEADLOCK}:
                    raise
            else:
                dropped = True
            waiting.discard(name)


def _copy(connection: sa.Connection, table: sa.Table, path: Path) -> int:
    """COPY a Parquet file as CSV from Arrow: exact doubles, nulls as nothing, empty texts as quoted nothing."""
    columns = [column.name for column in table.columns]
    statement = f"COPY {quoted(table.fullname)} ({_listed(columns)}) FROM STDIN (FORMAT csv, NULL '')"
    options = pa.csv.WriteOptions(include_header=False, quoting_style="needed")
    driver: Any = connection.connection.driver_connection
    with pq.ParquetFile(path) as file, driver.cursor() as cursor:
        with cursor.copy(statement) as copy:
            for batch in file.iter_batches(_BATCH_ROWS, columns=columns):
                buffer = BytesIO()
                pa.csv.write_csv(batch.select(columns), buffer, options)
                copy.write(buffer.getbuffer())
        return int(cursor.rowcount)


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(quoted(column) for column in columns)


_VERSIONS = """
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'r' AND n.nspname <> 'history' AND obj_description(c.oid, 'pg_class') LIKE %s"""

_FOREIGN_KEYS = """
    SELECT n.nspname || '.' || c.relname, k.conname, pn.nspname || '.' || p.relname
    FROM pg_constraint k
    JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_class p ON p.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE k.contype = 'f' AND n.nspname = 'staging'"""
