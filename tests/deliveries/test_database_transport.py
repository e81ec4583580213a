"""Databases: ordered queries become canonical CSV, and nothing is written back."""

from __future__ import annotations

import datetime as dt
import sqlite3
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
import sqlalchemy as sa

from resources.deliveries import Archive
from resources.errors import ConfigurationError, DeliveryError, TransportError
from resources.transport.base import TransportSettings
from resources.transport.database import canonical
from tests.deliveries.loopback import NIGHT, Fetch, leftovers

QUERY = "select id, name, gva from firm order by id"
EXPECTED = 'id,name,gva\n1,"Alföld, Kft.",1.5\n2,"He said ""x"":y",\n3,,-2.0\n'
ROWS = [(2, 'He said "x":y', None), (1, "Alföld, Kft.", 1.5), (3, None, -2.0)]


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    """A register in SQLite."""
    path = tmp_path / "register.db"
    with sqlite3.connect(path) as connection:
        connection.execute("create table firm(id integer, name text, gva double)")
        connection.executemany("insert into firm values (?, ?, ?)", ROWS)
    connection.close()
    return path


@pytest.fixture
def duck(tmp_path: Path) -> Path:
    """The same in DuckDB."""
    path = tmp_path / "register.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create table firm(id integer, name varchar, gva double)")
        connection.executemany("insert into firm values (?, ?, ?)", ROWS)
    return path


@pytest.mark.usefixtures("sqlite", "duck")
@pytest.mark.parametrize("url", ["sqlite:///register.db", "duckdb:///register.duckdb"])
def test_rows_become_canonical_csv(fetching: Fetch, url: str) -> None:
    first = fetching(url, query=QUERY)
    (part,) = first.delivery.parts
    assert (part.name, part.path.read_text(encoding="utf-8")) == ("projects.csv", EXPECTED)
    assert not fetching(url, query=f"{QUERY};", now=NIGHT.replace(year=2025)).is_new


@pytest.mark.usefixtures("sqlite")
def test_many_batches_are_one_file(fetching: Fetch, impatient: TransportSettings) -> None:
    query = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 1001) select i from n order by i"
    delivery = fetching("sqlite:///register.db", query=query, settings=replace(impatient, rows_per_batch=10)).delivery
    assert delivery.parts[0].path.read_text() == "i\n" + "".join(f"{i}\n" for i in range(1, 1002))


@pytest.mark.usefixtures("sqlite")
def test_colons_and_percent_signs_are_text(fetching: Fetch) -> None:
    query = "select id from firm where name like '%:y' or name = ':x' order by id"
    assert fetching("sqlite:///register.db", query=query).delivery.parts[0].path.read_text() == "id\n2\n"


@pytest.mark.usefixtures("sqlite", "duck")
@pytest.mark.parametrize("url", ["sqlite:///register.db", "duckdb:///register.duckdb"])
@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("select id from nofirm order by id", r"refuses the query \(.*nofirm"),
        ("select nothing from firm order by 1", r"refuses the query \(.*nothing"),
        ("select id from firm where id > 9 order by id", "returns no rows"),
        ("select id, id from firm order by 1", "two columns named id"),
        ("with x as (select 1) delete from firm where id in (select id from firm order by 1)", "refuses the query"),
    ],
)
def test_queries_that_fail(fetching: Fetch, archive: Archive, url: str, query: str, says: str) -> None:
    with pytest.raises(DeliveryError, match=says) as failure:
        fetching(url, query=query)
    assert str(failure.value).startswith(f"source projects ({url}): ")
    assert not leftovers(archive)
    assert fetching(url, query=QUERY).delivery.size == len(EXPECTED.encode())


@pytest.mark.parametrize("url", ["sqlite:///none.db", "duckdb:///none.duckdb", "sqlite://"])
def test_missing_file_is_not_created(fetching: Fetch, tmp_path: Path, url: str) -> None:
    with pytest.raises(DeliveryError, match="file not found"):
        fetching(url, query=QUERY)
    assert not [p for p in tmp_path.iterdir() if p.name.startswith("none")]


@pytest.mark.usefixtures("sqlite")
def test_size_limit(fetching: Fetch) -> None:
    with pytest.raises(DeliveryError, match="larger than the limit"):
        fetching("sqlite:///register.db", query=QUERY, max_bytes=20)


def test_locked_database_is_worth_another_attempt(sqlite: Path, fetching: Fetch) -> None:
    connection = sqlite3.connect(sqlite, isolation_level=None)
    connection.execute("begin exclusive")
    with pytest.raises(TransportError, match="locked"):
        fetching("sqlite:///register.db?timeout=0.05", query=QUERY)
    connection.close()


def test_nobody_listens_and_the_password_stays_hidden(fetching: Fetch) -> None:
    with pytest.raises(TransportError) as failure:
        fetching(
            "postgresql+psycopg://clerk:${DB_PASSWORD}@127.0.0.1:9/register?connect_timeout=1",
            query=QUERY,
            environ={"DB_PASSWORD": "ge@heim"},
        )
    assert "postgresql+psycopg://clerk:***@127.0.0.1:9/register" in str(failure.value)
    assert "heim" not in str(failure.value)


def test_missing_driver_is_named(fetching: Fetch) -> None:
    with pytest.raises(ConfigurationError, match=r"driver of oracle\+oracledb is not installed"):
        fetching("oracle+oracledb://u:p@h/db", query=QUERY)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (True, "true"),
        (12, "12"),
        (0.1, "0.1"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1.50"), "1.50"),
        (dt.date(2024, 5, 31), "2024-05-31"),
        (dt.datetime(2024, 5, 31, 2), "2024-05-31T02:00:00"),
        (dt.datetime(2024, 5, 31, 2, tzinfo=dt.timezone(dt.timedelta(hours=2))), "2024-05-31T00:00:00+00:00"),
        (dt.time(2, 30), "02:30:00"),
        (b"\x00\xff", "00ff"),
        ({"b": [1, Decimal("2.5")], "a": "ő"}, '{"a": "ő", "b": [1, "2.5"]}'),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_canonical_text(value: object, text: str) -> None:
    assert canonical(value) == text


def test_postgresql(postgres_url: sa.URL, fetching: Fetch) -> None:
    postgres = postgres_url.render_as_string(hide_password=False)
    engine = sa.create_engine(postgres_url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.execute(sa.text("create table firm(id integer, name text, gva double precision)"))
        connection.execute(
            sa.text("insert into firm values (:id, :name, :gva)"),
            [dict(zip(("id", "name", "gva"), row, strict=True)) for row in ROWS],
        )
    assert fetching(postgres, query=QUERY).delivery.parts[0].path.read_text(encoding="utf-8") == EXPECTED
    with pytest.raises(DeliveryError, match="refuses the query"):
        fetching(postgres, query="with x as (delete from firm returning id) select id from x order by id")
    with engine.begin() as connection:
        assert connection.execute(sa.text("select count(*) from firm")).scalar() == 3
        connection.execute(sa.text("drop table firm"))
        connection.execute(sa.text("create sequence counter"))
    with pytest.raises(DeliveryError, match="read-only transaction"):
        fetching(postgres, query="select nextval('counter') as i order by i")
    with pytest.raises(DeliveryError, match="firm"):
        fetching(postgres, query=QUERY)
    many = "select i, i::text as s, now()::date >= date '2024-01-01' as b from generate_series(1, 50000) i order by i"
    text = fetching(postgres, query=many).delivery.parts[0].path.read_text()
    assert text.startswith("i,s,b\n1,1,true\n")
    assert text.count("\n") == 50_001
