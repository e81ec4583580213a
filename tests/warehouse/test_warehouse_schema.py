"""Contracts become SQLAlchemy tables."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.schema import CreateTable

from resources.contract import Contract
from resources.errors import ConfigurationError
from resources.warehouse.schema import warehouse_schema


def test_types_nullability_and_comments(contracts: dict[str, Contract]) -> None:
    firm = warehouse_schema(contracts).tables["source.firm"]
    assert [type(c.type) for c in firm.columns] == [
        sa.Text,
        sa.Text,
        sa.Integer,
        sa.BigInteger,
        sa.Double,
        sa.Boolean,
        sa.Date,
    ]
    assert [c.name for c in firm.columns if not c.nullable] == ["firm_id"]
    assert firm.c.employees.comment == "Persons employed at year end [persons]"
    assert firm.comment == "Firms. Firms as a register has them, made up for tests. One row per firm_id."


def test_only_access_tables_carry_their_primary_key(contracts: dict[str, Contract]) -> None:
    tables = warehouse_schema(contracts).tables
    assert [c.name for c in tables["access.share"].primary_key] == ["reference_year", "numerator_code"]
    assert list(tables["source.firm"].primary_key) == []


def test_integer_key_is_no_sequence(contracts: dict[str, Contract]) -> None:
    share = contracts["access.share"].model_copy(update={"grain": ["reference_year"]})
    table = warehouse_schema({"access.share": share}).tables["access.share"]
    ddl = str(CreateTable(table).compile(dialect=sa.make_url("postgresql+psycopg://h/d").get_dialect()()))
    assert "SERIAL" not in ddl
    assert "reference_year INTEGER NOT NULL" in ddl


def test_name_of_the_vintage_table_is_taken(contracts: dict[str, Contract]) -> None:
    taken = contracts["access.share"].model_copy(update={"table": "access.vintage"})
    with pytest.raises(ConfigurationError, match=r"access\.vintage"):
        warehouse_schema({"access.vintage": taken})
