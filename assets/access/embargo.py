"""Embargo: a vintage that passed the gate waits in a private folder until its release is due.

`<home>/releases/.embargoed/<vintage_id>/` (mode 0700) holds what readers will get: `access.duckdb`, the files of the
release in `files/`, the contracts of the published tables, and `staged.json`, written last, with the moment at which
the vintage passed the gate. The release of a planned time is the newest vintage that passed the gate by then; where
nothing new did, it is what readers have already. Only a house that never published makes its first release late.

Every step of a release can be repeated: what is done is recognised by what readers have and by the log, so a killed
process leaves the old release or the new one and the next call finishes. No clock: `now` is given.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from resources.contract import Contract
from resources.durable import file_sha256, sync_folder, write_json
from resources.engine import EngineLimits
from resources.errors import ConfigurationError, CoopgvaError, PublishRefusedError, TransportError
from resources.home import Home
from resources.lake import Lake, Vintage
from resources.publications import append, publication_log
from resources.release_calendar import PlannedRelease, ReleaseCalendar, load_calendar
from resources.warehouse.duckdb_file import ACCESS, held_vintage
from resources.warehouse.release import Release, make_release
from resources.warehouse.target import build_staged, release_staged

RELEASES = "releases"
EMBARGOED = ".embargoed"
FILES = "files"
_RECORD = "staged.json"
_CONTRACTS = "contracts.json"
_BUILDING = ".building-"
_WAIT_SECONDS = 120.0

ReleaseFiles = Callable[[Path, Vintage, Path], None]
"""Writes the files of a release: from `access.duckdb` and the vintage into an empty folder."""


@dataclass(frozen=True)
class Staged:
    """A vintage that waits.

    Attributes:
        vintage_id: its id.
        passed_at: when it passed the gate (UTC, ISO).
        run_id: the run that made it.
        sha256: of `access.duckdb`.
    """

    vintage_id: str
    passed_at: str
    run_id: str
    sha256: str

    @property
    def passed(self) -> dt.datetime:
        """`passed_at` as a moment."""
        return dt.datetime.fromisoformat(self.passed_at)


@dataclass(frozen=True)
class Made:
    """A release that was made: which one, of which vintage, when; `is_new` unless readers had the vintage already."""

    planned: PlannedRelease
    vintage_id: str
    published_at: dt.datetime
    is_new: bool


def releases_folder(home: Home) -> Path:
    """Where the files of releases are, one folder per vintage."""
    return home.root / RELEASES


def made_releases(home: Home) -> dict[str, dt.datetime]:
    """When each planned release was made, by its id."""
    return {
        str(entry["release_id"]): dt.datetime.fromisoformat(entry["published_at"])
        for entry in reversed(publication_log(home))  # the first entry of a release counts
        if entry.get("release_id")
    }


def stage(
    home: Home,
    contracts: Mapping[str, Contract],
    release: Release,
    vintage: Vintage,
    *,
    now: dt.datetime,
    run_id: str,
    write_files: ReleaseFiles | None = None,
) -> bool:
    """Put a vintage that passed the gate under embargo; a vintage that waits already keeps its moment.

    What waited before is superseded and removed: the caller has made every release that was due. A vintage that
    readers have already does not wait.

    Returns:
        Whether the vintage was staged by this call.

    Raises:
        CoopgvaError: the folder cannot be written or the file not be built.
    """
    with _only_one(home):
        held = held_vintage(home.warehouse / ACCESS)
        known = staged(home)
        is_readable = held is not None and held.vintage_id == vintage.vintage_id
        is_known = any(s.vintage_id == vintage.vintage_id for s in known)
        if not is_readable and not is_known:
            _build(home, contracts, release, vintage, now=now, run_id=run_id, write_files=write_files)
        for other in known:
            if is_readable or other.vintage_id != vintage.vintage_id:
                shutil.rmtree(_folder(home) / other.vintage_id)
        return not is_readable and not is_known


def _build(
    home: Home,
    contracts: Mapping[str, Contract],
    release: Release,
    vintage: Vintage,
    *,
    now: dt.datetime,
    run_id: str,
    write_files: ReleaseFiles | None,
) -> None:
    building = Path(tempfile.mkdtemp(dir=_folder(home), prefix=_BUILDING))  # mode 0700
    file = build_staged(building, contracts, release, limits=EngineLimits.from_environment(home.spill))
    if write_files:
        (building / FILES).mkdir()
        write_files(file, vintage, building / FILES)
    published = {n: c.model_dump(mode="json") for n, c in contracts.items() if c.layer == "access"}
    write_json(building / _CONTRACTS, published)
    passed_at = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    write_json(building / _RECORD, asdict(Staged(vintage.vintage_id, passed_at, run_id, file_sha256(file))))
    building.rename(_folder(home) / vintage.vintage_id)
    sync_folder(_folder(home))


def staged(home: Home) -> list[Staged]:
    """The vintages that wait, in the order in which they passed the gate."""
    found = []
    for path in (home.root / RELEASES / EMBARGOED).glob(f"[0-9]*/{_RECORD}"):
        found.append(Staged(**json.loads(path.read_text(encoding="utf-8"))))
    return sorted(found, key=lambda s: (s.passed, s.vintage_id))


def lift(home: Home) -> None:
    """Remove what waits, because the house publishes at once again."""
    if (home.root / RELEASES / EMBARGOED).exists():
        with _only_one(home):
            for waiting in staged(home):
                shutil.rmtree(_folder(home) / waiting.vintage_id)


def release_due(home: Home, *, now: dt.datetime) -> tuple[Made, ...]:
    """Make the releases whose time has come, oldest first; nothing happens twice.

    Raises:
        ConfigurationError: the calendar is wrong.
        TransportError: a warehouse is locked or cannot be reached; the next call tries again.
        PublishRefusedError: what waits is damaged and cannot be built again.
        CoopgvaError: a warehouse cannot be written.
    """
    calendar = load_calendar(home)
    if calendar is None or not calendar.due(made_releases(home), now):
        return ()
    with _only_one(home):
        found = (_make(home, planned, now) for planned in calendar.due(made_releases(home), now))
        return tuple(made for made in found if made is not None)


def is_ready(home: Home, *, now: dt.datetime) -> bool:
    """Whether a release is due and there is something to release, that is whether `release_due` would do anything.

    Raises:
        ConfigurationError: the calendar is wrong.
    """
    calendar = load_calendar(home)
    if calendar is None or not calendar.due(made_releases(home), now):
        return False
    return bool(staged(home)) or held_vintage(home.warehouse / ACCESS) is not None


def _make(home: Home, planned: PlannedRelease, now: dt.datetime) -> Made | None:
    waiting = staged(home)
    held = held_vintage(home.warehouse / ACCESS)
    in_time = [s for s in waiting if s.passed <= planned.planned_at]
    chosen = in_time[-1] if in_time else waiting[-1] if waiting and held is None else None
    if chosen is None and held is None:
        return None  # nothing was ever published and nothing waits: the first vintage to pass the gate is the release
    is_new = chosen is not None and (held is None or held.vintage_id != chosen.vintage_id)
    if chosen:
        _show(home, chosen)
    vintage_id = chosen.vintage_id if chosen else held.vintage_id if held else ""
    append(
        home,
        {
            "published_at": now.astimezone(dt.UTC).isoformat(timespec="seconds"),
            "vintage_id": vintage_id,
            "run_id": chosen.run_id if chosen else None,
            "as_of": None,
            "release_id": planned.release_id,
            "planned_at": planned.planned_at.isoformat(timespec="seconds"),
        },
    )
    for other in waiting:
        if chosen and other.passed <= chosen.passed:
            shutil.rmtree(_folder(home) / other.vintage_id)
    return Made(planned, vintage_id, now, is_new)


def _show(home: Home, chosen: Staged) -> None:
    """Give readers what waits: files, then the warehouse; **the rename of `access.duckdb` is the commit point**."""
    folder = _folder(home) / chosen.vintage_id
    contracts = {
        name: Contract.model_validate(document)
        for name, document in json.loads((folder / _CONTRACTS).read_text(encoding="utf-8")).items()
    }
    release = _recorded(home, chosen, contracts)
    if not (folder / ACCESS).exists() or file_sha256(folder / ACCESS) != chosen.sha256:
        (folder / ACCESS).unlink(missing_ok=True)
        _demand_intact(home, release)
        build_staged(folder, contracts, release, limits=EngineLimits.from_environment(home.spill))
    if (folder / FILES).exists():
        place_files(home, folder / FILES, chosen.vintage_id)
    release_staged(home.warehouse, folder / ACCESS, contracts, release)


def _recorded(home: Home, chosen: Staged, contracts: Mapping[str, Contract]) -> Release:
    """The published tables of the staged vintage as the lake has them."""
    lake = Lake(home.lake)
    vintage = next((v for v in lake.vintages() if v.vintage_id == chosen.vintage_id), None)
    versions = {n: lake.version(n, k) for n, k in vintage.tables.items() if n in contracts} if vintage else {}
    known = {name: version for name, version in versions.items() if version is not None}
    if not known or len(known) != len(versions):
        raise PublishRefusedError(
            "tables of the vintage under embargo are no longer in the lake",
            where=chosen.vintage_id,
            action="remove its folder below releases/.embargoed and refresh again",
        )
    return make_release(chosen.vintage_id, known, lake)


def _demand_intact(home: Home, release: Release) -> None:
    for table in release.tables:
        if file_sha256(release.files[table.table_name]) != table.content_sha256:
            raise PublishRefusedError(
                "the file under embargo and its table in the lake are damaged",
                where=table.table_name,
                action="look at the disk, remove the folder below releases/.embargoed and refresh again",
            )


def place_files(home: Home, source: Path, vintage_id: str) -> None:
    """Move the finished files of a release to where people find them; files that are there already stay."""
    target = releases_folder(home) / vintage_id
    if target.exists():
        return
    source.chmod(0o755)
    source.rename(target)
    sync_folder(target.parent)


def next_in_words(home: Home, calendar: ReleaseCalendar, now: dt.datetime) -> str:
    """When readers will see what waits, for people."""
    planned = calendar.next(made_releases(home), now)
    if planned is None:
        return "no release is planned: readers keep what they have until release_calendar.yaml plans one"
    return f"under embargo until {calendar.shown(planned.planned_at)} (release {planned.release_id})"


def _folder(home: Home) -> Path:
    """The folder of what waits, created for its owner only."""
    folder = home.root / RELEASES / EMBARGOED
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if folder.stat().st_mode & 0o077:
            folder.chmod(0o700)
    except OSError as error:
        raise ConfigurationError(
            f"cannot write there ({error.strerror or error})", where=str(folder), action="make the folder writable"
        ) from None
    return folder


@contextmanager
def _only_one(home: Home) -> Iterator[None]:
    """Hold the lock of releases; the system frees it when the process dies."""
    folder = _folder(home)
    try:
        with FileLock(folder / ".lock", timeout=_WAIT_SECONDS):
            for leftover in folder.glob(f"{_BUILDING}*"):  # of a process that was killed
                shutil.rmtree(leftover, ignore_errors=True)
            yield
    except Timeout:
        raise TransportError(
            "another process is releasing", where=str(folder), action="wait until it has finished"
        ) from None
    except OSError as error:
        raise CoopgvaError(
            f"cannot write there ({error.strerror or error})",
            where=str(folder),
            action="make the folder writable; the next call finishes the release",
        ) from None
