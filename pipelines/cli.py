"""The command line `coopgva`: thin, documented, over the same code that the Dagster UI runs.

Belongs here: options, their help, and what a person reads when something is wrong. Does not belong here: how anything
is done. Heavy modules are imported inside the commands, so that `coopgva --help` answers at once.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipelines.audit import audit
from pipelines.docs import docs
from pipelines.export import export
from pipelines.link import link
from pipelines.link_sample import sample as sample_links
from pipelines.operations_commands import alerts_app, backup, lineage, maintain, restore
from pipelines.protect import protect
from pipelines.query import Format
from pipelines.vintage_commands import calendar, explain, release, revisions
from pipelines.warehouse_commands import warehouse_app
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home

INTERRUPTED = 130

app = typer.Typer(
    name="coopgva",
    help="How much of an economy's gross value added comes from firms that cooperate.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
vintages_app = typer.Typer(help="Vintages: which version of every table was published together.", no_args_is_help=True)
app.add_typer(vintages_app, name="vintages")
link_app = typer.Typer(help="Record linkage on its own, and the clerical sample of a home's links.")
link_app.callback(invoke_without_command=True)(link)
link_app.command("sample")(sample_links)
app.add_typer(link_app, name="link")
app.add_typer(warehouse_app, name="warehouse")
app.command()(protect)
app.command()(audit)
app.command()(release)
for command in (explain, revisions, calendar):
    vintages_app.command()(command)
app.add_typer(alerts_app, name="alerts")
app.command()(lineage)
app.command()(backup)
app.command()(restore)
app.command()(maintain)
app.command()(export)
app.command()(docs)

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home directory; COOPGVA_HOME or ./.coopgva by default.", file_okay=False),
]


def main() -> NoReturn:
    """Entry point: errors are one line on stderr; exit code 1 for a failed check or run, 2 for wrong usage."""
    try:
        code = app(prog_name="coopgva", standalone_mode=False)
        sys.stdout.flush()
    except CoopgvaError as error:
        code = _say(str(error), error.exit_code)
    except typer.TyperException as error:
        line = " ".join(error.format_message().split())
        code = _say(f"{line} (coopgva --help lists commands and options)", error.exit_code) if line else error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = _say("interrupted", INTERRUPTED)
    except BrokenPipeError:
        # The reader of a pipe has seen enough (`coopgva query ... | head`); flushing at exit must not fail again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        code = 1
    raise SystemExit(code)


def _say(line: str, code: int) -> int:
    print(f"coopgva: {line}", file=sys.stderr)
    return code


@app.command()
def sample(
    firms: Annotated[int, typer.Option(min=1, help="Number of firms.")] = 20_000,
    seed: Annotated[int, typer.Option(min=0, help="Equal seeds give equal bytes.")] = 1,
    out: Annotated[Path | None, typer.Option(file_okay=False, help="Folder to write; the home by default.")] = None,
) -> None:
    """Write a sample economy: deliveries in the publishers' formats, their sources.yaml, and the truth."""
    from rich.console import Console

    from sample.generate import generate

    folder = (out or Home.from_environment().root).absolute()
    with Console(stderr=True).status("drawing the economy") as shown:
        try:
            generate(firms, seed, folder, progress=lambda step, number, of: shown.update(f"{step} ({number} of {of})"))
        except ValueError as error:
            raise ConfigurationError(str(error), where="--firms", action="ask for a larger sample") from None
        except OSError as error:
            raise ConfigurationError(
                f"cannot write there ({error.strerror or error})", where=str(folder), action="choose another --out"
            ) from None
    typer.echo(f"{firms:,} firms (seed {seed}) written to {folder}; next: coopgva refresh --home {folder}")


@app.command()
def refresh(
    home: HomeOption = None,
    sources: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Another sources.yaml than the home's own.")
    ] = None,
    as_of: Annotated[
        str, typer.Option("--as-of", help="ISO date or date-time: use what was delivered by then; fetches nothing.")
    ] = "",
    full: Annotated[bool, typer.Option("--full", help="Run every step, also where nothing changed.")] = False,
) -> None:
    """Fetch deliveries, recompute what depends on what changed, release, and print the headline.

    Work that is there is not done again: an interrupted refresh resumes, and one without news takes seconds. Two at
    once in one home take turns.
    """
    from rich.console import Console

    from pipelines.progress import ProgressDisplay, own_stderr
    from pipelines.recorded_refresh import refresh as run_refresh

    if sources is not None:
        if not sources.exists():
            raise ConfigurationError("file not found", where=str(sources), action="name an existing sources.yaml")
        os.environ["COOPGVA_SOURCES"] = str(sources.absolute())
    where = Home.from_environment(home)
    with _clean_interrupts(), own_stderr() as stream, ProgressDisplay(Console(file=stream)) as display:
        done = run_refresh(where, display, as_of=as_of, is_full=full)
    _tell(where, done, as_of)


def _tell(home: Home, done: object, as_of: str) -> None:
    from rich.console import Console

    from assets.access.release import warehouse_folder
    from pipelines.headline import find_truth, print_headline, read_headline, read_truth, release_page
    from pipelines.refresh import Refreshed
    from resources.parameters import load_parameters
    from resources.warehouse.duckdb_file import ACCESS

    assert isinstance(done, Refreshed)
    console = Console()
    for line in done.warnings:
        console.print(f"warning: {line}", markup=False, highlight=False, soft_wrap=True)
    for line in done.quarantined:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    published = warehouse_folder(home, as_of or None) / ACCESS
    truth = find_truth(home)
    print_headline(
        console, read_headline(published), read_truth(truth, load_parameters(home.parameters)) if truth else {}
    )
    computed = len(done.computed)
    status = str(done.release.get("status", ""))
    console.print(
        f"{computed} of {done.plan.tables} tables recomputed; {status}", markup=False, highlight=False, soft_wrap=True
    )
    console.print(
        f"published tables: {published}{'' if as_of else f' (read them with: {_query_hint(home)})'}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    page = release_page(home)
    if page and not as_of:
        console.print(f"release page: {page} (open it in a browser)", markup=False, highlight=False, soft_wrap=True)


def _query_hint(home: Home) -> str:
    """The command that reads this home's published tables; `--home` only where it is needed."""
    named = "" if home == Home.from_environment() else f" --home {shlex.quote(str(home.root))}"
    return f'coopgva query "select ..."{named}'


@app.command()
def ui(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(min=1, max=65535)] = 3000,
    host: Annotated[str, typer.Option(help="Dagster has no login: anything but loopback opens it to all.")] = (
        "127.0.0.1"
    ),
) -> None:
    """Start the Dagster UI and its daemon on this home."""
    from pipelines.ui import serve

    serve(Home.from_environment(home), host=host, port=port)


@app.command()
def query(
    statement: Annotated[str, typer.Argument(help='SQL, for example "select * from access.target_tracker".')],
    home: HomeOption = None,
    output: Annotated[Format, typer.Option("--format", help="How rows are printed.")] = Format.TABLE,
) -> None:
    """Read the published tables (schema `access`)."""
    from pipelines.query import query as run_query

    run_query(Home.from_environment(home), statement, output, sys.stdout)


@app.command()
def status(
    home: HomeOption = None,
    is_json: Annotated[bool, typer.Option("--json", help="As one JSON document, for programs.")] = False,
) -> None:
    """What was delivered, what is published, what is broken, what runs next; exit code 1 if something is broken."""
    from pipelines.status import print_status

    if print_status(Home.from_environment(home), is_json=is_json):
        raise typer.Exit(1)


@vintages_app.command("list")
def vintages_list(home: HomeOption = None) -> None:
    """All vintages, oldest first."""
    from pipelines.vintages import print_list

    print_list(Home.from_environment(home))


@vintages_app.command("show")
def vintages_show(vintage: str, home: HomeOption = None) -> None:
    """Tables, rows and deliveries of one vintage (its id, its number, or `latest`)."""
    from pipelines.vintages import print_one

    print_one(Home.from_environment(home), vintage)


@vintages_app.command("diff")
def vintages_diff(old: str, new: str, home: HomeOption = None) -> None:
    """What differs between two vintages: shares in words and figures, cells, deliveries, parameters, tables."""
    from pipelines.vintages import print_difference

    print_difference(Home.from_environment(home), old, new)


@contextmanager
def _clean_interrupts() -> Iterator[None]:
    """Ctrl-C and SIGTERM end a refresh with one line; what was finished stays and is not done again."""
    import dagster as dg

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except (KeyboardInterrupt, dg.DagsterExecutionInterruptedError):
        print("coopgva: interrupted; run the command again to resume where it stopped", file=sys.stderr)
        raise SystemExit(INTERRUPTED) from None


if __name__ == "__main__":
    main()
