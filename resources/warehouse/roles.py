"""The people of the PostgreSQL warehouse: its roles made from `sql/warehouse/`, logins, withdrawn vintages.

Belongs here: what an administrator does once or by hand. What a publication does every night is in `postgres`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from resources.contract import LAYERS, Contract
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import REPOSITORY
from resources.warehouse.connection import has_roles, in_words, literal, one_line_errors, open_warehouse, quoted
from resources.warehouse.history import REGISTER, evolve
from resources.warehouse.postgres import grant, published_vintage, shown_views

SCRIPTS = REPOSITORY / "sql" / "warehouse"
SERVER_SCRIPT = "5_server.sql"
ROLES = {role: f"coopgva_{role}" for role in ("writer", "methodologist", "statistician", "public")}
"""What a login may be, and the role it becomes a member of."""

IDENTIFIERS = "coopgva_identifiers"
MIN_PASSWORD = 12
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_READER = {
    "search_path": "pg_catalog, access, pg_temp",
    "default_transaction_read_only": "on",
    "statement_timeout": "15min",
    "idle_in_transaction_session_timeout": "10min",
    "lock_timeout": "10s",
}
_WRITER = {
    "role": ROLES["writer"],  # so that the role owns what is made, whoever logged in
    "search_path": "pg_catalog, pg_temp",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "0",
}
_CONNECTIONS = {"writer": 20, "methodologist": 10, "statistician": 10, "public": 50}


@dataclass(frozen=True)
class Prepared:
    """What `prepare_roles` did.

    Attributes:
        target: the warehouse in words, without credentials.
        is_hardened: whether the part that needs a superuser was done.
        tables: changes of the permanent tables, in words.
    """

    target: str
    is_hardened: bool
    tables: tuple[str, ...]


def prepare_roles(url: sa.URL, contracts: Mapping[str, Contract]) -> Prepared:
    """Make roles, schemas, rights and permanent tables what `sql/warehouse/` and the contracts say, in one transaction.

    May be repeated at any time, also on a warehouse with data: whatever was granted by hand in our schemas is gone
    afterwards.

    Args:
        url: of a superuser, or of the database's owner with CREATEROLE.
        contracts: contract by table.

    Raises:
        TransportError: the server cannot be reached, or readers hold what must be changed.
        CoopgvaError: the rights do not suffice; nothing was changed.
    """
    with _by_hand(url), open_warehouse(url, is_writer=False) as engine, engine.begin() as connection:
        connection.exec_driver_sql("SELECT set_config('lock_timeout', '10s', true)")
        is_super = bool(connection.exec_driver_sql("SELECT rolsuper FROM pg_roles WHERE rolname = user").scalar())
        for script in sorted(SCRIPTS.glob("*.sql")):
            if is_super or script.name != SERVER_SCRIPT:
                _run(connection, script)
        connection.exec_driver_sql("SET LOCAL ROLE coopgva_writer")
        done = evolve(connection, {n: c for n, c in contracts.items() if c.layer == "access"})
        for name, (version, columns) in shown_views(connection, LAYERS).items():
            contract = contracts.get(name)
            # a view of an older contract is nobody's until the next publication
            if contract and version and [c.split(" ")[0] for c in columns] == list(contract.columns):
                grant(connection, contract, version)
    return Prepared(in_words(url), is_super, tuple(done))


def make_login(url: sa.URL, name: str, role: str, password: str, *, has_identifiers: bool = False) -> bool:
    """Make a login, or give an existing one this role, password and settings; a login has one role.

    The password leaves this process as a SCRAM verifier only: neither the server's log nor its list of sessions can
    show it.

    Args:
        url: of a superuser, or of a role with CREATEROLE.
        name: lower-case letters, digits, underscores; not a role of ours.
        role: a key of `ROLES`.
        password: at least `MIN_PASSWORD` characters.
        has_identifiers: also read identifying columns (methodologists only).

    Returns:
        Whether the login is new.

    Raises:
        ConfigurationError: name, role or password will not do, or `prepare_roles` has not been run.
        CoopgvaError: the server refuses.
    """
    if not _NAME.fullmatch(name) or name.startswith(("pg_", "coopgva_")):
        raise ConfigurationError(
            "not a name for a login", where=name, action="use lower-case letters, digits and underscores, not coopgva_"
        )
    if role not in ROLES:
        raise ConfigurationError(f"unknown role '{role}'", where=name, action=f"use one of {', '.join(ROLES)}")
    if has_identifiers and role != "methodologist":
        raise ConfigurationError("only methodologists may be given identifiers", where=name, action="choose that role")
    if len(password) < MIN_PASSWORD:
        raise ConfigurationError("the password is too short", where=name, action=f"use {MIN_PASSWORD} characters")
    with _by_hand(url), open_warehouse(url, is_writer=False) as engine, engine.begin() as connection:
        _demand_roles(connection, url)
        found = connection.exec_driver_sql(
            "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication "
            "FROM pg_roles WHERE rolname = %s",
            (name,),
        ).scalar()
        if found:
            raise ConfigurationError(
                "an administrator's login cannot become a reader's", where=name, action="choose another name"
            )
        driver: Any = connection.connection.driver_connection
        verifier = driver.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
        if found is None:
            connection.exec_driver_sql(f"CREATE ROLE {quoted(name)}")
        connection.exec_driver_sql(
            f"ALTER ROLE {quoted(name)} LOGIN INHERIT CONNECTION LIMIT {_CONNECTIONS[role]} "
            f"PASSWORD {literal(verifier)}"
        )
        wanted = {ROLES[role]} | ({IDENTIFIERS} if has_identifiers else set())
        for group in (*ROLES.values(), IDENTIFIERS):
            verb, word = ("GRANT", "TO") if group in wanted else ("REVOKE", "FROM")
            connection.exec_driver_sql(f"{verb} {group} {word} {quoted(name)}")
        place = f"ALTER ROLE {quoted(name)} IN DATABASE {quoted(str(url.database))}"
        connection.exec_driver_sql(f"{place} RESET ALL")
        for setting, value in (_WRITER if role == "writer" else _READER).items():
            listed = value if setting == "search_path" else literal(value)
            connection.exec_driver_sql(f"{place} SET {setting} = {listed}")
    return found is None


def withdraw_vintage(url: sa.URL, vintage_id: str, reason: str, *, is_undone: bool = False) -> None:
    """Hide a vintage of the past from `coopgva_public`; people inside still see it, with the reason.

    Raises:
        ConfigurationError: there is no such vintage, or readers have it now.
        CoopgvaError: the server refuses.
    """
    held = published_vintage(url)
    if held and held.vintage_id == vintage_id and not is_undone:
        raise ConfigurationError(
            "readers have this vintage now",
            where=vintage_id,
            action="publish a corrected one first; to close the door at once: "
            "REVOKE USAGE ON SCHEMA access, history FROM coopgva_public",
        )
    with _by_hand(url), open_warehouse(url) as engine, engine.begin() as connection:
        _demand_roles(connection, url)
        done = connection.exec_driver_sql(
            f"UPDATE {REGISTER} SET is_withdrawn = %s, reason = %s WHERE vintage_id = %s",
            (not is_undone, None if is_undone else reason, vintage_id),
        )
        if done.rowcount != 1:
            raise ConfigurationError(
                "no such vintage was published here", where=vintage_id, action="see them in history.vintage"
            )


def _by_hand(url: sa.URL) -> AbstractContextManager[None]:
    return one_line_errors(url, again="run the command again", kept="nothing was changed")


def _demand_roles(connection: sa.Connection, url: sa.URL) -> None:
    if not has_roles(connection):
        raise ConfigurationError(
            "the database has no roles of coopgva", where=in_words(url), action="run `coopgva warehouse init` first"
        )


def _run(connection: sa.Connection, script: Path) -> None:
    """Run a script as it is: the driver looks for placeholders only where it is given parameters."""
    driver: Any = connection.connection.driver_connection
    try:
        driver.execute(script.read_text(encoding="utf-8"))
    except driver_errors() as error:
        state = getattr(error, "sqlstate", None)
        line = " ".join(str(error).partition("\n")[0].split())
        raise CoopgvaError(
            f"the server refused ({line}, {state})",
            where=f"sql/warehouse/{script.name}",
            action="nothing was changed; log in as superuser, or as owner of the database with CREATEROLE "
            "and, where the roles exist already, ADMIN OPTION on them",
        ) from None


def driver_errors() -> type[Exception]:
    """The driver's base error, imported where it is needed: readers of DuckDB have no psycopg."""
    import psycopg

    return psycopg.Error
