"""One table with the rejected rows of all source tables."""

from __future__ import annotations

import duckdb
import pyarrow as pa

from assets.source import quarantine
from assets.table import Build
from resources.intake import QUARANTINE_SCHEMA
from tests.source.conftest import CONTRACTS, contract_of

(TABLE,) = quarantine.TABLES


def test_it_reads_every_delivered_table() -> None:
    assert {f"source.{path.stem}" for path in CONTRACTS} - {"source.quarantine"} == set(TABLE.inputs)


def test_contract_and_intake_agree_on_the_columns() -> None:
    schema = contract_of("quarantine").schema
    assert schema.names == QUARANTINE_SCHEMA.names
    assert schema.types == QUARANTINE_SCHEMA.types


def test_rejected_rows_of_all_tables_are_united(connection: duckdb.DuckDBPyConnection) -> None:
    connection.execute("CREATE SCHEMA quarantine")
    for name in ("cluster", "annual_account", "postal_code"):
        rows = [] if name == "cluster" else [(f"source.{name}", "s", "f.csv", 3, '{"a":"wrong"}', "{}")]
        columns = list(zip(*rows, strict=True)) or [()] * len(QUARANTINE_SCHEMA)
        arrays = [pa.array(values, field.type) for values, field in zip(columns, QUARANTINE_SCHEMA, strict=True)]
        connection.register("_rows", pa.table(arrays, schema=QUARANTINE_SCHEMA))
        connection.execute(f'CREATE TABLE quarantine."{name}_rows" AS FROM _rows')
        connection.execute(f'CREATE VIEW quarantine."{name}" AS FROM quarantine."{name}_rows"')
        connection.unregister("_rows")
    united = quarantine.unite(Build(TABLE, connection, {}))
    assert isinstance(united, duckdb.DuckDBPyRelation)
    assert sorted(row[0] for row in united.fetchall()) == ["source.annual_account", "source.postal_code"]


def test_nothing_rejected_is_an_empty_table(connection: duckdb.DuckDBPyConnection) -> None:
    united = quarantine.unite(Build(TABLE, connection, {}))
    assert isinstance(united, pa.Table)
    assert (united.num_rows, united.schema.names) == (0, QUARANTINE_SCHEMA.names)
