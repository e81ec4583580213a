"""Everything that a release puts beside its tables: files in every format, the quality report, the page, the package.

Belongs here: which parts make a release's folder. Does not belong here: how each part is written, when a release is
made (`assets/access/embargo.py`). What comes in is the published file of the vintage; inner tables cannot get here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd

from publication.data_package import write_data_package
from publication.export import write_files
from publication.page.site import FILES as PAGES
from publication.page.site import Download, write_site
from publication.page.tables import NEEDED
from publication.quality.concepts import OfficeTexts
from publication.quality.report import PAGES as REPORTS
from publication.quality.report import write_quality_report
from publication.release_file import ReleaseFile
from resources.contract import Contract

QUALITY = "quality"
INDICATORS, TRACKER = "access.quality_indicator", "access.target_tracker"
READABLE, SEARCHABLE = 0o644, 0o755


def write_release(
    access_file: Path,
    vintage_id: str,
    folder: Path,
    contracts: Mapping[str, Contract],
    *,
    revisions: pd.DataFrame | None = None,
    punctuality: pd.DataFrame | None = None,
    checks: pd.DataFrame | None = None,
    office: OfficeTexts | None = None,
) -> None:
    """Fill the folder of a release.

    Args:
        access_file: the DuckDB file with the published tables.
        vintage_id: the vintage that it holds.
        folder: an empty folder; it gets `data/`, `sdmx/`, `quality/`, the page in each language and
            `datapackage.json`, readable by everybody; no page where there is not one share to show. Who may enter
            the folder is the caller's business.
        contracts: contract by table.
        revisions: `publication.revisions.revision_summary`, where something was published before.
        punctuality: `publication.quality.figures.release_times`, where there is a release calendar.
        checks: `publication.quality.figures.check_verdicts`.
        office: what the office says in the quality report.

    Raises:
        CoopgvaError: a table breaks its contract, has an unknown code, or a withheld row has a number.
    """
    tables = published_frames(access_file, contracts)
    files = write_files(tables, contracts, vintage_id, folder)
    reports: list[Path] = []
    if INDICATORS in tables:
        reports = write_quality_report(
            folder / QUALITY,
            indicators=tables[INDICATORS],
            tables=tables,
            contracts=contracts,
            vintage_id=vintage_id,
            revisions=revisions,
            punctuality=punctuality,
            checks=checks,
            office=office,
        )
    downloads = [Download(f.path.relative_to(folder).as_posix(), f.form, f.path.stat().st_size) for f in files]
    pages: list[Path] = []
    if all(name in tables for name in NEEDED) and len(tables[TRACKER]):  # without one share there is nothing to show
        pages = write_site(
            tables,
            folder,
            vintage_id=vintage_id,
            downloads=downloads,
            quality_report={language: f"{QUALITY}/{name}" for language, name in REPORTS.items() if reports},
        )
    files += [_described(path, "Quality report") for path in reports]
    files += [_described(path, "Release page") for path in pages if path.name in PAGES.values()]
    write_data_package(folder, files, vintage_id)
    for path in folder.rglob("*"):
        path.chmod(SEARCHABLE if path.is_dir() else READABLE)


def published_frames(access_file: Path, contracts: Mapping[str, Contract]) -> dict[str, pd.DataFrame]:
    """The published tables of a DuckDB file by name, ordered by their key."""
    with duckdb.connect(access_file, read_only=True) as connection:
        held = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
        return {
            name: connection.execute(f'SELECT * FROM "{contract.name}" ORDER BY {", ".join(contract.grain)}').df()
            for name, contract in sorted(contracts.items())
            if contract.layer == "access" and contract.name in held
        }


def _described(path: Path, title: str) -> ReleaseFile:
    form = path.suffix.removeprefix(".")
    return ReleaseFile(path, title, form, {"html": "text/html", "csv": "text/csv"}[form])
