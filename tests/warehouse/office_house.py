"""A published warehouse with roles and logins, for tests of who may read what."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from resources.contract import Contract
from resources.durable import file_sha256, fingerprint
from resources.warehouse.release import Published, Release
from resources.warehouse.roles import make_login, prepare_roles
from tests.postgres_office import Office
from tests.warehouse.conftest import FIRM, FIRM_ROWS, SHARE, share_rows

VALUE: dict[str, Any] = {
    "table": "interpretation.firm_value",
    "title": "Value of firms",
    "purpose": "Value added by firm and year, made up for tests.",
    "grain": ["firm_id", "reference_year"],
    "gsbpm": "5.7",
    "confidentiality": "confidential",
    "columns": {
        "firm_id": {"type": "varchar", "description": "The register's own number", "confidentiality": "identifying"},
        "reference_year": {"type": "integer", "description": "Year that the value refers to"},
        "value_huf_mn": {"type": "double", "unit": "HUF mn", "description": "Value added"},
        "largest_huf_mn": {
            "type": "double",
            "description": "Contribution of the largest plant",
            "confidentiality": "identifying",
        },
    },
}
VALUE_ROWS = [
    {"firm_id": "1", "reference_year": 2022, "value_huf_mn": 10.5, "largest_huf_mn": 9.25},
    {"firm_id": "1", "reference_year": 2023, "value_huf_mn": 11.5, "largest_huf_mn": 9.5},
    {"firm_id": "2", "reference_year": 2023, "value_huf_mn": 7.5, "largest_huf_mn": 7.0},
]
CELL: dict[str, Any] = {
    "table": "interpretation.cell",
    "title": "Cells",
    "purpose": "Cells before disclosure control, made up for tests.",
    "grain": ["reference_year"],
    "gsbpm": "6.2",
    "confidentiality": "confidential",
    "columns": {
        "reference_year": {"type": "integer", "description": "Year that the cell refers to"},
        "share_pct": {"type": "double", "unit": "%", "description": "Share before disclosure control"},
    },
}
MEMBER: dict[str, Any] = {
    "table": "interpretation.member",
    "title": "Members",
    "purpose": "Who cooperates, a table that identifies as a whole, made up for tests.",
    "grain": ["firm_id"],
    "gsbpm": "5.7",
    "confidentiality": "identifying",
    "columns": {"firm_id": {"type": "varchar", "description": "The register's own number"}},
}
UNIT: dict[str, Any] = {**FIRM, "table": "integration.firm"}
CONTRACTS = {c["table"]: Contract.model_validate(c) for c in (FIRM, UNIT, VALUE, CELL, MEMBER, SHARE)}


def rows_of(share: float) -> dict[str, list[dict[str, Any]]]:
    """The rows of every table."""
    return {
        "source.firm": FIRM_ROWS,
        "integration.firm": FIRM_ROWS,
        "interpretation.firm_value": VALUE_ROWS,
        "interpretation.cell": [{"reference_year": 2022, "share_pct": 98765.4321}],
        "interpretation.member": [{"firm_id": "1"}],
        "access.share": share_rows(share),
    }


def make(
    folder: Path, number: int, rows: Mapping[str, list[dict[str, Any]]], contracts: Mapping[str, Contract] = CONTRACTS
) -> Release:
    """The release of these rows; `number` is the vintage's."""
    folder.mkdir(exist_ok=True, parents=True)
    tables, files = [], {}
    for name, content in sorted(rows.items()):
        key = fingerprint([contracts[name].fingerprint, [[str(v) for v in row.values()] for row in content]])[:32]
        path = folder / f"{name}-{key}.parquet"
        pq.write_table(pa.Table.from_pylist(content, contracts[name].schema), path)
        tables.append(Published(name, key, len(content), file_sha256(path)))
        files[name] = path
    return Release(f"{number:06d}-{fingerprint([t.key for t in tables])[:8]}", tuple(tables), files)


@dataclass
class Desk:
    """An office with its roles prepared, and a login for each.

    Attributes:
        office: the server with the database.
        passwords: by login, drawn for this run.
    """

    office: Office
    passwords: dict[str, str] = field(default_factory=dict, repr=False)

    def url(self, login: str) -> sa.URL:
        """The URL of a login."""
        return self.office.login(f"{login}_{self.office.url.database}", self.passwords[login])

    def add(self, login: str, role: str, *, has_identifiers: bool = False) -> bool:
        """Make a login, or give an existing one another password and role."""
        self.passwords[login] = secrets.token_urlsafe(24)
        name = f"{login}_{self.office.url.database}"
        return make_login(self.office.url, name, role, self.passwords[login], has_identifiers=has_identifiers)

    @contextmanager
    def session(self, login: str) -> Iterator[psycopg.Connection]:
        """A session of a login, as its own client would open it."""
        url = self.office.url if login == "admin" else self.url(login)
        text = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(text, autocommit=True) as connection:
            yield connection

    def ask(self, login: str, query: str) -> list[tuple[Any, ...]]:
        """The rows that a login gets."""
        with self.session(login) as connection:
            return connection.execute(query).fetchall()  # type: ignore[call-overload]

    def do(self, login: str, *statements: str) -> None:
        """Run statements as a login."""
        with self.session(login) as connection:
            for statement in statements:
                connection.execute(statement)  # type: ignore[call-overload]


def open_desk(office: Office) -> Desk:
    """Roles, and one login for each of them; `clerk` is a methodologist with identifiers."""
    prepare_roles(office.url, CONTRACTS)
    desk = Desk(office)
    for role in ("writer", "methodologist", "statistician", "public"):
        desk.add(role, role)
    desk.add("clerk", "methodologist", has_identifiers=True)
    return desk


def refused(desk: Desk, login: str, statement: str) -> str:
    """The server's refusal; fails where the statement was carried out."""
    with desk.session(login) as connection, pytest.raises(psycopg.Error) as caught:
        carry_out(connection, statement)
    return str(caught.value)


def carry_out(connection: psycopg.Connection, statement: str) -> None:
    """Run a statement to its last row, COPY included."""
    with connection.cursor() as cursor:
        if statement.startswith("COPY") and statement.endswith("STDOUT"):
            with cursor.copy(statement) as rows:  # type: ignore[call-overload]
                list(rows)
            return
        cursor.execute(statement)  # type: ignore[call-overload]
        if cursor.description:
            cursor.fetchall()
