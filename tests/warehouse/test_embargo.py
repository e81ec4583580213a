"""Embargo: before its time nothing of a release is readable, at its time all of it is, and twice is once."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import duckdb
import pytest

from assets import gate as gate_module
from assets.access import embargo
from assets.access.embargo import made_releases, release_due, staged
from assets.access.release import ReleaseOutcome, publish, release_metadata
from resources.errors import ConfigurationError, CoopgvaError, PublishRefusedError
from resources.home import REPOSITORY, Home
from resources.lake import Vintage
from resources.publications import LOG, events, publication_log
from resources.release_calendar import CALENDAR
from resources.warehouse.duckdb_file import ACCESS, WAREHOUSE, held_vintage

PLANNED = dt.datetime(2026, 12, 1, 8, 0, tzinfo=dt.UTC)  # 09:00 in Budapest
DAY = dt.timedelta(days=1)
SHARE = 3.625  # of the second vintage; eight bytes that occur nowhere else


@pytest.fixture(autouse=True)
def lenient_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """The repository's audit is about tables that this house does not have."""
    monkeypatch.setattr(gate_module, "sql_file", lambda name: "SELECT 1 WHERE false")
    monkeypatch.delenv("COOPGVA_WAREHOUSE_URL", raising=False)


def plan(home: Home, *moments: dt.datetime) -> None:
    home.root.mkdir(parents=True, exist_ok=True)
    lines = ["releases:"]
    for number, moment in enumerate(moments, start=1):
        lines.append(f"- {{id: r{number}, title: One, reference_years: [2023], planned_at: '{moment.isoformat()}'}}")
    (home.root / CALENDAR).write_text("\n".join(lines) + "\n", encoding="utf-8")


def write_files(file: Path, vintage: Vintage, folder: Path) -> None:
    """A release of one file: what the published table says."""
    with duckdb.connect(file, read_only=True) as connection:
        shares = connection.sql("SELECT share_pct FROM main.target_tracker ORDER BY ALL").fetchall()
    (folder / "data").mkdir()
    (folder / "data" / "share.json").write_text(json.dumps([vintage.vintage_id, shares]), encoding="utf-8")


def night(house: Any, edition: str, share: float, now: dt.datetime) -> ReleaseOutcome:
    """A nightly run whose tables hold this share."""
    house.edition = edition
    house.cells = [{**c, "share_pct": None if c["is_withheld"] else share} for c in house.cells]
    return publish(house.made(), now=now, write_files=write_files)


def seen(home: Home) -> float | None:
    """The share that readers see."""
    path = home.warehouse / ACCESS
    if not path.exists():
        return None
    with duckdb.connect(path, read_only=True) as connection:
        row = connection.sql("SELECT max(share_pct) FROM main.target_tracker").fetchone()
    return row[0] if row else None


def readable(home: Home) -> list[Path]:
    """Every file that somebody else than the owner can read: its mode and those of all folders above allow it."""
    found = []
    for folder, names, files in os.walk(home.root):
        names[:] = [n for n in names if (Path(folder) / n).stat().st_mode & 0o011]
        found += [Path(folder) / n for n in files if (Path(folder) / n).stat().st_mode & 0o044]
    return found


def holds(path: Path, share: float) -> bool:
    """Whether the file holds the number, as text or as the bytes of a double."""
    import struct

    content = path.read_bytes()
    return str(share).encode() in content or struct.pack("<d", share) in content


def test_without_a_calendar_everything_is_readable_at_once(house: Any) -> None:
    outcome = night(house, "first", SHARE, PLANNED - DAY)
    assert seen(house.home) == SHARE
    files = house.home.root / "releases" / outcome.vintage.vintage_id
    assert json.loads((files / "data" / "share.json").read_text()) == [outcome.vintage.vintage_id, [[SHARE], [None]]]
    assert [p for p in readable(house.home) if holds(p, SHARE)]
    assert not (house.home.root / "releases" / embargo.EMBARGOED).exists()
    assert sorted(p.name for p in files.parent.iterdir()) == [outcome.vintage.vintage_id]


def test_before_its_time_nothing_of_a_release_can_be_read(house: Any) -> None:
    old = night(house, "first", 2.0, PLANNED - 9 * DAY)
    plan(house.home, PLANNED)
    outcome = night(house, "second", SHARE, PLANNED - DAY)

    assert seen(house.home) == 2.0
    assert not [p for p in readable(house.home) if holds(p, SHARE)]
    folder = house.home.root / "releases" / embargo.EMBARGOED
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / outcome.vintage.vintage_id / ACCESS).stat().st_mode & 0o777 == 0o600
    assert holds(folder / outcome.vintage.vintage_id / embargo.FILES / "data" / "share.json", SHARE), "it does wait"
    inner = house.home.warehouse / WAREHOUSE
    assert inner.stat().st_mode & 0o777 == 0o600
    held = held_vintage(inner)
    assert held
    assert held.vintage_id == outcome.vintage.vintage_id, "inside the house everything is up to date"

    assert [e["vintage_id"] for e in publication_log(house.home)] == [old.vintage.vintage_id]
    last = events(house.home)[-1]
    assert last["embargoed_at"] == "2026-11-30T08:00:00+00:00"
    assert str(SHARE) not in (house.home.root / LOG).read_text()
    assert outcome.held == "under embargo until 2026-12-01 09:00 CET (release r1)"
    assert outcome.in_words.endswith(f"2 of 2 tables changed, {outcome.held}")
    metadata = release_metadata(house.open(), outcome)
    assert not [name for name in metadata if name.startswith("headline")]


def test_at_its_time_all_of_it_can_and_twice_is_once(house: Any) -> None:
    night(house, "first", 2.0, PLANNED - 9 * DAY)
    plan(house.home, PLANNED)
    outcome = night(house, "second", SHARE, PLANNED - DAY)
    assert release_due(house.home, now=PLANNED - dt.timedelta(seconds=1)) == ()
    assert seen(house.home) == 2.0

    [made] = release_due(house.home, now=PLANNED + dt.timedelta(minutes=3))
    assert (made.planned.release_id, made.vintage_id, made.is_new) == ("r1", outcome.vintage.vintage_id, True)
    assert seen(house.home) == SHARE
    assert (house.home.warehouse / ACCESS).stat().st_mode & 0o777 == 0o644
    files = house.home.root / "releases" / outcome.vintage.vintage_id / "data" / "share.json"
    assert files in readable(house.home)
    assert holds(files, SHARE)
    entry = publication_log(house.home)[-1]
    assert (entry["release_id"], entry["planned_at"], entry["published_at"]) == (
        "r1",
        "2026-12-01T08:00:00+00:00",
        "2026-12-01T08:03:00+00:00",
    )
    before = {p: p.stat().st_mtime_ns for p in house.home.root.rglob("*") if p.is_file() and p.name != ".lock"}
    assert release_due(house.home, now=PLANNED + DAY) == ()
    after = {p: p.stat().st_mtime_ns for p in house.home.root.rglob("*") if p.is_file() and p.name != ".lock"}
    assert before == after
    assert staged(house.home) == []


def test_the_newest_vintage_that_passed_in_time_is_the_release(house: Any) -> None:
    plan(house.home, PLANNED)
    night(house, "first", 2.0, PLANNED - 3 * DAY)
    second = night(house, "second", SHARE, PLANNED - DAY)
    house.edition, good = "third", house.cells
    house.cells = [*good, good[0]]  # a duplicate key: the gate refuses
    with pytest.raises(PublishRefusedError):
        publish(house.made(), now=PLANNED - DAY / 2)
    assert [s.vintage_id for s in staged(house.home)] == [second.vintage.vintage_id]
    house.cells = good
    fourth = night(house, "fourth", 5.0, PLANNED + DAY)  # nobody called for the release meanwhile
    assert [m.vintage_id for m in fourth.made] == [second.vintage.vintage_id]
    assert seen(house.home) == SHARE
    assert [s.vintage_id for s in staged(house.home)] == [fourth.vintage.vintage_id]
    assert fourth.held == "no release is planned: readers keep what they have until release_calendar.yaml plans one"


def test_a_vintage_that_waits_keeps_its_moment(house: Any) -> None:
    plan(house.home, PLANNED)
    night(house, "first", SHARE, PLANNED - 3 * DAY)
    again = night(house, "first", SHARE, PLANNED - DAY)
    assert (again.is_new, again.held[:13]) == (False, "under embargo")
    assert [s.passed for s in staged(house.home)] == [PLANNED - 3 * DAY]
    assert len([e for e in events(house.home) if "embargoed_at" in e]) == 1


def test_going_back_to_what_readers_have_leaves_nothing_to_wait(house: Any) -> None:
    night(house, "first", 2.0, PLANNED - 9 * DAY)
    plan(house.home, PLANNED)
    night(house, "second", SHARE, PLANNED - 2 * DAY)
    back = night(house, "first", 2.0, PLANNED - DAY)
    assert staged(house.home) == []
    assert back.held == ""
    [made] = release_due(house.home, now=PLANNED)
    assert (made.vintage_id, made.is_new) == (back.vintage.vintage_id, False)
    assert seen(house.home) == 2.0


def test_a_first_release_without_a_vintage_in_time_is_late(house: Any) -> None:
    plan(house.home, PLANNED, PLANNED + 2 * DAY)
    assert release_due(house.home, now=PLANNED) == ()
    outcome = night(house, "first", SHARE, PLANNED + DAY)
    assert [m.planned.release_id for m in outcome.made] == ["r1"]
    assert seen(house.home) == SHARE
    assert outcome.held == ""
    assert made_releases(house.home) == {"r1": PLANNED + DAY}


def test_a_release_planned_into_the_past_has_nothing_newer_than_its_time(house: Any) -> None:
    night(house, "first", 2.0, PLANNED - 9 * DAY)
    plan(house.home, PLANNED + 30 * DAY)
    night(house, "second", SHARE, PLANNED + DAY)
    plan(house.home, PLANNED, PLANNED + 30 * DAY)
    [made] = release_due(house.home, now=PLANNED + 2 * DAY)
    assert not made.is_new
    assert seen(house.home) == 2.0
    assert len(staged(house.home)) == 1


def test_two_releases_due_at_once_are_both_logged(house: Any) -> None:
    plan(house.home, PLANNED, PLANNED + DAY)
    outcome = night(house, "first", SHARE, PLANNED - DAY)
    made = release_due(house.home, now=PLANNED + 5 * DAY)
    assert [(m.planned.release_id, m.is_new) for m in made] == [("r1", True), ("r2", False)]
    assert {m.vintage_id for m in made} == {outcome.vintage.vintage_id}


def test_a_look_into_the_past_is_private_and_releases_nothing(house: Any) -> None:
    plan(house.home, PLANNED)
    (house.home.warehouse / "as-of" / "2026-11-30").mkdir(parents=True)  # of a time without a calendar
    house.edition = "past"
    house.cells = [{**c, "share_pct": None if c["is_withheld"] else SHARE} for c in house.cells]
    publish(house.made(as_of="2026-11-30"), now=PLANNED + DAY, write_files=write_files)
    folder = house.home.warehouse / "as-of" / "2026-11-30"
    with duckdb.connect(folder / ACCESS, read_only=True) as connection:
        assert connection.sql("SELECT max(share_pct) FROM main.target_tracker").fetchone() == (SHARE,)
    assert not [p for p in readable(house.home) if holds(p, SHARE)]
    assert seen(house.home) is None
    assert staged(house.home) == []
    assert made_releases(house.home) == {}


def test_a_calendar_that_cannot_be_believed_publishes_nothing(house: Any) -> None:
    night(house, "first", 2.0, PLANNED - 9 * DAY)
    (house.home.root / CALENDAR).write_text("releases: tomorrow\n")
    with pytest.raises(ConfigurationError):
        night(house, "second", SHARE, PLANNED)
    with pytest.raises(ConfigurationError):
        release_due(house.home, now=PLANNED)
    assert seen(house.home) == 2.0
    assert not [p for p in readable(house.home) if holds(p, SHARE)]


def test_without_the_calendar_the_house_publishes_at_once_again(house: Any) -> None:
    plan(house.home, PLANNED)
    night(house, "first", 2.0, PLANNED - DAY)
    (house.home.root / CALENDAR).unlink()
    assert release_due(house.home, now=PLANNED) == ()
    night(house, "second", SHARE, PLANNED - DAY)
    assert seen(house.home) == SHARE
    assert staged(house.home) == []


def test_what_is_damaged_while_it_waits_is_built_again_from_the_lake(house: Any) -> None:
    plan(house.home, PLANNED)
    outcome = night(house, "first", SHARE, PLANNED - DAY)
    waiting = house.home.root / "releases" / embargo.EMBARGOED / outcome.vintage.vintage_id / ACCESS
    waiting.write_bytes(b"\0" + waiting.read_bytes()[1:])
    release_due(house.home, now=PLANNED)
    assert seen(house.home) == SHARE


def test_what_is_damaged_in_the_lake_too_is_refused(house: Any) -> None:
    plan(house.home, PLANNED)
    outcome = night(house, "first", SHARE, PLANNED - DAY)
    (house.home.root / "releases" / embargo.EMBARGOED / outcome.vintage.vintage_id / ACCESS).unlink()
    shop = house.open()
    path = shop.lake.path("access.target_tracker", shop.key("access.target_tracker"))
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    with pytest.raises(PublishRefusedError, match=r"access\.target_tracker: .* damaged"):
        release_due(house.home, now=PLANNED)
    assert seen(house.home) is None


KILLED = {"before": "release_staged", "between": "append", "after": "rmtree"}


@pytest.mark.parametrize("moment", sorted(KILLED))
def test_a_killed_release_is_finished_by_the_next_call(house: Any, moment: str) -> None:
    """SIGKILL after the files are placed, before the log is written, and before the folder is removed."""
    night(house, "first", 2.0, PLANNED - 9 * DAY)
    plan(house.home, PLANNED)
    outcome = night(house, "second", SHARE, PLANNED - DAY)
    script = textwrap.dedent("""
        import datetime as dt, shutil, sys, time
        from pathlib import Path
        from assets.access import embargo
        from resources.home import Home
        remove = shutil.rmtree
        def stop(*arguments, **more):
            print("now", flush=True)
            time.sleep(60)
        def stop_at_vintage(path, *arguments, **more):
            if Path(path).name.startswith("0000"):
                stop()
            remove(path, *arguments, **more)
        if sys.argv[2] == "rmtree":
            shutil.rmtree = stop_at_vintage
        else:
            setattr(embargo, sys.argv[2], stop)
        embargo.release_due(Home(Path(sys.argv[1])), now=dt.datetime.fromisoformat(sys.argv[3]))
        """)
    child = subprocess.Popen(
        [sys.executable, "-c", script, str(house.home.root), KILLED[moment], PLANNED.isoformat()],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert child.stdout
    assert child.stdout.readline() == b"now\n"
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()

    assert seen(house.home) == (2.0 if moment == "before" else SHARE)
    again = release_due(house.home, now=PLANNED + DAY)
    assert len(again) == (0 if moment == "after" else 1)
    assert seen(house.home) == SHARE
    assert [e["release_id"] for e in publication_log(house.home)[1:]] == ["r1"]
    assert (house.home.root / "releases" / outcome.vintage.vintage_id / "data" / "share.json").exists()
    assert release_due(house.home, now=PLANNED + 2 * DAY) == ()
    back = night(house, "second", SHARE, PLANNED + 2 * DAY)
    assert back.held == ""
    assert staged(house.home) == []


def test_a_killed_staging_is_begun_anew(house: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    plan(house.home, PLANNED)

    def dies(*arguments: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(embargo, "write_json", dies)
    with pytest.raises(KeyboardInterrupt):
        night(house, "first", SHARE, PLANNED - DAY)
    assert staged(house.home) == []
    assert not [p for p in readable(house.home) if holds(p, SHARE)]
    monkeypatch.undo()
    monkeypatch.setattr(gate_module, "sql_file", lambda name: "SELECT 1 WHERE false")
    night(house, "first", SHARE, PLANNED - DAY)
    folder = house.home.root / "releases" / embargo.EMBARGOED
    assert len(staged(house.home)) == len([p for p in folder.iterdir() if p.is_dir()]) == 1


def test_files_that_cannot_be_written_stage_and_publish_nothing(house: Any) -> None:
    plan(house.home, PLANNED)

    def refuses(file: Path, vintage: Vintage, folder: Path) -> None:
        raise CoopgvaError("no room")

    house.made()
    with pytest.raises(CoopgvaError, match="no room"):
        publish(house.open(), now=PLANNED - DAY, write_files=refuses)
    assert staged(house.home) == []
