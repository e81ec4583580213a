"""Back-ups: complete, consistent while a house works, refused where they would do harm.

That a restored home refreshes and computes nothing is shown by `test_nights`.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from filelock import FileLock

from pipelines.operations.backup import FILES, HOUSEKEEPING_LOCK, MANIFEST, backup, read_backup, restore
from resources.durable import file_sha256, write_json
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home
from resources.lake import Lake, Version

NOW = dt.datetime(2026, 11, 24, 6, 0, tzinfo=dt.UTC)


def add_vintage(home: Home, number: int) -> None:
    """What a refresh leaves: bytes of a delivery, its record, a table, its sidecar, the vintage, the log."""
    blob = home.archive / "blobs" / f"{number:02d}" / f"{number:064d}"
    blob.parent.mkdir(parents=True, exist_ok=True)
    blob.write_bytes(b"x" * 2000)
    write_json(home.archive / "deliveries" / "s" / f"{number:08d}-a.json", {"blob": blob.name})
    key = f"{number:032d}"
    lake = Lake(home.lake)
    path = lake.path("source.cluster", key)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"rows" * 500)
    lake.seal(Version("source.cluster", key, 1, file_sha256(path), {}, {"s": str(number)}, {}))
    lake.record_vintage({"source.cluster": key}, {}, None)
    with (home.root / "publications.jsonl").open("a") as log:
        log.write(json.dumps({"published_at": "x", "vintage_id": lake.vintages()[-1].vintage_id}) + "\n")


def test_what_a_backup_refers_to_is_in_it_although_a_refresh_goes_on(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While each folder is copied a refresh has the time to finish another vintage."""
    add_vintage(home, 0)
    numbers = count(1)
    folders: list[Path] = []

    def slowly(source: Path, target: Path) -> None:
        copyfile(source, target)
        if source.parent not in folders:
            folders.append(source.parent)
            add_vintage(home, next(numbers))

    copyfile = shutil.copyfile
    monkeypatch.setattr("pipelines.operations.backup.shutil.copyfile", slowly)
    backup(home, tmp_path / "b", now=NOW)
    assert folders[-1].parent.name == "blobs", "the refreshes went on until the end"
    restored = Home(tmp_path / "r")
    restore(restored, tmp_path / "b")
    lake = Lake(restored.lake)
    known = {v.vintage_id: v for v in lake.vintages()}
    with (restored.root / "publications.jsonl").open() as log:
        logged = {json.loads(line)["vintage_id"] for line in log}
    assert logged
    assert logged <= set(known) < {v.vintage_id for v in Lake(home.lake).vintages()}
    for vintage in known.values():
        version = lake.version("source.cluster", vintage.tables["source.cluster"])
        assert version is not None
        assert lake.is_intact(version)
    records = list((restored.archive / "deliveries" / "s").glob("*.json"))
    assert len(records) > len(known)
    for record in records:
        name = json.loads(record.read_text(encoding="utf-8"))["blob"]
        assert list((restored.archive / "blobs").rglob(name)) != []


def test_a_database_in_use_is_copied_whole(home: Home, tmp_path: Path) -> None:
    path = home.dagster / "history" / "runs.db"
    path.parent.mkdir(parents=True)
    with closing(sqlite3.connect(path)) as writing:
        writing.execute("PRAGMA journal_mode=WAL")
        writing.execute("CREATE TABLE runs (id INTEGER)")
        writing.execute("INSERT INTO runs VALUES (1)")
        writing.commit()  # in the log beside the file, not in the file
        writing.execute("INSERT INTO runs VALUES (2)")
        made = backup(home, tmp_path / "b", now=NOW)
    assert not [name for name in made.files if name.endswith(("-wal", "-shm"))]
    with closing(sqlite3.connect(tmp_path / "b" / FILES / "dagster" / "history" / "runs.db")) as copied:
        assert copied.execute("SELECT * FROM runs").fetchall() == [(1,)]


def test_what_is_passing_is_left_out_and_permissions_come_back(home: Home, tmp_path: Path) -> None:
    home.keep_private()
    (home.spill / "x").write_text("x")
    (home.root / "logs").mkdir()
    (home.root / "logs" / "a.jsonl").write_text("{}")
    (home.lake / ".a.tmp").write_text("half")
    (home.root / "decisions").mkdir(mode=0o750)
    (home.root / "decisions" / "decisions.csv").write_text("a\n")
    (home.root / "decisions" / "decisions.csv").chmod(0o640)
    made = backup(home, tmp_path / "b", now=NOW)
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o700
    assert not [n for n in made.files if n.startswith(("spill", "logs")) or n.endswith((".tmp", ".lock"))]
    restore(Home(tmp_path / "r"), tmp_path / "b")
    back = tmp_path / "r" / "decisions" / "decisions.csv"
    assert (stat.S_IMODE(back.stat().st_mode), stat.S_IMODE(back.parent.stat().st_mode)) == (0o640, 0o750)
    assert (tmp_path / "r" / "sources.yaml").read_bytes() == home.sources.read_bytes()


def test_harm_is_refused(home: Home, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="inside its home"):
        backup(home, home.root / "b", now=NOW)
    with FileLock(home.root / HOUSEKEEPING_LOCK), pytest.raises(CoopgvaError, match="under way"):
        backup(home, tmp_path / "b", now=NOW)
    backup(home, tmp_path / "b", now=NOW)
    with pytest.raises(ConfigurationError, match="not empty"):
        backup(home, tmp_path / "b", now=NOW)
    with pytest.raises(ConfigurationError, match="only an empty home can be restored"):
        restore(home, tmp_path / "b")
    with pytest.raises(ConfigurationError, match="there is no backup"):
        restore(Home(tmp_path / "r"), home.root)
    with pytest.raises(ConfigurationError, match="no such home"):
        backup(Home(tmp_path / "nowhere"), tmp_path / "c", now=NOW)


def flip(folder: Path) -> None:
    path = folder / FILES / "sources.yaml"
    path.write_bytes(path.read_bytes()[:-1] + b"X")


def lose(folder: Path) -> None:
    (folder / FILES / "sources.yaml").unlink()


def point_outside(folder: Path) -> None:
    document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    document["files"]["../escaped"] = document["files"]["sources.yaml"]
    (folder / MANIFEST).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("damage", "said"),
    [(flip, "does not have the bytes"), (lose, "missing in the backup"), (point_outside, "points out of the home")],
)
def test_a_damaged_backup_is_not_restored_and_leaves_nothing(
    damage: Callable[[Path], None], said: str, home: Home, tmp_path: Path
) -> None:
    backup(home, tmp_path / "b", now=NOW)
    damage(tmp_path / "b")
    with pytest.raises(CoopgvaError, match=said):
        restore(Home(tmp_path / "r"), tmp_path / "b")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "home"]


def test_a_list_that_is_no_list_is_refused(home: Home, tmp_path: Path) -> None:
    backup(home, tmp_path / "b", now=NOW)
    (tmp_path / "b" / MANIFEST).write_text('{"files": 1}')
    with pytest.raises(ConfigurationError, match="list of files is damaged"):
        read_backup(tmp_path / "b")
