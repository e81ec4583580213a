"""`coopgva warehouse`: roles, logins and withdrawn vintages of a PostgreSQL warehouse, for its administrator.

Passwords are read from the environment or typed, never from an argument: everybody can list arguments of processes.
"""

from __future__ import annotations

import os
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from resources.errors import ConfigurationError

if TYPE_CHECKING:
    import sqlalchemy as sa

ADMIN_URL = "COOPGVA_WAREHOUSE_ADMIN_URL"
PASSWORD = "COOPGVA_LOGIN_PASSWORD"

warehouse_app = typer.Typer(help="PostgreSQL warehouse: roles, logins, withdrawn vintages.", no_args_is_help=True)


class Role(StrEnum):
    """What a login may be."""

    WRITER = "writer"
    METHODOLOGIST = "methodologist"
    STATISTICIAN = "statistician"
    PUBLIC = "public"


@warehouse_app.command("init")
def init() -> None:
    """Make roles, schemas, rights and permanent tables; may be repeated, and takes back what was granted by hand.

    Needs COOPGVA_WAREHOUSE_ADMIN_URL: a superuser, or the owner of the database with CREATEROLE.
    """
    from resources.contract import load_contracts
    from resources.home import REPOSITORY
    from resources.warehouse.roles import prepare_roles

    done = prepare_roles(_admin_url(), load_contracts(REPOSITORY / "contracts"))
    for line in done.tables:
        typer.echo(line)
    typer.echo(f"{done.target}: roles and rights are as they should be")
    if not done.is_hardened:
        typer.echo(
            "not done, because it needs a superuser: sql/warehouse/5_server.sql (large objects, advisory locks, DO)"
        )


@warehouse_app.command("login")
def login(
    name: Annotated[str, typer.Argument(help="Lower-case letters, digits, underscores.")],
    role: Annotated[Role, typer.Option(help="What the login may be; it has one role.")],
    identifiers: Annotated[
        bool, typer.Option("--identifiers", help="Also columns that identify a firm (methodologists only).")
    ] = False,
) -> None:
    """Make a login, or give an existing one this role and another password.

    The password is taken from COOPGVA_LOGIN_PASSWORD or asked for.
    """
    from resources.warehouse.roles import make_login

    url = _admin_url()
    password = os.environ.get(PASSWORD) or typer.prompt("password", hide_input=True, confirmation_prompt=True)
    is_new = make_login(url, name, role.value, password, has_identifiers=identifiers)
    typer.echo(f"{name}: {'made' if is_new else 'changed'}, role {role.value}")


@warehouse_app.command("withdraw")
def withdraw(
    vintage: Annotated[str, typer.Argument(help="Id of a vintage that readers no longer have.")],
    reason: Annotated[str, typer.Option(help="Why, for people inside.")] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Let it stand again.")] = False,
) -> None:
    """Hide a vintage of the past from the public; people inside still see it, with the reason."""
    from resources.warehouse.roles import withdraw_vintage

    if not reason and not undo:
        raise ConfigurationError("no reason given", where=vintage, action='write --reason "..."')
    withdraw_vintage(_admin_url(), vintage, reason, is_undone=undo)
    typer.echo(f"{vintage}: {'stands again' if undo else 'withdrawn'}")


def _admin_url() -> sa.URL:
    from resources.warehouse.connection import URL, postgres_url

    for variable in (ADMIN_URL, URL):
        text = os.environ.get(variable)
        if text:
            return postgres_url(text, variable=variable)
    raise ConfigurationError(
        "no warehouse is named", where=ADMIN_URL, action="set it to postgresql+psycopg://postgres@host/database"
    )
