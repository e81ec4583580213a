"""What every warehouse promises: the same tests on DuckDB and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest
import sqlalchemy as sa

from resources.contract import Contract
from resources.errors import CoopgvaError
from resources.warehouse import postgres
from resources.warehouse.duckdb_file import WAREHOUSE, held_vintage, publish_duckdb
from resources.warehouse.postgres import publish_postgres
from resources.warehouse.release import Publication, Release
from tests.warehouse.conftest import FIRM_ROWS

Contracts = dict[str, Contract]
Releaser = Callable[..., Release]
COLUMNS = """SELECT column_name, data_type, is_nullable FROM information_schema.columns
             WHERE table_schema = '{0}' AND table_name = '{1}' ORDER BY ordinal_position"""


class Warehouse(Protocol):
    """A warehouse as these tests see it."""

    def publish(self, contracts: Contracts, release: Release) -> Publication: ...
    def ask(self, query: str) -> list[tuple[Any, ...]]: ...
    def comment(self, table: str, column: str) -> str: ...
    def held(self) -> Release | None: ...


class InDuckDb:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def publish(self, contracts: Contracts, release: Release) -> Publication:
        return publish_duckdb(self.folder, contracts, release)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.folder / WAREHOUSE, read_only=True) as connection:
            return connection.execute(query).fetchall()

    def comment(self, table: str, column: str) -> str:
        where = f"schema_name || '.' || table_name = '{table}' AND column_name = '{column}'"
        return str(self.ask(f"SELECT comment FROM duckdb_columns() WHERE {where}")[0][0])

    def held(self) -> Release | None:
        return held_vintage(self.folder / WAREHOUSE)


class InPostgres:
    def __init__(self, url: sa.URL) -> None:
        self.url = url

    def publish(self, contracts: Contracts, release: Release) -> Publication:
        return publish_postgres(self.url, contracts, release)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with sa.create_engine(self.url, poolclass=sa.NullPool).connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]

    def comment(self, table: str, column: str) -> str:
        schema, name = table.split(".")
        engine = sa.create_engine(self.url, poolclass=sa.NullPool)
        return str({c["name"]: c["comment"] for c in sa.inspect(engine).get_columns(name, schema=schema)}[column])

    def held(self) -> Release | None:
        return postgres.published_vintage(self.url)


@pytest.fixture(params=["DuckDB", "PostgreSQL"])
def warehouse(request: pytest.FixtureRequest, tmp_path: Path) -> Warehouse:
    if request.param == "DuckDB":
        return InDuckDb(tmp_path / "warehouse")
    return InPostgres(request.getfixturevalue("postgres_url"))


def test_every_value_is_what_the_lake_has(warehouse: Warehouse, contracts: Contracts, release_of: Releaser) -> None:
    done = warehouse.publish(contracts, release_of(2.0))
    assert (done.is_replaced, done.previous) == (True, None)
    found = warehouse.ask("SELECT * FROM source.firm ORDER BY firm_id")
    assert found == [tuple(row.values()) for row in FIRM_ROWS]
    assert [type(value) for value in found[0]] == [type(value) for value in FIRM_ROWS[0].values()]


def test_types_and_comments(warehouse: Warehouse, contracts: Contracts, release_of: Releaser) -> None:
    warehouse.publish(contracts, release_of(2.0))
    types = [kind.lower().replace("varchar", "text").replace("double precision", "double")
             for _, kind, _ in warehouse.ask(COLUMNS.format("source", "firm"))]  # fmt: skip
    assert types == ["text", "text", "integer", "bigint", "double", "boolean", "date"]
    assert warehouse.comment("source.firm", "employees") == "Persons employed at year end [persons]"
    assert warehouse.comment("source.firm", "name") == "Name as registered; 100% of it: 'quoted', too"


def test_the_vintage_is_told_and_nothing_happens_twice(
    warehouse: Warehouse, contracts: Contracts, release_of: Releaser
) -> None:
    first, second = release_of(1.0), release_of(2.0)
    warehouse.publish(contracts, first)
    assert not warehouse.publish(contracts, first).is_replaced
    done = warehouse.publish(contracts, second)
    assert (done.is_replaced, done.previous) == (True, first.vintage_id)
    held = warehouse.held()
    assert held
    assert (held.vintage_id, held.tables) == (second.vintage_id, second.tables)
    told = warehouse.ask("SELECT vintage_id, table_name, key, rows, content_sha256 FROM access.vintage ORDER BY 2")
    assert told == [(second.vintage_id, t.table_name, t.key, t.rows, t.content_sha256) for t in second.tables]


def test_going_back(warehouse: Warehouse, contracts: Contracts, release_of: Releaser) -> None:
    for share in (1.0, 2.0, 1.0):
        assert warehouse.publish(contracts, release_of(share)).is_replaced
    assert warehouse.ask("SELECT max(share_pct) FROM access.share") == [(1.0,)]


def test_a_table_that_is_no_longer_made_is_gone(
    warehouse: Warehouse, contracts: Contracts, release_of: Releaser
) -> None:
    release = release_of(1.0)
    warehouse.publish(contracts, release)
    smaller = Release("smaller", release.only("access").tables, {"access.share": release.files["access.share"]})
    warehouse.publish(contracts, smaller)
    tables = warehouse.ask(
        "SELECT table_name FROM information_schema.tables WHERE table_schema IN ('source', 'access')"
    )
    assert sorted(tables) == [("share",), ("vintage",)]


def test_columns_that_change(warehouse: Warehouse, contracts: Contracts, release_of: Releaser) -> None:
    warehouse.publish(contracts, release_of(1.0))
    columns = dict(reversed(list(contracts["source.firm"].columns.items())))
    turned = {**contracts, "source.firm": contracts["source.firm"].model_copy(update={"columns": columns})}
    rows = [dict(reversed(list(row.items()))) for row in FIRM_ROWS]
    warehouse.publish(turned, release_of(1.0, firms=rows, contracts=turned))
    assert [name for name, *_ in warehouse.ask(COLUMNS.format("source", "firm"))] == list(columns)
    assert warehouse.ask("SELECT * FROM source.firm ORDER BY firm_id") == [tuple(row.values()) for row in rows]


def test_a_publication_that_fails_leaves_the_last_vintage(
    warehouse: Warehouse, contracts: Contracts, release_of: Releaser
) -> None:
    good = release_of(1.0)
    warehouse.publish(contracts, good)
    other = release_of(2.0, firms=FIRM_ROWS[:1])
    torn = Release(other.vintage_id, other.tables, {**other.files, "source.firm": good.files["source.firm"]})
    with pytest.raises(CoopgvaError, match="3 rows were loaded where the lake has recorded 1"):
        warehouse.publish(contracts, torn)
    assert warehouse.ask("SELECT max(share_pct), (SELECT count(*) FROM source.firm) FROM access.share") == [(1.0, 3)]
    held = warehouse.held()
    assert held
    assert held.vintage_id == good.vintage_id
    assert warehouse.publish(contracts, other).is_replaced


def test_text_sorts_by_its_bytes(warehouse: Warehouse, contracts: Contracts, release_of: Releaser) -> None:
    names = ["a", "B", "Á", "_", "Z", "é"]
    rows = [{**FIRM_ROWS[2], "firm_id": str(number), "name": name} for number, name in enumerate(names)]
    warehouse.publish(contracts, release_of(1.0, firms=rows))
    found = [name for (name,) in warehouse.ask("SELECT name FROM source.firm ORDER BY name")]
    assert found == sorted(names, key=lambda name: name.encode())
