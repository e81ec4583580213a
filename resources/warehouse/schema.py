"""The warehouse's tables as SQLAlchemy sees them, made from the contracts.

Schemas are the layers; types, nullability and comments come from the contract. In DuckDB only tables of `access` carry
their primary key (the lake has checked those of the inner layers, and there an index over millions of rows costs more
than the load); in PostgreSQL `versions` adds the key of every table once it is loaded. Nothing here connects to a
database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from resources.contract import Column, Contract
from resources.errors import ConfigurationError

LAYOUT = 1
"""Raise when the warehouse is laid out differently: published files are then built again."""

VINTAGE_TABLE = "access.vintage"
"""One row per published table; `access`, so that it is in the published file as well."""

TYPES: Mapping[str, TypeEngine[Any]] = {
    # "C": text sorts by its bytes, as in DuckDB and the lake, whatever the server's language; and no index of ours goes
    # wrong when an update of the system sorts a language differently
    "varchar": sa.Text().with_variant(sa.Text(collation="C"), "postgresql"),
    "integer": sa.Integer(),
    "bigint": sa.BigInteger(),
    "double": sa.Double(),
    "boolean": sa.Boolean(),
    "date": sa.Date(),
}


def warehouse_schema(contracts: Mapping[str, Contract]) -> sa.MetaData:
    """All tables of the warehouse, `access.vintage` included, by `<layer>.<table>`.

    Raises:
        ConfigurationError: a contract uses the name `access.vintage`.
    """
    if VINTAGE_TABLE in contracts:
        raise ConfigurationError(
            "the name is taken by the warehouse's own table", where=VINTAGE_TABLE, action="rename the contract's table"
        )
    metadata = sa.MetaData()
    for contract in contracts.values():
        add_table(metadata, contract)
    add_vintage_table(metadata)
    return metadata


def schemas_of(tables: Iterable[str]) -> list[str]:
    """The database schemas that these tables and `access.vintage` need, sorted."""
    return sorted({name.split(".")[0] for name in tables} | {VINTAGE_TABLE.split(".")[0]})


def add_table(
    metadata: sa.MetaData, contract: Contract, *, name: str | None = None, schema: str | None = None
) -> sa.Table:
    """The table of one contract; a version has a `name` and `schema` of its own, and its key only after the load."""
    has_key = contract.layer == "access" and schema is None
    return sa.Table(
        name or contract.name,
        metadata,
        *(
            sa.Column(
                column,
                TYPES[definition.type],
                primary_key=has_key and column in contract.grain,
                autoincrement=False,  # an integer key is a code of ours, never a sequence of the database
                nullable=not contract.is_not_null(column),
                comment=column_comment(definition),
            )
            for column, definition in contract.columns.items()
        ),
        schema=schema or contract.layer,
        comment=table_comment(contract),
    )


def add_vintage_table(metadata: sa.MetaData) -> sa.Table:
    """The table that says which version of every table is published."""
    schema, name = VINTAGE_TABLE.split(".")
    return sa.Table(
        name,
        metadata,
        sa.Column("vintage_id", sa.Text(), nullable=False, comment="The vintage that this warehouse holds"),
        sa.Column("table_name", sa.Text(), primary_key=True, comment="Layer and name of a published table"),
        sa.Column("key", sa.Text(), nullable=False, comment="Key of the table's version in the lake"),
        sa.Column("rows", sa.BigInteger(), nullable=False, comment="Number of rows of the table"),
        sa.Column("content_sha256", sa.Text(), nullable=False, comment="SHA-256 of the version's Parquet file"),
        schema=schema,
        comment=vintage_comment(),
    )


def vintage_comment() -> str:
    """Comment of `access.vintage`; names the layout, so that a file of another layout is recognised."""
    return f"Published vintage: which version of every table it holds (warehouse layout {LAYOUT})"


def table_comment(contract: Contract) -> str:
    """Title, purpose and grain on one line."""
    return f"{contract.title}. {contract.purpose} One row per {', '.join(contract.grain)}."


def column_comment(column: Column) -> str:
    """Description, unit and classification on one line."""
    unit = f" [{column.unit}]" if column.unit else ""
    classification = f" ({column.classification})" if column.classification else ""
    return f"{column.description}{unit}{classification}"
