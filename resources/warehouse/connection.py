"""Sessions with the PostgreSQL warehouse: its URL, settings of a session, encryption, errors without secrets.

Belongs here: what every connection of ours has in common. What is done with one is in `postgres` (publishing),
`versions`, `history`, `roles`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

import sqlalchemy as sa

from resources.errors import ConfigurationError, CoopgvaError, TransportError

DRIVER = "postgresql+psycopg"
URL = "COOPGVA_WAREHOUSE_URL"
LOCK_NOT_AVAILABLE, DEADLOCK, SERIALIZATION = "55P03", "40P01", "40001"
_PUBLISHER = 0x636F6F70  # key of the advisory lock: one publisher at a time
_CONNECT_SECONDS = "10"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_SESSION = (
    # Commands and no functions: until the first has run, a function could be anybody's. Whoever may create objects
    # somewhere must not be able to put one in the way of ours.
    "SET search_path = pg_catalog, pg_temp",
    "SET statement_timeout = 0",  # limits of the database are meant for readers
    "SET idle_in_transaction_session_timeout = 0",
)
_BECOME_WRITER = """
    SELECT set_config('role', r.rolname, false)
    FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
    WHERE n.nspname = 'staging' AND r.rolname = 'coopgva_writer' AND pg_has_role(session_user, r.oid, 'MEMBER')"""


def postgres_url(text: str, *, variable: str = URL) -> sa.URL:
    """Parse the warehouse's URL; a password may be left to `PGPASSWORD` or the password file.

    Parameters of the URL reach libpq as they are (`sslmode`, `sslrootcert`, `sslcert`, `sslkey`, `connect_timeout`,
    ...). A server on another machine is spoken to under TLS unless the URL or `PGSSLMODE` says otherwise: libpq alone
    would fall back to plain text without a word.

    Args:
        text: the URL.
        variable: the environment variable it comes from, for messages.

    Raises:
        ConfigurationError: not a URL, it does not name the driver, or its password is not escaped. The message does not
            repeat the URL.
    """
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError):  # ValueError: the port is no number
        url = None
    if url is None or url.drivername != DRIVER:
        raise ConfigurationError(
            "not a URL of PostgreSQL that names the driver",
            where=variable,
            action=f"write {DRIVER}://user@host/database and put the password into PGPASSWORD",
        )
    if "@" in (url.host or ""):
        raise ConfigurationError(
            "the password has an @ that is not escaped",
            where=variable,
            action="write %40 for it, or put the password into PGPASSWORD",
        )
    if _is_remote(url) and "sslmode" not in url.query and not os.environ.get("PGSSLMODE"):
        url = url.update_query_dict({"sslmode": "require"})
    if "connect_timeout" not in url.query and not os.environ.get("PGCONNECT_TIMEOUT"):
        url = url.update_query_dict({"connect_timeout": _CONNECT_SECONDS})
    return url


def in_words(url: sa.URL) -> str:
    """The warehouse without user, password and options, for messages."""
    return f"PostgreSQL {url.host or url.query.get('host') or 'local'}/{url.database or ''}"


@contextmanager
def open_warehouse(url: sa.URL, *, is_writer: bool = True) -> Iterator[sa.Engine]:
    """An engine whose sessions look at nothing but the catalogue unless a name says its schema.

    A publication takes hundreds of short transactions; they share a session or two, which end with the context.

    Args:
        url: see `postgres_url`.
        is_writer: where the roles exist, act as `coopgva_writer`, so that it owns what is made whoever logs in.
    """
    engine = sa.create_engine(url, pool_size=2, max_overflow=0, hide_parameters=True)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        with connection.cursor() as cursor:
            for command in _SESSION:
                cursor.execute(command)
            if is_writer:
                cursor.execute(_BECOME_WRITER)
        connection.commit()

    try:
        yield engine
    finally:
        engine.dispose()


def has_roles(connection: sa.Connection) -> bool:
    """Whether `coopgva warehouse init` has been run in this database."""
    query = """SELECT EXISTS (SELECT FROM pg_namespace n JOIN pg_roles r ON r.oid = n.nspowner
                              WHERE n.nspname = 'staging' AND r.rolname = 'coopgva_writer')"""
    return bool(connection.exec_driver_sql(query).scalar())


@contextmanager
def only_publisher(engine: sa.Engine, target: str) -> Iterator[None]:
    """Hold the advisory lock of publishers for as long as this connection lives.

    Raises:
        TransportError: another process holds it.
    """
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not connection.exec_driver_sql("SELECT pg_try_advisory_lock(%s)", (_PUBLISHER,)).scalar():
            raise TransportError("another process is publishing", where=target, action="wait until it has finished")
        yield


@contextmanager
def one_line_errors(
    url: sa.URL, *, again: str = "publish again", kept: str = "the last vintage stays"
) -> Iterator[None]:
    """Turn what the driver says into one line without parameters and passwords.

    Args:
        url: of the connections inside.
        again: what a person does once the cause is mended.
        kept: what did not change.

    Raises:
        TransportError: the server cannot be reached or used, or readers hold what must be changed.
        CoopgvaError: the server refuses.
    """
    target = in_words(url)
    try:
        yield
    except sa.exc.DBAPIError as error:
        state = sql_state(error)
        if state == LOCK_NOT_AVAILABLE:
            raise TransportError(
                "readers with open transactions hold the views",
                where=target,
                action=f"{kept}; end the sessions that are idle in transaction and {again}",
            ) from None
        message = scrubbed(getattr(getattr(error.orig, "diag", None), "message_primary", None) or error.orig, url)
        if isinstance(error, sa.exc.OperationalError):
            raise TransportError(
                f"the server cannot be used ({message})",
                where=target,
                action=f"check host, database, user and PGPASSWORD; {kept}",
            ) from None
        raise CoopgvaError(
            f"the server refused ({message}, {state})",
            where=target,
            action=f"{kept}; mend the cause and {again}",
        ) from None


def scrubbed(words: object, url: sa.URL) -> str:
    """What the driver or the server says, on one line, with every password it could have used blotted out."""
    line = " ".join(str(words).split())
    passwords = (url.password, url.query.get("password"), url.query.get("sslpassword"), os.environ.get("PGPASSWORD"))
    for secret in filter(None, map(str, filter(None, passwords))):
        for written in (secret, quote(secret, safe=""), quote_plus(secret)):
            line = line.replace(written, "***")
    return line


def sql_state(error: BaseException) -> str | None:
    """SQLSTATE of a driver's error, None if it has none."""
    return getattr(getattr(error, "orig", None), "sqlstate", None)


def is_passing(error: BaseException) -> bool:
    """Whether the error may be gone at the next attempt: a lock, a deadlock, a serialization failure."""
    return isinstance(error, sa.exc.DBAPIError) and sql_state(error) in {LOCK_NOT_AVAILABLE, DEADLOCK, SERIALIZATION}


def quoted(name: str) -> str:
    """A name, with its schema if it has one, as PostgreSQL quotes it."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))


def literal(text: str) -> str:
    """A text constant, with per cents doubled because the driver looks for placeholders."""
    return "'" + text.replace("'", "''").replace("%", "%%") + "'"


def _is_remote(url: sa.URL) -> bool:
    named = url.host or url.query.get("host") or os.environ.get("PGHOST") or ""
    hosts = named.split(",") if isinstance(named, str) else [part for host in named for part in host.split(",")]
    return any(host and not host.startswith(("/", "@")) and host not in _LOOPBACK for host in hosts)
