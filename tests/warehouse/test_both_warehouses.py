"""A refreshed economy in DuckDB and in PostgreSQL: equal tables, value for value, and equal answers."""

from __future__ import annotations

import decimal
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa

from resources.contract import Contract, load_contracts
from resources.home import REPOSITORY, Home
from resources.lake import Lake
from resources.warehouse.duckdb_file import WAREHOUSE
from resources.warehouse.postgres import publish_postgres
from resources.warehouse.reading import connect_published
from resources.warehouse.release import make_release
from resources.warehouse.versions import INDEXES
from tests.postgres_server import empty_database
from tests.sample_home import make_sample_home

QUERIES = sorted((REPOSITORY / "sql" / "queries").glob("*.sql"))
CONTRACTS = load_contracts(REPOSITORY / "contracts")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    return Home(make_sample_home(tmp_path_factory, worker_id))


@pytest.fixture(scope="module")
def engine(postgres_server: sa.URL, home: Home) -> Iterator[sa.Engine]:
    """The economy's vintage in PostgreSQL, all four layers."""
    lake = Lake(home.lake)
    vintage = lake.vintages()[-1]
    versions = {name: lake.version(name, key) for name, key in vintage.tables.items()}
    release = make_release(vintage.vintage_id, {n: v for n, v in versions.items() if v}, lake)
    assert len(release.tables) == len(vintage.tables)
    with empty_database(postgres_server) as url:
        publish_postgres(url, CONTRACTS, release)
        engine = sa.create_engine(url, poolclass=sa.NullPool)
        yield engine
        engine.dispose()


def ask(engine: sa.Engine, query: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        found = connection.execute(sa.text(query.replace(":", "\\:")))
        return list(found.keys()), [tuple(map(plain, row)) for row in found]


def plain(value: Any) -> Any:
    """Exact decimals as doubles, which is what DuckDB answers."""
    return float(value) if isinstance(value, decimal.Decimal) else value


def is_same(found: Any, wanted: Any) -> bool:
    """Equal; doubles up to the order in which they were summed."""
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-12)
    return bool(found == wanted)


def test_every_table_is_equal_value_for_value(home: Home, engine: sa.Engine) -> None:
    with duckdb.connect(home.warehouse / WAREHOUSE, read_only=True) as connection:
        tables = connection.sql("SELECT table_name, rows FROM access.vintage ORDER BY 1").fetchall()
        assert {name.split(".")[0] for name, _ in tables} == {"source", "integration", "interpretation", "access"}
        assert len(tables) > 80
        differing = []
        for name, rows in tables:
            contract: Contract = CONTRACTS[name]
            query = f"SELECT {', '.join(contract.columns)} FROM {name} ORDER BY {', '.join(contract.grain)}"
            expected = connection.execute(query).fetchall()
            assert len(expected) == rows
            if ask(engine, query)[1] != expected:
                differing.append(name)
        assert differing == []
        assert (
            ask(engine, "SELECT * FROM access.vintage ORDER BY table_name")[1]
            == connection.execute("SELECT * FROM access.vintage ORDER BY table_name").fetchall()
        )


@pytest.mark.parametrize("path", QUERIES, ids=lambda p: p.stem)
def test_worked_questions_have_one_answer(path: Path, home: Home, engine: sa.Engine) -> None:
    question = path.read_text(encoding="utf-8")
    with connect_published(home) as connection:
        found = connection.execute(question)
        names, expected = [column[0] for column in found.description or []], found.fetchall()
    if "access.vintage" in question:  # the small file lists published tables, the database all
        question = question.replace("ORDER BY", "WHERE table_name LIKE 'access.%' ORDER BY")
    answered, rows = ask(engine, question)
    assert answered == names
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert all(map(is_same, row, map(plain, wanted))), (row, wanted)


def test_tables_of_the_house_have_keys_references_and_comments(engine: sa.Engine) -> None:
    def count(query: str) -> int:
        return int(ask(engine, query)[1][0][0])

    tables = count("SELECT count(*) FROM access.vintage")
    of_staging = "FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE c.relname LIKE '%\\_\\_%' "
    of_staging += "AND c.relnamespace = 'staging'::regnamespace"
    assert count(f"SELECT count(*) {of_staging} AND contype = 'p'") == tables
    assert count(f"SELECT count(*) {of_staging} AND contype = 'f' AND convalidated") > 20
    without = """SELECT count(*) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
                 WHERE c.relnamespace IN ('source'::regnamespace, 'integration'::regnamespace,
                                          'interpretation'::regnamespace, 'access'::regnamespace)
                   AND c.relkind IN ('v', 'r') AND a.attnum > 0 AND col_description(c.oid, a.attnum) IS NULL"""
    assert count(without) == 0
    indexes = count("SELECT count(*) FROM pg_indexes WHERE schemaname = 'staging' AND indexname !~ '_pkey'")
    assert indexes == sum(map(len, INDEXES.values()))


def test_a_worked_question_takes_its_index(engine: sa.Engine) -> None:
    """With rows enough; told not to read whole tables, the planner shows which way there is."""
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        question = (REPOSITORY / "sql" / "queries" / "14_three_lines.sql").read_text(encoding="utf-8")
        plan = "\n".join(connection.execute(sa.text("EXPLAIN " + question)).scalars())
    assert "table_code_numerator_code_reference_year_idx" in plan or "Index Cond" in plan
