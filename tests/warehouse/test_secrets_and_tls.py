"""Connections of an office: TLS as the URL wants it, and no password anywhere when things go wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dagster as dg
import pytest
import sqlalchemy as sa

from assets import gate as gate_module
from assets.access import release as release_module
from assets.access.release import build_release
from assets.dagster_asset import WorkshopResource
from assets.workshop import Workshop
from resources.errors import ConfigurationError, CoopgvaError, TransportError
from resources.home import REPOSITORY
from resources.warehouse import versions
from resources.warehouse.connection import URL, open_warehouse, postgres_url
from resources.warehouse.postgres import publish_postgres, published_vintage
from resources.warehouse.roles import make_login
from resources.warehouse.target import PUBLIC_URL, publish_release
from tests.postgres_office import Office
from tests.warehouse.office_house import CONTRACTS, make, open_desk, rows_of

MARKER = "m4rk3r+p@ss/w0rd%25"
"""A password with everything that a URL has to escape."""


def text(url: sa.URL) -> str:
    return url.render_as_string(hide_password=False)


@pytest.fixture
def tls_office(office: Office) -> Office:
    if not office.has_tls:
        pytest.skip("this PostgreSQL was built without TLS: install the package postgresql")
    return office


class TestTls:
    def test_the_session_is_encrypted_and_the_server_verified(self, tls_office: Office) -> None:
        url = postgres_url(text(tls_office.url))
        assert url.query["sslmode"] == "verify-full"
        with open_warehouse(url) as engine, engine.connect() as connection:
            query = "SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
            assert tuple(connection.exec_driver_sql(query).one()) == (True, "TLSv1.3")

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            ({"sslrootcert": "other"}, "certificate verify failed"),
            ({"host": "localhost"}, "does not match host name"),
            ({"sslmode": "disable"}, "no encryption"),
        ],
    )
    def test_what_is_not_safe_is_refused(self, tls_office: Office, change: dict[str, str], says: str) -> None:
        url = tls_office.url
        if "host" in change:
            url = url.set(host=change["host"])
        else:
            other = {"sslrootcert": str(tls_office.other_certificate)}
            url = url.update_query_dict(other if "sslrootcert" in change else change)
        with pytest.raises(TransportError, match=says) as caught:
            published_vintage(postgres_url(text(url)))
        assert "\n" not in str(caught.value)
        assert str(tls_office.url.password) not in str(caught.value)

    def test_everything_of_the_url_reaches_the_driver(self) -> None:
        options = {
            "sslmode": "verify-ca",
            "sslrootcert": "/etc/ca.crt",
            "sslcert": "/etc/me.crt",
            "sslkey": "/etc/me.key",
            "connect_timeout": "3",
        }
        url = postgres_url(text(sa.make_url("postgresql+psycopg://me@db.example/w").update_query_dict(options)))
        _, arguments = sa.create_engine(url).dialect.create_connect_args(url)
        assert options.items() <= arguments.items()

    @pytest.mark.parametrize(
        ("host", "mode"),
        [
            ("db.example", "require"),
            ("10.0.0.7", "require"),
            ("localhost", None),
            ("127.0.0.1", None),
            ("[::1]", None),
            ("", None),
        ],
    )
    def test_a_server_elsewhere_is_spoken_to_under_tls(
        self, host: str, mode: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("PGSSLMODE", "PGHOST"):
            monkeypatch.delenv(name, raising=False)
        assert postgres_url(f"postgresql+psycopg://me@{host}/w").query.get("sslmode") == mode
        wanted = postgres_url(f"postgresql+psycopg://me@{host}/w?sslmode=disable").query["sslmode"]
        assert wanted == "disable", "plain text has to be asked for"
        monkeypatch.setenv("PGSSLMODE", "verify-full")
        assert "sslmode" not in postgres_url(f"postgresql+psycopg://me@{host}/w").query

    def test_the_host_may_be_in_the_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PGSSLMODE", raising=False)
        monkeypatch.setenv("PGHOST", "db.example")
        assert postgres_url("postgresql+psycopg:///w").query["sslmode"] == "require"


class TestUrls:
    @pytest.mark.parametrize(
        "wrong",
        [
            "postgresql+psycopg://me:m4rk3r@host:port/w",
            "postgresql://me:m4rk3r@host/w",
            "m4rk3r",
            "postgresql+psycopg://me:x@m4rk3r@host/w",
        ],
    )
    def test_a_wrong_url_is_not_repeated(self, wrong: str) -> None:
        with pytest.raises(ConfigurationError) as caught:
            postgres_url(wrong)
        assert "m4rk3r" not in str(caught.value)


def traces(folder: Path) -> list[str]:
    """Files below a folder in which the marker stands, as it is or as a URL has it."""
    in_url = text(sa.URL.create("x", "me", MARKER, "host")).removeprefix("x://me:").removesuffix("@host")
    written = {word.encode() for word in (MARKER, in_url, quote(MARKER, safe=""))}
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(word in path.read_bytes() for word in written)]


class TestNoPasswordAnywhere:
    def test_traces_are_found(self, tmp_path: Path) -> None:
        (tmp_path / "a").write_text(f"password={MARKER}", encoding="utf-8")
        (tmp_path / "b").write_text(text(sa.URL.create("x", "me", MARKER, "host")), encoding="utf-8")
        (tmp_path / "c").write_text("nothing", encoding="utf-8")
        assert [Path(p).name for p in sorted(traces(tmp_path))] == ["a", "b"]

    def test_in_what_dagster_records(
        self,
        office: Office,
        house: Any,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        """A release fails for want of the right password, a server, a database, a right."""
        name = f"nobody_{office.url.database}"
        with sa.create_engine(office.url, isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("SET log_statement = 'none'")
            connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN PASSWORD '{MARKER.replace('%', '%%')}'")
        wrong = office.url.set(password=MARKER)
        nobody = wrong.set(username=name)
        failures = {
            "password authentication failed": wrong,
            "connection refused": wrong.set(port=1),
            'database "nowhere" does not exist': nobody.set(database="nowhere"),
            "permission denied for database": nobody,
        }
        house.made()
        monkeypatch.setattr(gate_module, "sql_file", lambda name: "SELECT 1 WHERE false")
        monkeypatch.setattr(Workshop, "contracts", property(lambda self: house.contracts))
        monkeypatch.setattr(release_module, "RETRY", dg.RetryPolicy(max_retries=0))
        asset = build_release(house.tables(), house.contracts)
        resources = {"workshop": WorkshopResource(home=str(house.home.root))}
        records = tmp_path / "dagster"
        records.mkdir()
        with dg.DagsterInstance.local_temp(str(records)) as instance:
            for reason, url in failures.items():
                monkeypatch.setenv(URL, text(url))
                result = dg.materialize([asset], resources=resources, instance=instance, raise_on_error=False)
                assert not result.success
                said = " ".join(str(event.event_specific_data) for event in result.all_events)
                assert reason.lower() in said.lower()
                assert MARKER not in said
        assert traces(records) == []
        assert traces(house.home.root) == []
        out, err = capfd.readouterr()
        assert MARKER not in out + err

    def test_in_logs_and_lists_of_processes(
        self, office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Logins are made and a vintage is published while the server logs every statement and its parameters."""
        environment = os.environ | {
            "COOPGVA_WAREHOUSE_ADMIN_URL": text(office.url.set(password=None)),
            "PGPASSWORD": str(office.url.password),
            "COOPGVA_LOGIN_PASSWORD": MARKER,
        }

        def coopgva(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [sys.executable, "-c", "from pipelines.cli import main; main()", "warehouse", *arguments]
            return subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)

        prepared = coopgva("init")
        assert (prepared.returncode, prepared.stderr) == (0, "")
        assert prepared.stdout.endswith("roles and rights are as they should be\n")
        name = f"nightly_{office.url.database}"
        made = coopgva("login", name, "--role", "writer")
        assert (made.returncode, made.stdout) == (0, f"{name}: made, role writer\n")

        seen: list[bytes] = []
        copy = versions._copy

        def watched(*arguments: Any) -> int:
            for arguments_of in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.append(arguments_of.read_bytes())
                except OSError:
                    continue  # it has ended
            return copy(*arguments)

        monkeypatch.setattr(versions, "_copy", watched)
        url = office.login(name, MARKER)
        assert publish_postgres(url, CONTRACTS, make(tmp_path / "lake", 1, rows_of(1.0))).is_replaced
        assert any(b"postgres" in line for line in seen), "the server's processes were looked at"
        assert not any(MARKER.encode() in line for line in seen)
        assert MARKER not in prepared.stderr + made.stderr
        log = office.log.read_text(encoding="utf-8", errors="replace")
        assert f'ALTER ROLE "{name}"' in log, "statements are logged"
        assert "SCRAM-SHA-256$" in log
        assert MARKER not in log

    def test_when_a_login_is_refused_by_the_server(self, office: Office) -> None:
        desk = open_desk(office)
        desk.do("admin", f"ALTER ROLE {desk.url('public').username} IN DATABASE {office.url.database} RESET ALL")
        with pytest.raises(CoopgvaError, match="mend the cause and run the command again") as caught:
            make_login(desk.url("public"), "someone", "public", MARKER)
        assert MARKER not in str(caught.value)
        assert desk.passwords["public"] not in str(caught.value)
        assert "permission denied" in str(caught.value)


def test_a_database_with_nothing_but_what_is_published(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = f"{office.url.database}_outside"
    admin = sa.create_engine(office.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {outside}")
    try:
        monkeypatch.setenv(URL, text(office.url))
        monkeypatch.setenv(PUBLIC_URL, text(office.url.set(database=outside)))
        done = publish_release(tmp_path / "warehouse", CONTRACTS, make(tmp_path / "lake", 1, rows_of(1.0)))
        assert [p.target.split("/")[0] for p in done] == ["PostgreSQL 127.0.0.1", "PostgreSQL 127.0.0.1", "DuckDB"]
        with sa.create_engine(office.url.set(database=outside), poolclass=sa.NullPool).connect() as connection:
            query = "SELECT relname FROM pg_class WHERE oid > 16383 AND relkind IN ('r', 'v', 'p') ORDER BY 1"
            names = [name.split("__")[:2] for name in connection.exec_driver_sql(query).scalars()]
            assert connection.exec_driver_sql("SELECT max(share_pct) FROM access.share").scalar() == 1.0
        assert {"share", "vintage", "access"} == {name[0] for name in names}
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE {outside} WITH (FORCE)")
