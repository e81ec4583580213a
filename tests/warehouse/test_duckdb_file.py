"""The DuckDB warehouse: swap under readers, modes, comments, repetition, kills."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from filelock import FileLock

from resources.contract import Contract
from resources.errors import CoopgvaError, TransportError
from resources.home import REPOSITORY, Home
from resources.warehouse import duckdb_file
from resources.warehouse.duckdb_file import ACCESS, WAREHOUSE, publish_duckdb
from resources.warehouse.reading import connect_published, published_vintage
from resources.warehouse.release import Release

Contracts = dict[str, Contract]
Releaser = Callable[..., Release]


def shares(path: Path) -> list[tuple[object, ...]]:
    """Read in another process: DuckDB shares one instance per file within a process."""
    code = "import duckdb,sys; print(duckdb.connect(sys.argv[1], read_only=True).sql(sys.argv[2]).fetchall())"
    query = "SELECT reference_year, share_pct FROM access.share ORDER BY ALL"
    answer = subprocess.run([sys.executable, "-c", code, path, query], capture_output=True, text=True, check=True)
    return list(eval(answer.stdout))  # a list of tuples of numbers that the line above printed


def test_both_files_hold_the_vintage(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    release = release_of(2.0)
    done = publish_duckdb(home.warehouse, contracts, release)
    assert (done.is_replaced, done.previous) == (True, None)
    with duckdb.connect(home.warehouse / WAREHOUSE, read_only=True) as connection:
        assert connection.sql("SELECT count(*), count(DISTINCT firm_id) FROM source.firm").fetchall() == [(3, 3)]
        rows = connection.sql("SELECT * FROM access.vintage ORDER BY table_name").fetchall()
    assert rows == [(release.vintage_id, t.table_name, t.key, t.rows, t.content_sha256) for t in release.tables]
    with connect_published(home) as connection:
        tables = connection.sql("SELECT table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        assert tables == [("share",), ("vintage",)]
        assert connection.sql("SELECT table_name FROM access.vintage").fetchall() == [("access.share",)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            connection.execute("DELETE FROM access.share")
    assert published_vintage(home).vintage_id == release.vintage_id


def test_modes_and_no_leftovers(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    previous = os.umask(0)
    try:
        publish_duckdb(home.warehouse, contracts, release_of(2.0))
    finally:
        os.umask(previous)
    files = {p.name: oct(stat.S_IMODE(p.stat().st_mode)) for p in home.warehouse.iterdir() if p.suffix != ".lock"}
    assert files == {WAREHOUSE: "0o600", ACCESS: "0o644"}


@pytest.mark.parametrize("fails", ["mkdir", "lock", "build"])
def test_a_folder_that_cannot_be_written_is_named(
    fails: str, home: Home, contracts: Contracts, release_of: Releaser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    release = release_of(2.0)
    target = {"mkdir": (Path, "mkdir"), "lock": (duckdb_file, "FileLock"), "build": (tempfile, "mkdtemp")}
    monkeypatch.setattr(*target[fails], refuse)
    with pytest.raises(CoopgvaError) as failure:
        publish_duckdb(home.warehouse, contracts, release)
    assert str(failure.value).startswith(f"{home.warehouse}: cannot write there (Permission denied); ")


def test_the_file_is_private_while_it_is_built(
    home: Home, contracts: Contracts, release_of: Releaser, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    build = duckdb_file._build

    def watched(path: Path, *rest: object) -> None:
        seen.append(stat.S_IMODE(path.parent.stat().st_mode))
        build(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(duckdb_file, "_build", watched)
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    assert seen == [0o700, 0o700]


def test_comments_and_types_reach_the_file(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    with duckdb.connect(home.warehouse / WAREHOUSE, read_only=True) as connection:
        columns = connection.sql("""
            SELECT column_name, data_type, is_nullable, comment FROM duckdb_columns()
            WHERE schema_name = 'source' ORDER BY column_index""").fetchall()
        tables = connection.sql("SELECT comment FROM duckdb_tables() WHERE table_name = 'share'").fetchall()
    assert columns[:3] == [
        ("firm_id", "VARCHAR", False, "The register's own number"),
        ("name", "VARCHAR", True, "Name as registered; 100% of it: 'quoted', too"),
        ("employees", "INTEGER", True, "Persons employed at year end [persons]"),
    ]
    assert [c[1] for c in columns[3:]] == ["BIGINT", "DOUBLE", "BOOLEAN", "DATE"]
    assert tables[0][0].startswith("Share of cooperating firms. The published share (%, 100%s of it) by year")


def test_an_open_reader_keeps_the_old_vintage(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    reader = subprocess.Popen(
        [
            sys.executable,
            "-c",
            textwrap.dedent("""
                import duckdb, sys
                connection = duckdb.connect(sys.argv[1], read_only=True)
                print("connected", flush=True)  # and has read no row yet
                for line in sys.stdin:
                    print(connection.sql("SELECT max(share_pct) FROM access.share").fetchone()[0], flush=True)
                """),
            home.warehouse / ACCESS,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert reader.stdin
    assert reader.stdout

    def ask() -> str:
        assert reader.stdin
        assert reader.stdout
        reader.stdin.write("?\n")
        reader.stdin.flush()
        return reader.stdout.readline().strip()

    try:
        assert reader.stdout.readline() == "connected\n"
        done = publish_duckdb(home.warehouse, contracts, release_of(3.0))
        assert (ask(), ask()) == ("2.0", "2.0")
        assert done.previous == release_of(2.0).vintage_id
        assert shares(home.warehouse / ACCESS) == [(2022, None), (2023, 3.0)]
    finally:
        reader.stdin.close()
        reader.wait(10)
        reader.stdout.close()


def test_no_byte_of_the_old_files_is_touched(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    with (home.warehouse / WAREHOUSE).open("rb") as warehouse, (home.warehouse / ACCESS).open("rb") as access:
        before = warehouse.read(), access.read()
        publish_duckdb(home.warehouse, contracts, release_of(3.0))
        warehouse.seek(0)
        access.seek(0)
        assert (warehouse.read(), access.read()) == before


def test_the_same_vintage_is_not_published_twice(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    files = [home.warehouse / WAREHOUSE, home.warehouse / ACCESS]
    inodes = [p.stat().st_ino for p in files]
    done = publish_duckdb(home.warehouse, contracts, release_of(2.0))
    assert not done.is_replaced
    assert [p.stat().st_ino for p in files] == inodes
    (home.warehouse / ACCESS).unlink()
    assert publish_duckdb(home.warehouse, contracts, release_of(2.0)).is_replaced
    assert (home.warehouse / WAREHOUSE).stat().st_ino == inodes[0]


def test_going_back_while_this_process_still_reads_the_old_file(
    home: Home, contracts: Contracts, release_of: Releaser
) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    with duckdb.connect(home.warehouse / ACCESS, read_only=True), duckdb.connect(home.warehouse / WAREHOUSE, True):
        publish_duckdb(home.warehouse, contracts, release_of(3.0))
        assert publish_duckdb(home.warehouse, contracts, release_of(2.0)).is_replaced
    assert shares(home.warehouse / ACCESS) == [(2022, None), (2023, 2.0)]


def test_a_file_of_another_layout_is_built_again(
    home: Home, contracts: Contracts, release_of: Releaser, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    monkeypatch.setattr("resources.warehouse.schema.LAYOUT", 999)
    assert publish_duckdb(home.warehouse, contracts, release_of(2.0)).is_replaced


def test_only_access_where_another_database_serves_the_rest(
    home: Home, contracts: Contracts, release_of: Releaser
) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0), has_warehouse=False)
    assert (home.warehouse / ACCESS).exists()
    assert not (home.warehouse / WAREHOUSE).exists()


@pytest.mark.parametrize("moment", ["build", "between"])
def test_kill_leaves_the_old_vintage_and_the_next_run_finishes(
    home: Home, contracts: Contracts, release_of: Releaser, moment: str
) -> None:
    """SIGKILL after the tables are loaded, or between the two renames."""
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    release = release_of(3.0)
    script = textwrap.dedent("""
        import pickle, sys, time
        from resources.warehouse import duckdb_file
        folder, contracts, release = pickle.loads(sys.stdin.buffer.read())
        moment = sys.argv[1]
        original = duckdb_file._load if moment == "build" else duckdb_file.replacing
        calls = []
        def slow(*arguments, **more):
            calls.append(1)
            if len(calls) == 2:
                print("now", flush=True)
                time.sleep(60)
            return original(*arguments, **more)
        setattr(duckdb_file, "_load" if moment == "build" else "replacing", slow)
        duckdb_file.publish_duckdb(folder, contracts, release)
        """)
    import pickle

    child = subprocess.Popen(
        [sys.executable, "-c", script, moment],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert child.stdin
    assert child.stdout
    child.stdin.write(pickle.dumps((home.warehouse, contracts, release)))
    child.stdin.close()
    assert child.stdout.readline() == b"now\n"
    child.send_signal(signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL
    child.stdout.close()

    assert shares(home.warehouse / ACCESS) == [(2022, None), (2023, 2.0)]
    assert list(home.warehouse.glob(".building-*"))
    assert publish_duckdb(home.warehouse, contracts, release).is_replaced
    assert shares(home.warehouse / ACCESS) == [(2022, None), (2023, 3.0)]
    assert shares(home.warehouse / WAREHOUSE) == [(2022, None), (2023, 3.0)]
    assert {p.name for p in home.warehouse.iterdir()} == {WAREHOUSE, ACCESS, ".publishing.lock"}


def test_a_truncated_lake_file_is_noticed(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    publish_duckdb(home.warehouse, contracts, release_of(2.0))
    good, other = (
        release_of(3.0),
        release_of(3.0, firms=[{**dict.fromkeys(contracts["source.firm"].columns), "firm_id": "9"}]),
    )
    mixed = type(good)(good.vintage_id, good.tables, {**good.files, "source.firm": other.files["source.firm"]})
    with pytest.raises(CoopgvaError, match=r"source\.firm: 1 rows were loaded where the lake has recorded 3"):
        publish_duckdb(home.warehouse, contracts, mixed)
    assert shares(home.warehouse / ACCESS) == [(2022, None), (2023, 2.0)]


def test_an_unreadable_lake_file_is_one_line(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    release = release_of(2.0)
    release.files["source.firm"].write_bytes(b"no parquet")
    with pytest.raises(CoopgvaError, match="could not be built") as caught:
        publish_duckdb(home.warehouse, contracts, release)
    assert "\n" not in str(caught.value)
    assert str(home.warehouse / WAREHOUSE) in str(caught.value)


def test_two_publishers_take_turns(
    home: Home, contracts: Contracts, release_of: Releaser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(duckdb_file, "_WAIT_SECONDS", 0.2)
    home.warehouse.mkdir(parents=True)
    holder = FileLock(home.warehouse / ".publishing.lock", is_singleton=False)
    started = time.monotonic()
    with holder, pytest.raises(TransportError, match="another process is publishing"):
        publish_duckdb(home.warehouse, contracts, release_of(2.0))
    assert time.monotonic() - started < 10
    assert publish_duckdb(home.warehouse, contracts, release_of(2.0)).is_replaced


def test_rows_keep_the_order_of_the_lake(home: Home, contracts: Contracts, release_of: Releaser) -> None:
    empty = dict.fromkeys(contracts["source.firm"].columns)
    firms = [{**empty, "firm_id": f"{n:07d}"} for n in range(300_000)]
    publish_duckdb(home.warehouse, contracts, release_of(2.0, firms=firms))
    with duckdb.connect(home.warehouse / WAREHOUSE, read_only=True) as connection:
        rows = connection.sql("SELECT firm_id FROM source.firm").fetchnumpy()["firm_id"]
    assert list(rows) == [f["firm_id"] for f in firms]


class TestNothingPublished:
    def test_no_file(self, home: Home) -> None:
        with pytest.raises(CoopgvaError, match=r"access\.duckdb: nothing is published yet; run `coopgva refresh`"):
            connect_published(home)

    def test_no_database(self, home: Home) -> None:
        home.warehouse.mkdir(parents=True)
        (home.warehouse / ACCESS).write_bytes(b"x" * 5000)
        with pytest.raises(CoopgvaError, match="cannot be read") as caught:
            published_vintage(home)
        assert "\n" not in str(caught.value)

    def test_someone_elses_database(self, home: Home) -> None:
        home.warehouse.mkdir(parents=True)
        with duckdb.connect(home.warehouse / ACCESS) as connection:
            connection.execute("CREATE TABLE t AS SELECT 1 AS x")
        with pytest.raises(CoopgvaError, match="cannot be read"):
            published_vintage(home)
