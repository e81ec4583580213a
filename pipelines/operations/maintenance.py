"""`coopgva maintain`: removes what nobody needs any more, and says what.

Belongs here: what is kept how long, and finding what is not. Does not belong here: the archive of deliveries, from
which nothing is ever removed, and published vintages, which are all kept with everything they were made from.

| what | kept |
|---|---|
| table versions in the lake | those of every vintage that was published or waits for its release, of every vintage
  recorded in the last 90 days, and those that are current; others for 14 days |
| runs in Dagster's records | 400 days; longer where they hold the newest state of an asset or a check |
| choices of deliveries by run (`runs/`) | 30 days after the run ended |
| structured logs | 400 days |
| drawn charts | 400 days after they were drawn; they are drawn again when they are wanted |
| temporary files, spilled rows | 2 days |
"""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout

from assets.access.embargo import staged
from assets.workshop import Workshop
from pipelines.operations.backup import only_one_housekeeper
from pipelines.operations.log_lines import log_folder
from pipelines.operations.troubles import open_workshop
from resources.errors import CoopgvaError
from resources.home import Home
from resources.lake import Lake
from resources.publications import publication_log

REFRESH_LOCK = ".refresh.lock"
UNDER_WAY = (
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


@dataclass(frozen=True)
class Retention:
    """How long what is kept, in days."""

    runs: int = 400
    pins: int = 30
    logs: int = 400
    charts: int = 400
    temporary: int = 2
    unpublished_vintages: int = 90
    loose_versions: int = 14


@dataclass
class Maintained:
    """What was removed, or would be: number and bytes by what it is."""

    is_dry: bool
    removed: dict[str, tuple[int, int]] = field(default_factory=dict)

    def add(self, what: str, size: int) -> None:
        """Count one more."""
        number, total = self.removed.get(what, (0, 0))
        self.removed[what] = (number + 1, total + size)

    @property
    def lines(self) -> list[str]:
        """One line for each kind of thing."""
        verb = "would remove" if self.is_dry else "removed"
        found = [f"{verb} {n:,} {what} ({size / 1e6:,.1f} MB)" for what, (n, size) in self.removed.items()]
        return found or ["nothing to remove"]


def maintain(
    home: Home,
    instance: dg.DagsterInstance,
    *,
    now: dt.datetime,
    own_run: str = "",
    retention: Retention | None = None,
    is_dry: bool = False,
) -> Maintained:
    """Remove what nobody needs.

    Args:
        home: the home.
        instance: its Dagster instance.
        now: the moment from which days are counted.
        own_run: the run that does it, if one does.
        retention: how long what is kept.
        is_dry: only say it.

    Raises:
        CoopgvaError: a refresh or a backup is under way, or a manifest is damaged: nothing was removed.
    """
    keep = retention or Retention()
    done = Maintained(is_dry)
    with only_one_housekeeper(home), _no_refresh(home, instance, own_run):
        _prune_lake(home, keep, now, done)
        _prune_pins(home, keep, now, done)
        _prune_files(home, keep, now, done)
        _prune_runs(instance, home, keep, now, done)
        if not is_dry:
            Workshop(home, {}).archive.blobs.sweep()
            _checkpoint(home)
    return done


@contextmanager
def _no_refresh(home: Home, instance: dg.DagsterInstance, own_run: str) -> Iterator[None]:
    """Hold the lock of refreshes from the command line, and refuse while one of the daemon's runs is under way."""
    busy = CoopgvaError("a refresh is under way", where=str(home.root), action="try again when it has ended")
    try:
        with FileLock(home.root / REFRESH_LOCK, timeout=0):
            runs = instance.get_runs(dg.RunsFilter(statuses=list(UNDER_WAY)))
            if any(run.run_id != own_run for run in runs):
                raise busy
            yield
    except Timeout:
        raise busy from None


# -- the lake --------------------------------------------------------------------------------------------------------
def needed_versions(home: Home, keep: Retention, now: dt.datetime) -> set[tuple[str, str]]:
    """Table and key of every version that must stay.

    Raises:
        CoopgvaError: a manifest is damaged, so nobody knows what is needed.
    """
    lake = Lake(home.lake)
    published = {entry["vintage_id"] for entry in publication_log(home)} | {s.vintage_id for s in staged(home)}
    vintages = lake.vintages()
    needed = set()
    for number, vintage in enumerate(vintages, start=1):
        manifest = home.lake / "vintages" / f"{vintage.vintage_id}.json"
        is_young = _age(manifest, now) <= dt.timedelta(days=keep.unpublished_vintages)
        if vintage.vintage_id in published or is_young or number == len(vintages):
            needed |= set(vintage.tables.items())
    shop = open_workshop(home)
    for name in shop.tables:
        with suppress(CoopgvaError):  # a source without a delivery: its tables have no current version
            needed.add((name, shop.key(name)))
    waiting = list(needed)
    while waiting:  # an input of what is needed is needed: a lineage leads to the bytes
        version = lake.version(*waiting.pop())
        for pair in version.inputs.items() if version else ():
            if pair not in needed:
                needed.add(pair)
                waiting.append(pair)
    return needed


def _prune_lake(home: Home, keep: Retention, now: dt.datetime, done: Maintained) -> None:
    needed = needed_versions(home, keep, now)
    loose = dt.timedelta(days=keep.loose_versions)
    for folder in sorted(p for p in home.lake.glob("*/*") if p.is_dir()):
        table = f"{folder.parent.name}.{folder.name}"
        # the sidecar goes first: a version without it does not exist, so a killed maintenance leaves no half version
        for path in sorted(folder.glob("[0-9a-f]*"), key=lambda p: p.suffix != ".json"):
            key = path.name.partition(".")[0]
            if (table, key) not in needed and _age(path, now) > loose:
                _remove(path, "files of table versions that no kept vintage needs", done)


# -- files -----------------------------------------------------------------------------------------------------------
def _prune_pins(home: Home, keep: Retention, now: dt.datetime, done: Maintained) -> None:
    for folder in sorted(p for p in home.runs.glob("*") if p.is_dir()):
        if _age(folder, now) > dt.timedelta(days=keep.pins):
            _remove(folder, "runs' choices of deliveries", done)


def _prune_files(home: Home, keep: Retention, now: dt.datetime, done: Maintained) -> None:
    old = dt.timedelta(days=keep.temporary)
    for path in sorted(home.spill.glob("*")):
        if _age(path, now) > old:
            _remove(path, "spilled files", done)
    for folder in (home.lake, home.archive / "deliveries", home.root / "charts", home.runs):
        for path in sorted(folder.rglob(".*.tmp")):
            if _age(path, now) > old:
                _remove(path, "temporary files", done)
    for folder in (home.warehouse, home.root / "releases", home.root / "releases" / ".embargoed"):
        for path in sorted(folder.glob(".building-*")):
            if _age(path, now) > old:
                _remove(path, "unfinished releases of killed processes", done)
    for path in sorted(log_folder(home).glob("coopgva-*.jsonl")):
        if _age(path, now) > dt.timedelta(days=keep.logs):
            _remove(path, "logs", done)
    for path in sorted((home.root / "charts").glob("*.md")):
        if _age(path, now) > dt.timedelta(days=keep.charts):
            _remove(path, "drawn charts", done)


def _age(path: Path, now: dt.datetime) -> dt.timedelta:
    try:
        return now - dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        return dt.timedelta(0)


def _remove(path: Path, what: str, done: Maintained) -> None:
    size = sum(p.stat().st_size for p in path.rglob("*") if p.is_file()) if path.is_dir() else path.stat().st_size
    if not done.is_dry:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    done.add(what, size)


# -- Dagster's records -----------------------------------------------------------------------------------------------
def _prune_runs(instance: dg.DagsterInstance, home: Home, keep: Retention, now: dt.datetime, done: Maintained) -> None:
    limit = now - dt.timedelta(days=keep.runs)
    old = [r.dagster_run for r in instance.get_run_records(dg.RunsFilter(created_before=limit))]
    if not any(run.is_finished for run in old):
        return
    newest = _runs_with_newest_state(instance)
    for run in old:
        if not run.is_finished or run.run_id in newest:
            continue
        log = home.dagster / "history" / "runs" / f"{run.run_id}.db"
        size = log.stat().st_size if log.exists() else 0
        if not done.is_dry:
            instance.delete_run(run.run_id)
            for suffix in ("", "-wal", "-shm"):
                log.with_name(log.name + suffix).unlink(missing_ok=True)
            shutil.rmtree(home.dagster / "storage" / run.run_id, ignore_errors=True)
        done.add("runs with their events", size)


def _runs_with_newest_state(instance: dg.DagsterInstance) -> set[str]:
    """Runs whose removal would make an asset look as if it had never been made."""
    found = set()
    for key in instance.all_asset_keys():
        event = instance.get_latest_materialization_event(key)
        if event:
            found.add(event.run_id)
    return found


def _checkpoint(home: Home) -> None:
    """Write back what SQLite keeps beside its files, and give the space of removed rows back to the disk."""
    for path in (home.dagster / "history" / "runs.db", home.dagster / "history" / "runs" / "index.db"):
        if path.exists():
            with suppress(sqlite3.OperationalError), closing(sqlite3.connect(path, timeout=10)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # locked by the UI: next week, then
                connection.execute("VACUUM")
