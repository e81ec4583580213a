"""The commands of the person on call: `alerts`, `lineage`, `backup`, `restore`, `maintain`. See docs/operations.md.

Belongs here: options, their help, what is printed. Does not belong here: how it is done (`pipelines.operations`).
"""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from resources.home import Home

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home directory; COOPGVA_HOME or ./.coopgva by default.", file_okay=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="As one JSON document, for programs.")]

alerts_app = typer.Typer(help="Who is told when something breaks (alerts.yaml in the home).", no_args_is_help=True)


@alerts_app.command("test")
def alerts_test(home: HomeOption = None) -> None:
    """Send a test message over every channel."""
    from pipelines.operations.alerts import send_test

    for channel in send_test(Home.from_environment(home), os.environ):
        typer.echo(f"{channel}: taken")


@alerts_app.command("digest")
def alerts_digest(home: HomeOption = None) -> None:
    """Tell what is still broken, as the daemon does every morning; for a cron job where no daemon runs."""
    from pipelines.operations.after_refresh import digest
    from pipelines.operations.log_lines import write_lines

    where = Home.from_environment(home)
    write_lines(where)
    troubles, told = digest(where, now=dt.datetime.now(dt.UTC))
    for trouble in troubles:
        typer.echo(f"{'broken ' if trouble.is_error else 'warning'} {trouble.what}: {trouble.reason}")
    typer.echo(f"{len(troubles)} causes, told by {', '.join(told.sent) or 'nobody'}")
    for line in told.failures:
        typer.echo(f"coopgva: {line}", err=True)
    if told.failures or any(trouble.is_error for trouble in troubles):
        raise typer.Exit(1)


def lineage(
    table: Annotated[str, typer.Argument(help="A published table, such as target_tracker.")],
    key: Annotated[str, typer.Argument(help="The cell: column=value of its primary key, separated by commas.")],
    home: HomeOption = None,
    vintage: Annotated[str | None, typer.Option(help="Another vintage than the published one.")] = None,
    is_verified: Annotated[
        bool, typer.Option("--verify", help="Read the delivered bytes again and compare their hashes.")
    ] = False,
    is_json: JsonOption = False,
) -> None:
    """Where a published cell comes from: tables, versions, and the files of its deliveries with their hashes."""
    from pipelines.operations.lineage import lineage as trace
    from pipelines.operations.lineage import print_lineage

    found = trace(Home.from_environment(home), table, key, vintage=vintage, is_verified=is_verified)
    if is_json:
        json.dump(found.as_document(), sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        print_lineage(found)
    if any(file.is_intact is False for file in found.files):
        raise typer.Exit(1)


def backup(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A new folder, not inside the home.")],
    home: HomeOption = None,
) -> None:
    """Copy the home into a new folder, with hashes; also while a refresh runs. Dagster's PostgreSQL is not in it."""
    from pipelines.operations.backup import backup as make

    made = make(Home.from_environment(home), folder, now=dt.datetime.now(dt.UTC))
    typer.echo(f"{len(made.files):,} files, {made.size / 1e6:,.1f} MB, {len(made.vintages)} vintages in {folder}")


def restore(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="A folder that `coopgva backup` wrote.")],
    home: HomeOption = None,
) -> None:
    """Put a backup back into an empty home; every hash is compared."""
    from pipelines.operations.backup import restore as put_back

    where = Home.from_environment(home)
    found = put_back(where, folder)
    typer.echo(
        f"{len(found.files):,} files of {found.created_at[:16].replace('T', ' ')} UTC restored to {where.root}; "
        f"next: coopgva status --home {where.root}"
    )


def maintain(
    home: HomeOption = None,
    is_dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> None:
    """Remove what nobody needs: old runs and logs, temporary files, table versions that no kept vintage needs."""
    from pipelines.instance import open_instance
    from pipelines.operations.maintenance import maintain as clean

    where = Home.from_environment(home)
    with open_instance(where) as instance:
        done = clean(where, instance, now=dt.datetime.now(dt.UTC), is_dry=is_dry)
    for line in done.lines:
        typer.echo(line)
