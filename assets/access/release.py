"""The release: the gate, the vintage and the warehouse, as the last asset of the graph.

`access.release` is not a table of the lake: it records which table versions belong together and makes them readable,
at once or, where the home has a release calendar, at the planned time. What may pass is decided in `assets.gate`, what
waits in `assets.access.embargo`, how it is stored in `resources.warehouse`.

Annotations are evaluated here (no `from __future__ import annotations`): Dagster refuses a context annotated by text.
"""

import datetime as dt
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from assets.access import embargo
from assets.access.embargo import Made, ReleaseFiles
from assets.charts import headline_chart
from assets.dagster_asset import RETRY, WorkshopResource, one_line_failures
from assets.gate import gate
from assets.table import Table
from assets.workshop import Workshop
from resources.contract import Contract
from resources.durable import fingerprint, replacing
from resources.engine import EngineLimits, open_engine
from resources.home import Home
from resources.lake import Version, Vintage
from resources.parameters import Parameters
from resources.publications import LOG, append, publication_log
from resources.release_calendar import ReleaseCalendar, load_calendar
from resources.row_rules import quoted
from resources.warehouse.duckdb_file import ACCESS
from resources.warehouse.release import Publication, Release, make_release
from resources.warehouse.target import publish_inner, publish_release

KEY = dg.AssetKey(["access", "release"])
POOL = "warehouse"
TRACKER = "access.target_tracker"

__all__ = ["LOG", "publication_log"]  # of `resources.publications`; here for whoever speaks of releases


@dataclass(frozen=True)
class ReleaseOutcome:
    """What a release did.

    Attributes:
        vintage: the vintage of the current tables; readable now unless it is `held`.
        is_new: whether the vintage was recorded by this release.
        changed: tables whose version differs from what was readable before, sorted; all of them the first time.
        publications: what happened to each warehouse.
        versions: the version of every table of the vintage.
        held: why readers do not see the vintage yet, and until when; empty if they do.
        made: planned releases that were made.
    """

    vintage: Vintage
    is_new: bool
    changed: tuple[str, ...]
    publications: tuple[Publication, ...]
    versions: Mapping[str, Version]
    held: str = ""
    made: tuple[Made, ...] = ()

    @property
    def is_published(self) -> bool:
        """Whether anything was written to a warehouse."""
        return any(publication.is_replaced for publication in self.publications)

    @property
    def in_words(self) -> str:
        """One line for the log."""
        made = "".join(f"; release {m.planned.release_id} made with {m.vintage_id}" for m in self.made)
        if not self.is_new:
            done = "published again" if self.is_published else "nothing to publish"
            return f"nothing changed: no new vintage, {self.vintage.vintage_id} stays, {self.held or done}{made}"
        changed = f"{len(self.changed)} of {len(self.versions)} tables changed"
        held = f", {self.held}" if self.held else ""
        return f"new vintage {self.vintage.vintage_id}: {changed}{held}{made}"


def publish(shop: Workshop, *, now: dt.datetime, write_files: ReleaseFiles | None = None) -> ReleaseOutcome:
    """Let the current tables through the gate, record their vintage and publish it.

    With a release calendar in the home, what is due is released first; the new vintage then waits for the next planned
    time, while the inner layers are brought up to date at once. An as-of run is published to a folder of its own,
    `<home>/warehouse/as-of/<moment>`, and replaces nothing; with a calendar that folder is private, because the moment
    may be one of which readers know nothing yet.

    Args:
        shop: the workshop; its `as_of` decides where to.
        now: goes into the publication log and decides what is due, never into content.
        write_files: writes the files of a release.

    Raises:
        ConfigurationError: the release calendar is wrong; nothing is published.
        PublishRefusedError: see `assets.gate`.
        TransportError: a warehouse is locked or cannot be reached.
        CoopgvaError: a warehouse could not be written.
    """
    calendar = load_calendar(shop.home)
    made = () if shop.as_of else embargo.release_due(shop.home, now=now)
    if made:
        shop.forget_keys()  # readers have another release: what was protected against the last one is stale
    versions = gate(shop)
    deliveries = {source: delivery for v in versions.values() for source, delivery in v.deliveries.items()}
    vintage, is_new = shop.lake.record_vintage(
        {n: v.key for n, v in versions.items()}, deliveries, shop.as_of, shop.protected_against
    )
    release = make_release(vintage.vintage_id, versions, shop.lake)
    publications: tuple[Publication, ...]
    if calendar and not shop.as_of:
        publications = (_hold_back(shop, release, vintage, now, write_files),)
        made += embargo.release_due(shop.home, now=now)  # one that was waiting for a first vintage
        is_held = any(s.vintage_id == vintage.vintage_id for s in embargo.staged(shop.home))
        held = embargo.next_in_words(shop.home, calendar, now) if is_held else ""
    else:
        publications = _publish_at_once(shop, release, vintage, calendar, write_files)
        held = ""
        _log(shop, vintage, now)
    changed = _changed(shop, vintage, publications[-1].previous)
    return ReleaseOutcome(vintage, is_new, changed, publications, versions, held, made)


def _publish_at_once(
    shop: Workshop,
    release: Release,
    vintage: Vintage,
    calendar: ReleaseCalendar | None,
    write_files: ReleaseFiles | None,
) -> tuple[Publication, ...]:
    folder = warehouse_folder(shop.home, shop.as_of)
    if calendar:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    limits = EngineLimits.from_environment(shop.home.spill)
    publications = publish_release(folder, shop.contracts, release, limits=limits, is_as_of=bool(shop.as_of))
    if not shop.as_of:
        embargo.lift(shop.home)
        files = embargo.releases_folder(shop.home) / vintage.vintage_id
        if write_files and not files.exists():
            files.parent.mkdir(parents=True, exist_ok=True)
            building = Path(tempfile.mkdtemp(dir=files.parent, prefix=".building-"))
            try:
                write_files(folder / ACCESS, vintage, building)
                embargo.place_files(shop.home, building, vintage.vintage_id)
            finally:
                shutil.rmtree(building, ignore_errors=True)
    return publications


def _hold_back(
    shop: Workshop, release: Release, vintage: Vintage, now: dt.datetime, write_files: ReleaseFiles | None
) -> Publication:
    """Bring the inner layers up to date, put what readers will get under embargo, and log that without a figure."""
    limits = EngineLimits.from_environment(shop.home.spill)
    publication = publish_inner(shop.home.warehouse, shop.contracts, release, limits=limits)
    is_staged = embargo.stage(
        shop.home, shop.contracts, release, vintage, now=now, run_id=shop.run_id, write_files=write_files
    )
    if is_staged:
        entry = {
            "embargoed_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
            "vintage_id": vintage.vintage_id,
            "run_id": shop.run_id,
            "as_of": None,
        }
        append(shop.home, entry)
    return publication


def release_files(shop: Workshop) -> ReleaseFiles:
    """Writes files, quality report and page of a release; revisions and punctuality come from the log."""

    def write(access_file: Path, vintage: Vintage, folder: Path) -> None:
        # spares every process that only computes tables the libraries of formats and pages
        from publication.bundle import write_release
        from publication.quality.concepts import load_office
        from publication.quality.figures import check_verdicts, release_times
        from publication.revisions import published_shares, revision_summary

        home, calendar = shop.home, load_calendar(shop.home)
        versions = [shop.lake.version(name, key) for name, key in sorted(vintage.tables.items())]
        write_release(
            access_file,
            vintage.vintage_id,
            folder,
            shop.contracts,
            revisions=revision_summary(published_shares(home, vintage)),
            punctuality=release_times(calendar, embargo.made_releases(home)) if calendar else None,
            checks=check_verdicts(version for version in versions if version),
            office=load_office(home.root),
        )

    return write


def warehouse_folder(home: Home, as_of: str | None) -> Path:
    """Where the DuckDB files of a run go."""
    if not as_of:
        return home.warehouse
    return home.warehouse / "as-of" / re.sub(r"[^0-9A-Za-z+-]", "", as_of)


def _changed(shop: Workshop, vintage: Vintage, previous: str | None) -> tuple[str, ...]:
    before = next((v.tables for v in shop.lake.vintages() if v.vintage_id == previous), {})
    names = vintage.tables.keys() | before.keys()
    return tuple(sorted(n for n in names if vintage.tables.get(n) != before.get(n)))


def _log(shop: Workshop, vintage: Vintage, now: dt.datetime) -> None:
    """Append to the publication log what became readable when; a vintage that already was is not repeated."""
    known = [entry for entry in publication_log(shop.home) if entry.get("as_of") == shop.as_of]
    if known and known[-1].get("vintage_id") == vintage.vintage_id:
        return
    entry = {
        "published_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        "vintage_id": vintage.vintage_id,
        "run_id": shop.run_id,
        "as_of": shop.as_of,
    }
    append(shop.home, entry)


def headline(shop: Workshop, versions: Mapping[str, Version]) -> pd.DataFrame:
    """`reference_year` and `share_pct` of the headline variant by year; empty if the table is not of this vintage."""
    if TRACKER not in versions:
        return pd.DataFrame({"reference_year": [], "share_pct": []})
    variant = {
        "numerator_code": shop.parameters.headline_numerator,
        "time_rule": shop.parameters.headline_time_rule,
        "attribution_code": shop.parameters.headline_attribution,
    }
    chosen = {c: v for c, v in variant.items() if c in shop.contracts[TRACKER].columns}
    where = " AND ".join(f"{quoted(column)} = ${column}" for column in chosen) or "true"
    path = shop.lake.path(TRACKER, versions[TRACKER].key)
    with open_engine(EngineLimits.from_environment(shop.home.spill), {TRACKER: path}) as connection:
        query = f"SELECT reference_year, share_pct FROM {TRACKER} WHERE {where} ORDER BY reference_year"
        return connection.execute(query, chosen or None).df()


def release_metadata(shop: Workshop, outcome: ReleaseOutcome) -> dict[str, Any]:
    """Vintage, what changed, where it is, and the headline as table and chart."""
    metadata: dict[str, Any] = {
        "vintage": outcome.vintage.vintage_id,
        "status": outcome.in_words,
        "is_new_vintage": outcome.is_new,
        "tables": len(outcome.versions),
        "changed_tables": dg.MetadataValue.md("\n".join(f"- `{n}`" for n in outcome.changed) or "none"),
    }
    for publication in outcome.publications:
        metadata |= {name: dg.MetadataValue.path(place) for name, place in publication.places.items()}
    if outcome.held:
        return metadata  # no figure of what readers may not see yet
    page = embargo.releases_folder(shop.home) / outcome.vintage.vintage_id / "index.html"
    if page.exists():
        metadata["release_page"] = dg.MetadataValue.path(page)
    shares = headline(shop, outcome.versions)
    known = shares.dropna()
    if not known.empty:
        p = shop.parameters
        metadata |= {
            "headline_share_pct": float(known["share_pct"].iloc[-1]),
            "headline_year": int(known["reference_year"].iloc[-1]),
            "headline": dg.MetadataValue.md(headline_table(shares)),
            "headline_chart": dg.MetadataValue.md(_chart(shop, shares, p)),
        }
    return metadata


def _chart(shop: Workshop, shares: pd.DataFrame, parameters: Parameters) -> str:
    """The headline chart, drawn once for each set of figures: drawing takes longer than an uneventful release."""
    drawn_from = [shop.key(TRACKER), parameters.target_share_pct, parameters.target_year]
    path = shop.home.root / "charts" / f"headline-{fingerprint(drawn_from)[:16]}.md"
    if not path.exists():
        chart = headline_chart(shares, target_share_pct=parameters.target_share_pct, target_year=parameters.target_year)
        with replacing(path) as temporary:
            temporary.write_text(chart, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def headline_table(shares: pd.DataFrame) -> str:
    """The headline by year as a Markdown table."""
    lines = ["| reference year | share of gross value added |", "|---|---|"]
    lines += [
        f"| {int(year)} | {'withheld' if pd.isna(share) else f'{share:.2f} %'} |"
        for year, share in shares[["reference_year", "share_pct"]].itertuples(index=False)
    ]
    return "\n".join(lines)


def ends(tables: Mapping[str, Table]) -> list[str]:
    """Tables that no other table reads: whoever waits for them waits for all."""
    read = {name for table in tables.values() for name in table.dependencies}
    return [name for name in tables if name not in read]


def build_release(tables: Mapping[str, Table], contracts: Mapping[str, Contract]) -> dg.AssetsDefinition:
    """The asset `access.release`, downstream of every table.

    Args:
        tables: all tables by name.
        contracts: their contracts; the published ones are listed in the description.
    """
    published = [contracts[n] for n in sorted(tables) if tables[n].layer == "access"]
    listed = "\n".join(f"- `{contract.table}`: {contract.title}" for contract in published)

    @dg.asset(
        key=KEY,
        deps=[dg.AssetKey(name.split(".")) for name in ends(tables)],
        group_name="access",
        description=(
            "**Release**. The gate re-reads the recorded checks of every table, records the vintage and publishes it "
            f"to the warehouse in one step. Published tables:\n\n{listed}\n\nGSBPM 7.2."
        ),
        owners=["team:statistics"],
        kinds={"duckdb"},
        tags={"gsbpm": "7.2", "confidentiality": "public"},
        pool=POOL,
        retry_policy=RETRY,
    )
    def release(context: dg.AssetExecutionContext, workshop: WorkshopResource) -> dg.MaterializeResult[Any]:
        shop = workshop.open(tables, context.run.run_id)
        with one_line_failures(context):
            outcome = publish(shop, now=dt.datetime.now(dt.UTC), write_files=release_files(shop))
            metadata = release_metadata(shop, outcome)
        context.log.info(outcome.in_words)
        return dg.MaterializeResult(metadata=metadata, data_version=dg.DataVersion(outcome.vintage.vintage_id))

    return release
