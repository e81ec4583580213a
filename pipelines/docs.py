"""`coopgva docs`: Great Expectations Data Docs of one vintage, for people inside.

Belongs here: which tables are shown and where the pages go. Does not belong here: the verdicts that count, which are
recorded with every table version and come along as `verdicts.csv`. The pages show values of single firms and load
styles and pictures from the internet, so they are made on demand, readable by the owner alone, and part of no release.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from resources.contract import Contract
from resources.durable import folder_beside
from resources.errors import ConfigurationError
from resources.home import REPOSITORY, Home
from resources.lake import Lake, Version

VERDICTS = "verdicts.csv"
SAMPLES = 5


def docs(
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write; it must not exist or be empty.")],
    vintage: Annotated[str, typer.Option(help="Id of a vintage, its number, or latest.")] = "latest",
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Home directory; COOPGVA_HOME or ./.coopgva by default.", file_okay=False),
    ] = None,
) -> None:
    """Write Great Expectations Data Docs of a vintage: confidential, for inside only."""
    from rich.console import Console

    from pipelines.vintages import find_vintage

    lake = Lake(Home.from_environment(home).lake)
    chosen = find_vintage(lake, vintage)
    versions = [v for table, key in sorted(chosen.tables.items()) if (v := lake.version(table, key))]
    with Console(stderr=True).status("validating") as shown:
        count = write_data_docs(lake, versions, chosen.vintage_id, out, shown.update)
    typer.echo(f"vintage {chosen.vintage_id}: Data Docs of {count} tables, open {out.absolute() / 'index.html'}")
    typer.echo("confidential: they show values of single firms; browsers load their styles from the internet")


def write_data_docs(
    lake: Lake, versions: list[Version], vintage_id: str, out: Path, tell: Callable[[str], object] = str
) -> int:
    """Run the suites of table versions and write their Data Docs and the recorded verdicts.

    Args:
        lake: that has the versions.
        versions: of one vintage.
        vintage_id: becomes the name of the run.
        out: to write; the owner alone may read it.
        tell: hears which table is being validated.

    Returns:
        How many tables have expectations and are shown.

    Raises:
        ConfigurationError: the folder has something in it or cannot be written, or a contract is wrong.
    """
    from resources.contract import load_contracts

    contracts = load_contracts(REPOSITORY / "contracts")
    shown = [v for v in versions if v.table in contracts and contracts[v.table].expectations]
    shown = [v for v in shown if v.facts.get("configured") is not False]  # without a source there is nothing to see
    with _private_folder(out) as folder:
        context, source = _context(folder)
        for version in shown:
            tell(f"validating {version.table}")
            _validate(context, source, contracts[version.table], lake.path(version.table, version.key), vintage_id)
        context.build_data_docs()
        _write_verdicts(folder / VERDICTS, versions)
    return len(shown)


def _context(folder: Path) -> tuple[Any, Any]:
    """A context in memory whose only site is the folder, and its source of frames."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    import great_expectations as gx
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False, metric_calculations=False)
    for name in list(context.get_site_names()):
        context.delete_data_docs_site(name)
    site: Any = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder)},
    }
    context.add_data_docs_site("vintage", site)
    return context, context.data_sources.add_pandas("lake")


def _validate(context: Any, source: Any, contract: Contract, path: Path, vintage_id: str) -> None:
    """One suite, run over the columns that it names, as the nightly job does; its result is what the site shows."""
    import duckdb
    import great_expectations as gx

    from resources.engine import EngineLimits, open_engine
    from resources.expectations import _configured as configured
    from resources.row_rules import checked_columns, quoted

    columns = checked_columns(contract) or list(contract.columns)[:1]
    with open_engine(EngineLimits(), {contract.table: path}) as connection:
        try:
            frame = connection.sql(f"SELECT {', '.join(map(quoted, columns))} FROM {contract.table}").df()
        except duckdb.BinderException:
            raise ConfigurationError(
                "the table of this vintage has other columns than its contract has today",
                where=contract.table,
                action="choose a later --vintage",
            ) from None
    suite = gx.ExpectationSuite(name=contract.table)
    for expectation in contract.expectations:
        suite.add_expectation(configured(contract, expectation))
    whole = source.add_dataframe_asset(contract.table).add_batch_definition_whole_dataframe("whole")
    definition = context.validation_definitions.add(
        gx.ValidationDefinition(name=contract.table, data=whole, suite=context.suites.add(suite))
    )
    # a table that names people or firms shows none of its values, as in the recorded verdicts
    samples = 0 if contract.confidentiality == "identifying" else SAMPLES
    definition.run(
        batch_parameters={"dataframe": frame},
        result_format={"result_format": "SUMMARY", "partial_unexpected_count": samples},
        run_id=gx.RunIdentifier(run_name=vintage_id),
    )


def _write_verdicts(path: Path, versions: list[Version]) -> None:
    """Every recorded check of every table, those on SQL and on deliveries too, which Data Docs do not know."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("table", "check", "severity", "passed", "description"))
        for version in versions:
            for check in version.checks:
                passed = str(check.passed).lower()
                writer.writerow((version.table, check.name, check.severity, passed, check.description))


@contextmanager
def _private_folder(out: Path) -> Iterator[Path]:
    """Yield a folder that only the owner may enter; it takes its name when everything in it is written."""
    out = out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ConfigurationError("something is there already", where=str(out), action="choose another --out")
    before = os.umask(0o077)
    try:
        with folder_beside(out) as temporary:
            yield temporary
            temporary.replace(out)  # an empty folder gives way
    finally:
        os.umask(before)
