"""A release's folder: every published table in every format that was asked for, and the data package over them.

Belongs here: which format makes which files, and that a folder is whole or not there. Does not belong here: where the
tables come from.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow as pa

from publication.data_package import CC_BY, DATA_PACKAGE, NAME, Licence, write_data_package
from publication.files import write_csv, write_parquet, write_workbook
from publication.release_file import ReleaseFile
from publication.release_table import release_table
from publication.sdmx.data import TABLE, observations
from publication.sdmx.write import CSV_FORMATS, ML_FORMATS, NO_CLOCK, SdmxFormat, write_data, write_structure
from resources.contract import Contract
from resources.durable import folder_beside, sync_folder
from resources.errors import ConfigurationError

FORMATS = ("csv", "parquet", "xlsx", "sdmx-csv", "sdmx-ml")
DATA, SDMX = "data", "sdmx"
WORKBOOK = "coopgva.xlsx"


def write_export(
    tables: Mapping[str, pd.DataFrame | pa.Table | Path],
    contracts: Mapping[str, Contract],
    vintage_id: str,
    folder: Path,
    formats: Sequence[str] = FORMATS,
    *,
    embargo: str | None = None,
    licence: Licence = CC_BY,
) -> list[ReleaseFile]:
    """Write published tables into a folder of their own, which is there whole or not at all.

    Args:
        tables: the published tables (`access.*`) as frames, Arrow tables or paths of Parquet files.
        contracts: contract by table.
        vintage_id: the vintage that the tables are of.
        folder: to write; an earlier export in it is replaced, anything else is left alone and refused.
        formats: of `FORMATS`.
        embargo: ISO date-time until which the release is not public; becomes EMBARGO_DATE and stands in the package.
        licence: terms of use.

    Returns:
        The files, `datapackage.json` not among them.

    Raises:
        ConfigurationError: an unknown format, a folder with something else in it, or a time that is none.
        CoopgvaError: a table breaks its contract, has an unknown code or a key twice, or a withheld row has a number.
    """
    check_formats(formats)
    until = parse_embargo(embargo)
    with replacing_folder(folder) as temporary:
        files = write_files(tables, contracts, vintage_id, temporary, formats, embargo=until)
        write_data_package(temporary, files, vintage_id, embargo=until, licence=licence)
    return [
        ReleaseFile(folder / file.path.relative_to(temporary), file.title, file.form, file.mediatype, file.contract)
        for file in files
    ]


def write_files(
    tables: Mapping[str, pd.DataFrame | pa.Table | Path],
    contracts: Mapping[str, Contract],
    vintage_id: str,
    folder: Path,
    formats: Sequence[str] = FORMATS,
    *,
    embargo: str | None = None,
) -> list[ReleaseFile]:
    """Write the files of an export into a folder that is there, for a release that puts more beside them.

    Arguments and errors as in `write_export`; the caller makes the folder appear at once and writes the data package.
    """
    released = {name: (contracts[name], release_table(contracts[name], tables[name])) for name in sorted(tables)}
    files: list[ReleaseFile] = []
    data = folder / DATA
    data.mkdir(exist_ok=True)
    for contract, table in released.values():
        if "csv" in formats:
            files.append(write_csv(data / f"{contract.name}.csv", contract, table))
        if "parquet" in formats:
            files.append(write_parquet(data / f"{contract.name}.parquet", contract, table, vintage_id))
    if "xlsx" in formats:
        files.append(write_workbook(data / WORKBOOK, released, vintage_id, embargo))
    if not any(data.iterdir()):
        data.rmdir()
    chosen = (*(CSV_FORMATS if "sdmx-csv" in formats else ()), *(ML_FORMATS if "sdmx-ml" in formats else ()))
    if chosen and TABLE in released:
        files += _sdmx(folder / SDMX, *released[TABLE], chosen, vintage_id, embargo)
    return files


def _sdmx(
    folder: Path,
    contract: Contract,
    table: pa.Table,
    formats: tuple[SdmxFormat, ...],
    vintage_id: str,
    embargo: str | None,
) -> list[ReleaseFile]:
    frames = observations(contract, table)
    folder.mkdir(exist_ok=True)
    attached = {"VINTAGE": vintage_id} | ({"EMBARGO_DATE": embargo} if embargo else {})
    prepared = dt.datetime.fromisoformat(embargo) if embargo else NO_CLOCK
    return [*write_structure(folder), *write_data(folder, frames, formats, attached, prepared)]


def check_formats(formats: Sequence[str]) -> None:
    """Refuse a format that there is not.

    Raises:
        ConfigurationError: it names the format and lists those that there are.
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown or not formats:
        raise ConfigurationError(
            f"no format '{unknown[0]}'" if unknown else "no format",
            where="--format",
            action=f"choose of {', '.join(FORMATS)}",
        )


def parse_embargo(text: str | None) -> str | None:
    """The end of an embargo as ISO date-time with its zone; a time without one is UTC.

    Raises:
        ConfigurationError: it is no date-time.
    """
    if not text:
        return None
    try:
        until = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"'{text}' is no date-time", where="embargo", action="write it like 2026-12-01T09:00:00+01:00"
        ) from None
    return (until if until.tzinfo else until.replace(tzinfo=dt.UTC)).isoformat(timespec="seconds")


@contextmanager
def replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`; on success it takes its place, on failure nothing has changed.

    Raises:
        ConfigurationError: there is something else than an export, or the place cannot be written.
    """
    folder = folder.absolute()
    _refuse_foreign(folder)
    with folder_beside(folder) as temporary:
        old = temporary.with_suffix(".old")
        try:
            yield temporary
            temporary.chmod(0o755)
            if folder.exists():
                folder.rename(old)
            temporary.rename(folder)
            sync_folder(folder.parent)
        finally:
            if old.exists() and not folder.exists():
                old.rename(folder)
            shutil.rmtree(old, ignore_errors=True)


def _refuse_foreign(folder: Path) -> None:
    """Only an earlier export is replaced: a wrong --out must not cost somebody a folder."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    try:
        is_ours = json.loads((folder / DATA_PACKAGE).read_text(encoding="utf-8")).get("name") == NAME
    except (OSError, ValueError, AttributeError):
        is_ours = False
    if not is_ours:
        raise ConfigurationError(
            "the folder has something else in it than an export", where=str(folder), action="choose another --out"
        )
