"""`coopgva export`: the published tables as files for others.

Belongs here: which vintage is exported, and what a person reads. Does not belong here: how files are written
(`publication`). Only what readers may see is read: the published file, or for an earlier vintage the versions of its
`access` tables, if the publication log has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from resources.errors import ConfigurationError, CoopgvaError
from resources.home import REPOSITORY, Home

if TYPE_CHECKING:
    import pyarrow as pa

LAYER = "access"


def export(
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder to write; an earlier export in it is replaced.")],
    formats: Annotated[
        str,
        typer.Option("--format", help="Of csv, parquet, xlsx, sdmx-csv, sdmx-ml, with commas; all by default."),
    ] = "",
    vintage: Annotated[str, typer.Option(help="A published vintage; what readers see by default.")] = "",
    home: Annotated[
        Path | None,
        typer.Option("--home", help="Home directory; COOPGVA_HOME or ./.coopgva by default.", file_okay=False),
    ] = None,
) -> None:
    """Write the published tables as CSV, Parquet, XLSX and SDMX, with a datapackage.json over them."""
    from rich.console import Console

    from publication.export import FORMATS, check_formats, write_export
    from resources.contract import load_contracts

    chosen = tuple(name.strip() for name in formats.split(",")) if formats else FORMATS
    check_formats(chosen)
    with Console(stderr=True).status("writing"):
        vintage_id, tables = published_tables(Home.from_environment(home), vintage)
        files = write_export(tables, load_contracts(REPOSITORY / "contracts"), vintage_id, out, chosen)
    typer.echo(f"vintage {vintage_id}: {len(tables)} tables in {len(files)} files written to {out.absolute()}")


def published_tables(home: Home, vintage: str = "") -> tuple[str, Mapping[str, pa.Table | Path]]:
    """The published tables of a vintage, by name, and its id.

    Args:
        home: whose tables.
        vintage: id, the beginning of one, number, or `latest`; what readers see now when empty.

    Returns:
        Id of the vintage; tables as Arrow, or as paths of Parquet files for an earlier vintage.

    Raises:
        ConfigurationError: there is no such vintage, or it was not published.
        CoopgvaError: nothing is published, or a file is damaged.
    """
    from resources.warehouse.reading import connect_published, published_vintage

    release = published_vintage(home)
    if vintage:
        wanted = _earlier(home, vintage)
        if wanted[0] != release.vintage_id:
            return wanted
    with connect_published(home) as connection:
        names = [table.table_name for table in release.tables if table.table_name.startswith(f"{LAYER}.")]
        return release.vintage_id, {n: connection.execute(f"SELECT * FROM {n}").to_arrow_table() for n in names}


def _earlier(home: Home, name: str) -> tuple[str, Mapping[str, Path]]:
    """The versions of the lake that an earlier release made readable."""
    from pipelines.vintages import find_vintage
    from resources.lake import Lake
    from resources.publications import publication_log

    lake = Lake(home.lake)
    vintage = find_vintage(lake, name)
    if not any(entry["vintage_id"] == vintage.vintage_id for entry in publication_log(home)):
        raise ConfigurationError(
            f"vintage {vintage.vintage_id} was not published",
            where="--vintage",
            action="see `coopgva vintages list`",
        )
    tables = {}
    for table, key in sorted(vintage.tables.items()):
        if not table.startswith(f"{LAYER}."):
            continue
        version = lake.version(table, key)
        if version is None or not lake.is_intact(version):
            raise CoopgvaError(
                "the file of this version is missing or damaged",
                where=str(lake.path(table, key)),
                action="restore the lake from its copy, or export another vintage",
            )
        tables[table] = lake.path(table, key)
    return vintage.vintage_id, tables
