"""`coopgva backup` and `coopgva restore`: a home as a folder of files with hashes, taken while the house works.

Belongs here: what belongs to a backup, in which order it is copied, and putting it back. Does not belong here: where
backups go and how long they stay; the folder can be packed, encrypted and carried away by whatever the office uses.

Consistent without stopping anything: everything a refresh adds is added under a new name and never changed, so copying
first what refers (manifests of vintages, logs, published files) and then what is referred to (tables, bytes of
deliveries) yields a state in which every reference holds. What is pruned is pruned by the maintenance, and backup and
maintenance exclude each other. Dagster's SQLite files are copied through SQLite. A database is not copied: `pg_dump`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from json import JSONDecodeError
from pathlib import Path, PurePosixPath

from filelock import FileLock, Timeout

from resources.durable import CHUNK, file_sha256, sync_folder, write_json
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home

MANIFEST = "backup.json"
FILES = "files"
LAYOUT = 1
HOUSEKEEPING_LOCK = ".housekeeping.lock"

_LEFT_OUT = ("spill", "logs", "metrics.prom")
"""What the next refresh makes anew, and what only tells of the past."""
_LAST = ("lake", "archive")
"""What others refer to is copied after them; inside the lake, manifests of vintages come first (see `_order`)."""
_PARTIAL = ".partial"


@dataclass(frozen=True)
class Entry:
    """One file of a backup: its hash, size in bytes and permissions (octal)."""

    sha256: str
    size: int
    mode: str


@dataclass(frozen=True)
class Backup:
    """What a backup holds.

    Attributes:
        created_at: when it was begun (UTC, ISO).
        vintages: ids of the vintages in it.
        folders: permissions of folders by path (octal), so that what was private stays so.
        files: by path below the home.
        layout: of the backup itself.
    """

    created_at: str
    vintages: tuple[str, ...]
    folders: Mapping[str, str]
    files: Mapping[str, Entry]
    layout: int = LAYOUT

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.files.values())


@contextmanager
def only_one_housekeeper(home: Home) -> Iterator[None]:
    """Keep backup and maintenance apart.

    Raises:
        CoopgvaError: the other is under way.
    """
    try:
        with FileLock(home.root / HOUSEKEEPING_LOCK, timeout=0):
            yield
    except Timeout:
        raise CoopgvaError(
            "a backup or the maintenance is under way", where=str(home.root), action="try again when it has ended"
        ) from None


def backup(home: Home, folder: Path, *, now: dt.datetime) -> Backup:
    """Copy a home into a new folder (mode 0700: it holds data of single firms), also while a refresh runs.

    Args:
        home: the home.
        folder: must not exist, or be empty.
        now: goes into the manifest.

    Raises:
        ConfigurationError: the folder is not empty, or inside the home.
        CoopgvaError: a file cannot be copied; nothing that looks like a backup is left.
    """
    if not home.root.is_dir():
        raise ConfigurationError("there is no such home", where=str(home.root), action="name one with --home")
    folder = folder.absolute()
    if folder.resolve().is_relative_to(home.root.resolve()):
        raise ConfigurationError("a backup inside its home is none", where=str(folder), action="choose another folder")
    _demand_empty(folder, "a backup goes into a folder of its own")
    partial = folder.with_name(folder.name + _PARTIAL)
    try:
        with only_one_housekeeper(home):
            if partial.exists():
                shutil.rmtree(partial)
            (partial / FILES).mkdir(parents=True, mode=0o700)
            partial.chmod(0o700)
            made = _copy_home(home, partial / FILES, now)
            write_json(partial / MANIFEST, asdict(made))
            if folder.exists():
                folder.rmdir()
            partial.rename(folder)
            sync_folder(folder.parent)
    except (OSError, sqlite3.Error) as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CoopgvaError(
            f"the backup failed ({getattr(error, 'strerror', None) or error})",
            where=str(getattr(error, "filename", None) or folder),
            action="mend it and run it again; nothing that looks like a backup was left",
        ) from None
    return made


def _copy_home(home: Home, target: Path, now: dt.datetime) -> Backup:
    files: dict[str, Entry] = {}
    folders: dict[str, str] = {}
    for path in _order(home):
        name = path.relative_to(home.root).as_posix()
        if path.is_dir():
            folders[name] = f"{path.stat().st_mode & 0o777:o}"
            (target / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            continue
        copied = target / name
        copied.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            mode = path.stat().st_mode & 0o777
            _copy_database(path, copied) if _is_database(path) else shutil.copyfile(path, copied)
        except FileNotFoundError:
            continue  # replaced or finished between the listing and here: a new file has another name
        files[name] = Entry(file_sha256(copied), copied.stat().st_size, f"{mode:o}")
    vintages = sorted(Path(n).stem for n in files if PurePosixPath(n).match("lake/vintages/*.json"))
    created = now.astimezone(dt.UTC).isoformat(timespec="seconds")
    return Backup(created, tuple(vintages), folders, files)


def _order(home: Home) -> Iterator[Path]:
    """Everything worth keeping; what refers before what is referred to, listed when its turn comes."""
    top = sorted(p for p in home.root.iterdir() if p.name not in (*_LEFT_OUT, *_LAST))
    for path in top:
        yield from _below(path, is_top=True)
    vintages = home.lake / "vintages"
    if vintages.is_dir():
        yield from _below(vintages)
    if home.lake.is_dir():
        yield home.lake
        for path in sorted(home.lake.iterdir()):
            if path != vintages:
                yield from _sidecars_first(path)
    archive = home.archive
    if archive.is_dir():
        yield archive
        for name in ("deliveries", "blobs"):
            if (archive / name).is_dir():
                yield from _below(archive / name)


def _sidecars_first(folder: Path) -> Iterator[Path]:
    """A sidecar says that its table exists: list sidecars, then the tables that are there by then."""
    found = list(_below(folder))
    yield from (p for p in found if p.suffix == ".json" or p.is_dir())
    yield from (p for p in _below(folder) if p.suffix != ".json" and not p.is_dir())


def _below(path: Path, *, is_top: bool = False) -> Iterator[Path]:
    """A path and everything below; a link in the home itself is followed, one further down is somebody else's."""
    if _is_passing(path) or (path.is_symlink() and not is_top):
        return
    yield path
    if path.is_dir():
        for inner in sorted(path.iterdir()):
            yield from _below(inner)


def _is_passing(path: Path) -> bool:
    """Locks, temporary files, sockets, and what SQLite keeps beside its files."""
    name = path.name
    return (
        name.endswith((".tmp", ".lock", "-wal", "-shm", "-journal"))
        or name.startswith((".building-", ".publishing", ".nfs"))
        or name == "incoming"
        or not (path.is_dir() or path.is_file())
    )


def _is_database(path: Path) -> bool:
    """A file of SQLite, by its first bytes."""
    if path.suffix != ".db":
        return False
    with path.open("rb") as handle:
        return handle.read(16) == b"SQLite format 3\x00"


def _copy_database(path: Path, copied: Path) -> None:
    with closing(sqlite3.connect(path, timeout=60)) as source, closing(sqlite3.connect(copied)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE")


def read_backup(folder: Path) -> Backup:
    """What a backup says that it holds.

    Raises:
        ConfigurationError: the folder holds no backup, or one of another layout.
    """
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = {name: Entry(**entry) for name, entry in document.pop("files").items()}
        found = Backup(files=files, **{**document, "vintages": tuple(document["vintages"])})
    except FileNotFoundError:
        raise ConfigurationError(
            "there is no backup", where=str(folder), action="name a folder that `coopgva backup` wrote"
        ) from None
    except (JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(
            "the backup's list of files is damaged", where=str(folder / MANIFEST), action="take another backup"
        ) from None
    if found.layout != LAYOUT:
        raise ConfigurationError(f"a backup of layout {found.layout}", where=str(folder), action="use its version")
    return found


def restore(home: Home, folder: Path) -> Backup:
    """Put a backup back into a home that does not exist yet or is empty; every hash is compared while it is copied.

    Raises:
        ConfigurationError: no backup, or the home is not empty.
        CoopgvaError: a file is missing or damaged, or cannot be written; the home is left as it was.
    """
    found = read_backup(folder)
    _demand_empty(home.root, "only an empty home can be restored")
    partial = home.root.with_name(home.root.name + _PARTIAL)
    try:
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir(parents=True, mode=0o700)
        for name, mode in sorted(found.folders.items()):
            _inside(partial, name).mkdir(parents=True, exist_ok=True)
            _inside(partial, name).chmod(int(mode, 8))
        for name, entry in found.files.items():
            _put_back(folder / FILES / name, _inside(partial, name), entry)
        partial.chmod(0o755)
        if home.root.exists():
            home.root.rmdir()
        partial.rename(home.root)
        sync_folder(home.root.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CoopgvaError(
            f"the backup cannot be restored ({error.strerror or error})",
            where=str(error.filename or home.root),
            action="mend it and run it again; the home is as it was",
        ) from None
    except CoopgvaError:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return found


def _inside(root: Path, name: str) -> Path:
    """A path of the list below the home; a list that points elsewhere is refused."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        raise CoopgvaError("the backup's list points out of the home", where=name, action="do not use this backup")
    return root / path


def _put_back(source: Path, target: Path, entry: Entry) -> None:
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest = hashlib.sha256()
    try:
        reading = source.open("rb")
    except FileNotFoundError:
        raise CoopgvaError(
            "the file is missing in the backup", where=str(source), action="use another backup; the home is as it was"
        ) from None
    with reading, target.open("xb") as writing:
        while chunk := reading.read(CHUNK):
            digest.update(chunk)
            writing.write(chunk)
        writing.flush()
        os.fsync(writing.fileno())
    if digest.hexdigest() != entry.sha256:
        raise CoopgvaError(
            "the file does not have the bytes that were backed up",
            where=str(source),
            action="use another backup; the home is as it was",
        )
    target.chmod(int(entry.mode, 8))


def _demand_empty(folder: Path, why: str) -> None:
    try:
        is_empty = not folder.exists() or (folder.is_dir() and not any(folder.iterdir()))
    except OSError as error:
        raise ConfigurationError(f"cannot look there ({error.strerror})", where=str(folder)) from None
    if not is_empty:
        raise ConfigurationError("the folder is not empty", where=str(folder), action=why)
