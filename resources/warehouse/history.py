"""What readers had when: every published table of every vintage, partitioned by vintage, in schema `history`.

`history.<table>` has the columns of `access.<table>` behind a `vintage_id`, one partition per vintage. A partition is
filled beside and attached in the transaction that shows the vintage, so nothing of a vintage is there before its time.
`history.vintage` says when each became readable and whether it was withdrawn; row-level security hides withdrawn
vintages from `coopgva_public`.

Table versions are never altered: another contract is another key, hence a new table. What lives longer than a vintage
is altered here, by Alembic's comparison of the database with the contracts: these tables and `access.vintage`. A new
column or table is added, a type widened, a comment changed; a column that the contract no longer has stays, because
older vintages have it; a type that would lose values is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from resources.contract import Contract
from resources.errors import CoopgvaError
from resources.warehouse.connection import DRIVER, has_roles, literal, quoted
from resources.warehouse.release import Release
from resources.warehouse.schema import TYPES, add_vintage_table, column_comment, table_comment
from resources.warehouse.versions import MARK, is_loaded, versioned_name

HISTORY = "history"
REGISTER = f"{HISTORY}.vintage"
INSIDE = ("coopgva_statistician", "coopgva_methodologist")
_WIDENINGS = {("INTEGER", "BIGINT"), ("INTEGER", "DOUBLE PRECISION"), ("BOOLEAN", "TEXT"), ("DATE", "TEXT")} | {
    (number, "TEXT") for number in ("INTEGER", "BIGINT", "DOUBLE PRECISION")
}


def permanent_tables(contracts: Mapping[str, Contract]) -> sa.MetaData:
    """The tables that outlive a vintage, as they should be: `access.vintage`, the register and the histories."""
    metadata = sa.MetaData()
    add_vintage_table(metadata)
    sa.Table(
        "vintage",
        metadata,
        sa.Column("vintage_id", sa.Text(), primary_key=True, comment="The vintage"),
        sa.Column(
            "released_at",
            sa.DateTime(timezone=True),
            nullable=False,
            server_default=sa.func.now(),
            comment="When readers got it first",
        ),
        sa.Column(
            "is_withdrawn", sa.Boolean(), nullable=False, server_default=sa.false(), comment="Whether it was withdrawn"
        ),
        sa.Column("reason", sa.Text(), comment="Why it was withdrawn, for people inside"),
        schema=HISTORY,
        comment="Vintages that were published, when, and whether they still stand",
    )
    for contract in contracts.values():
        if contract.layer == "access":
            _add_history(metadata, contract)
    return metadata


def evolve(connection: sa.Connection, contracts: Mapping[str, Contract]) -> list[str]:
    """Bring the permanent tables to what the contracts say, inside the caller's transaction.

    Returns:
        What was done, in words; nothing where the database fits already.

    Raises:
        CoopgvaError: a type was changed into one that does not hold the values of older vintages.
    """
    from alembic.autogenerate import produce_migrations
    from alembic.migration import MigrationContext
    from alembic.operations import Operations

    metadata = permanent_tables(contracts)
    wanted = {(table.schema, table.name) for table in metadata.tables.values()}

    def is_ours(name: str | None, kind: str, parents: Any) -> bool:
        if kind == "schema":
            return name in (HISTORY, "access")
        return (parents.get("schema_name"), name) in wanted if kind == "table" else True

    context = MigrationContext.configure(
        connection,
        opts={"include_schemas": True, "include_name": is_ours, "compare_type": _is_other_type},
    )
    script = produce_migrations(context, metadata)
    operations, done = Operations(context), []
    for operation in _flat(script.upgrade_ops):
        words = _admitted(operation)
        if words:
            operations.invoke(operation)
            done.append(words)
    if has_roles(connection):
        for table in metadata.tables.values():
            if table.schema == HISTORY:
                _secure(connection, table.name)
    return done


def fill_partitions(engine: sa.Engine, contracts: Mapping[str, Contract], release: Release) -> None:
    """Fill a table per published table with the rows of this vintage; nobody sees it until it is attached."""
    for published in release.tables:
        contract = contracts[published.table_name]
        if contract.layer != "access":
            continue
        parent, name, mark = _names(contract, release.vintage_id, published.key)
        with engine.begin() as connection:
            if is_loaded(connection, name, mark):
                continue
            columns = ", ".join(quoted(column) for column in contract.columns)
            connection.exec_driver_sql(f"CREATE TABLE {quoted(name)} (LIKE {quoted(parent)} INCLUDING COMMENTS)")
            connection.exec_driver_sql(
                f"INSERT INTO {quoted(name)} (vintage_id, {columns}) "
                f"SELECT {literal(release.vintage_id)}, {columns} FROM {quoted(versioned_name(published))}"
            )
            key = ", ".join(quoted(column) for column in contract.grain)
            connection.exec_driver_sql(f"ALTER TABLE {quoted(name)} ADD PRIMARY KEY ({key})")
            # with it attaching needs no look at the rows
            connection.exec_driver_sql(
                f"ALTER TABLE {quoted(name)} ADD CONSTRAINT is_one_vintage "
                f"CHECK (vintage_id = {literal(release.vintage_id)})"
            )
            connection.exec_driver_sql(f"ALTER TABLE {quoted(name)} ENABLE ROW LEVEL SECURITY")
            connection.exec_driver_sql(f"COMMENT ON TABLE {quoted(name)} IS {literal(mark)}")


def show_vintage(connection: sa.Connection, contracts: Mapping[str, Contract], release: Release) -> None:
    """Attach the partitions of a vintage and register it, inside the transaction that switches the views.

    Raises:
        CoopgvaError: the vintage was withdrawn.
    """
    is_withdrawn = connection.exec_driver_sql(
        f"SELECT is_withdrawn FROM {REGISTER} WHERE vintage_id = %s", (release.vintage_id,)
    ).scalar()
    if is_withdrawn:
        raise CoopgvaError(
            "the vintage was withdrawn and cannot be published again",
            where=release.vintage_id,
            action="correct what was wrong and refresh, or run `coopgva warehouse withdraw --undo`",
        )
    connection.exec_driver_sql(
        f"INSERT INTO {REGISTER} (vintage_id) VALUES (%s) ON CONFLICT DO NOTHING", (release.vintage_id,)
    )
    attached = set(connection.exec_driver_sql(_PARTITIONS).scalars())
    for published in release.tables:
        contract = contracts[published.table_name]
        if contract.layer != "access":
            continue
        parent, name, _ = _names(contract, release.vintage_id, published.key)
        if name not in attached:
            connection.exec_driver_sql(
                f"ALTER TABLE {quoted(parent)} ATTACH PARTITION {quoted(name)} "
                f"FOR VALUES IN ({literal(release.vintage_id)})"
            )


def _names(contract: Contract, vintage_id: str, key: str) -> tuple[str, str, str]:
    """The partitioned table, the partition, and the partition's comment."""
    parent = f"{HISTORY}.{contract.name}"
    return parent, f"{parent}__{vintage_id.replace('-', '_')}", MARK + key


def _add_history(metadata: sa.MetaData, contract: Contract) -> None:
    """Nothing but the vintage is demanded: older vintages lack what newer ones have."""
    sa.Table(
        contract.name,
        metadata,
        sa.Column("vintage_id", sa.Text(), nullable=False, comment="The vintage that the row belongs to"),
        *(
            sa.Column(name, TYPES[column.type], nullable=True, comment=column_comment(column))
            for name, column in contract.columns.items()
        ),
        schema=HISTORY,
        comment=f"All vintages. {table_comment(contract)}",
        postgresql_partition_by="LIST (vintage_id)",
    )


def _secure(connection: sa.Connection, table: str) -> None:
    """Rights and row-level security of one table in `history`; policies that are there are left alone."""
    name = quoted(f"{HISTORY}.{table}")
    known = set(
        connection.exec_driver_sql(
            "SELECT policyname FROM pg_policies WHERE schemaname = %s AND tablename = %s", (HISTORY, table)
        ).scalars()
    )
    stands = (
        "released_at <= now() AND NOT is_withdrawn"
        if table == "vintage"
        else f"vintage_id IN (SELECT v.vintage_id FROM {REGISTER} v)"  # itself under row-level security
    )
    if not known:
        connection.exec_driver_sql(f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY")
        connection.exec_driver_sql(f"CREATE POLICY released ON {name} FOR SELECT TO coopgva_public USING ({stands})")
        connection.exec_driver_sql(f"CREATE POLICY inside ON {name} FOR SELECT TO {', '.join(INSIDE)} USING (true)")
    connection.exec_driver_sql(f"GRANT SELECT ON {name} TO {', '.join(INSIDE)}")
    visible = " (vintage_id, released_at)" if table == "vintage" else ""
    connection.exec_driver_sql(f"GRANT SELECT{visible} ON {name} TO coopgva_public")


def _is_other_type(_: Any, __: Any, ___: Any, inspected: Any, wanted: Any) -> bool:
    return _type_name(inspected) != _type_name(wanted)


def _type_name(type_: Any) -> str:
    dialect = sa.make_url(f"{DRIVER}://").get_dialect()()
    return str(type_.compile(dialect=dialect)).partition(" COLLATE")[0]


def _flat(operations: Any) -> Iterator[Any]:
    from alembic.operations import ops

    for operation in operations.ops:
        if isinstance(operation, ops.OpContainer):
            yield from _flat(operation)
        else:
            yield operation


def _admitted(operation: Any) -> str:
    """What an operation does, in words; empty for one that is left undone because it would lose something.

    Raises:
        CoopgvaError: a type would be narrowed.
    """
    from alembic.operations import ops

    match operation:
        case ops.CreateTableOp():
            return f"table {operation.schema}.{operation.table_name} made"
        case ops.AddColumnOp():
            return f"column {operation.schema}.{operation.table_name}.{operation.column.name} added"
        case ops.CreateTableCommentOp():
            return f"comment of {operation.schema}.{operation.table_name} changed"
        case ops.AlterColumnOp():
            where = f"{operation.schema}.{operation.table_name}.{operation.column_name}"
            if operation.modify_type is not None:
                before, after = _type_name(operation.existing_type), _type_name(operation.modify_type)
                if (after, before) in _WIDENINGS:
                    operation.modify_type = None  # the history is wider already, and older vintages need it
                elif (before, after) in _WIDENINGS:
                    operation.kw["postgresql_using"] = f"{quoted(operation.column_name)}::{after}"
                else:
                    raise CoopgvaError(
                        f"the type changed from {before} to {after}, and older vintages may not fit",
                        where=where,
                        action="give the column another name in the contract, or change the table's history by hand",
                    )
            operation.modify_nullable = None
            operation.modify_server_default = False
            if operation.modify_type is None and operation.modify_comment is False:
                return ""
            return f"column {where} changed"
        case _:
            return ""


_PARTITIONS = """
    SELECT n.nspname || '.' || c.relname FROM pg_inherits i
    JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'history' AND c.relkind = 'r'"""
