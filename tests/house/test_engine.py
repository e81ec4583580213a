"""The engine: limits hold, sums are exact, only named parameters are bound."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from methods.linkage.explanation import IDENTIFIER_METHODS
from resources.engine import EngineLimits, open_engine, run_sql


def test_limits_are_set(tmp_path: Path) -> None:
    with open_engine(EngineLimits(memory="300MB", threads=1, spill=tmp_path)) as connection:
        settings = dict(
            connection.execute(
                "SELECT name, value FROM duckdb_settings() WHERE name IN ('memory_limit', 'threads', 'temp_directory')"
            ).fetchall()
        )
    assert settings["threads"] == "1"
    assert settings["memory_limit"].startswith("286")
    assert settings["temp_directory"].startswith(str(tmp_path))
    assert not list(tmp_path.iterdir()), "the spill folder is removed"


def test_more_than_memory_spills(tmp_path: Path) -> None:
    with open_engine(EngineLimits(memory="200MB", threads=2, spill=tmp_path)) as connection:
        row = connection.execute(
            "SELECT count(*) FROM (SELECT hash(i) AS h, i, repeat('x', 50) AS t FROM range(4000000) r(i) ORDER BY h)"
        ).fetchone()
    assert row == (4_000_000,)


def test_sums_do_not_depend_on_the_order_of_rows(tmp_path: Path) -> None:
    with open_engine(EngineLimits(spill=tmp_path)) as connection:
        connection.execute(
            "CREATE TABLE t AS SELECT (hash(i) % 1000000007) / 7.0 AS v, hash(i + 1) AS h FROM range(300000) r(i)"
        )
        sums = {
            connection.execute(f"SELECT exact_sum(v) FROM (SELECT v FROM t ORDER BY {order})").fetchone()
            for order in ("h", "h DESC", "v")
        }
    assert len(sums) == 1


def test_statements_bind_only_the_parameters_they_name(tmp_path: Path) -> None:
    with open_engine(EngineLimits(spill=tmp_path)) as connection:
        run_sql(
            connection, "CREATE TABLE t AS SELECT $a AS a; SELECT a + $b AS c FROM t", {"a": 1, "b": 2, "unused": 3}
        )
        assert connection.fetchone() == (3,)


def test_no_extension_is_fetched(tmp_path: Path) -> None:
    with open_engine(EngineLimits(spill=tmp_path)) as connection, pytest.raises(duckdb.Error):
        connection.execute("SELECT * FROM 'https://localhost:1/x.parquet'")


@pytest.mark.parametrize(
    ("code", "rev2", "rev21"),
    [
        ("01.11", "A", "A"),
        ("25.62", "C", "C"),
        ("62.01", "J", "K"),
        ("58.11", "J", "J"),
        ("64.19", "K", "L"),
        ("70.22", "M", "N"),
        ("86.10", "Q", "R"),
        ("96.01", "S", "T"),
        ("99.00", "U", "V"),
        ("C", "C", "C"),
        ("00.00", None, None),
    ],
)
def test_sections_move_between_versions(tmp_path: Path, code: str, rev2: str | None, rev21: str | None) -> None:
    with open_engine(EngineLimits(spill=tmp_path)) as connection:
        row = connection.execute("SELECT nace_rev2_section($c), nace_rev21_section($c)", {"c": code}).fetchone()
    assert row == (rev2, rev21)


def test_place_key(tmp_path: Path) -> None:
    with open_engine(EngineLimits(spill=tmp_path)) as connection:
        row = connection.execute(
            "SELECT place_key('Budapest XI. kerület'), place_key('GYŐR'), place_key('győr '), place_key('-')"
        ).fetchone()
    assert row == ("BUDAPEST", "GYOR", "GYOR", None)


def test_sql_and_python_name_the_same_identifier_methods() -> None:
    named = [*IDENTIFIER_METHODS, "name", "name_and_place", "short_name", "former_name", "decision", "none"]
    with open_engine(EngineLimits()) as connection:
        rows = connection.execute(
            "SELECT method FROM unnest($methods) AS m(method) WHERE is_identifier_method(method)", {"methods": named}
        ).fetchall()
    assert [method for (method,) in rows] == list(IDENTIFIER_METHODS)
