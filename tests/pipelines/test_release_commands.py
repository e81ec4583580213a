"""`coopgva release` and `coopgva vintages calendar`: what a person is told."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from pipelines.release import print_calendar, release_in_words
from resources.errors import ConfigurationError
from resources.home import Home
from resources.publications import append
from resources.release_calendar import CALENDAR
from tests.command import say
from tests.pipelines.test_schedules import publish_shares

NOW = dt.datetime(2026, 12, 1, 8, 7, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("COOPGVA_WAREHOUSE_URL", raising=False)
    (tmp_path / CALENDAR).write_text(
        """
        releases:
        - id: past
          title: Before the log began
          reference_years: [2021]
          planned_at: 2025-12-01T09:00:00
          released_at: 2025-12-03T13:00:00
        - {id: now, title: "[bold]Now", reference_years: [2022, 2023], planned_at: 2026-12-01T09:00:00}
        - {id: next, title: Later, reference_years: [2024], planned_at: 2027-06-01T09:00:00}
        """,
        encoding="utf-8",
    )
    return Home(tmp_path)


def test_without_a_calendar_there_is_nothing_to_do(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.root / CALENDAR).unlink()
    said = say(monkeypatch, capsys, "release", "--home", str(home.root))
    assert (said.code, said.out) == (0, f"no {CALENDAR} in {home.root}: every refresh releases at once\n")
    said = say(monkeypatch, capsys, "vintages", "calendar", "--home", str(home.root))
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "docs/vintages.md" in said.err


def test_what_is_due_is_released_once_and_the_next_is_named(home: Home) -> None:
    assert release_in_words(home, now=NOW) == [
        "release now is overdue: no vintage has passed the gate; run `coopgva refresh`"
    ]
    publish_shares(home.root)
    assert release_in_words(home, now=NOW - dt.timedelta(days=1)) == [
        "nothing is due; readers have the newest vintage, next is now at 2026-12-01 09:00 CET"
    ]
    assert release_in_words(home, now=NOW) == [
        "release now: vintage 000001-aaaaaaaa is readable as before, nothing newer passed the gate in time, "
        "7 minutes late"
    ]
    assert release_in_words(home, now=NOW) == [
        "nothing is due; readers have the newest vintage, next is next at 2027-06-01 09:00 CEST"
    ]
    later = NOW + dt.timedelta(days=300)
    assert release_in_words(home, now=later)[0].startswith("release next: vintage")
    assert release_in_words(home, now=later) == ["nothing is due, and no release is planned"]


def test_the_calendar_shows_punctuality(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    print_calendar(home, now=NOW)
    lines = {line.split("│")[1].strip(): line for line in capsys.readouterr().out.splitlines() if "│" in line}
    assert "2 days 4 h late" in lines["past"]
    assert "2025-12-03 13:00 CET" in lines["past"]
    assert "overdue" in lines["now"]
    assert "[bold]Now" in lines["now"]
    entry = {"vintage_id": "000007-bbbbbbbb", "run_id": "r", "as_of": None, "release_id": "now"}
    append(home, {**entry, "published_at": "2026-12-01T08:07:00+00:00"})
    append(home, {**entry, "published_at": "2026-12-09T08:07:00+00:00"})  # readers lost it and got it back
    print_calendar(home, now=NOW)
    lines = {line.split("│")[1].strip(): line for line in capsys.readouterr().out.splitlines() if "│" in line}
    assert "7 minutes late" in lines["now"]
    assert "000007-bbbbbbbb" in lines["now"]
    assert "2022, 2023" in lines["now"]
    assert "late" not in lines["next"]


def test_a_wrong_calendar_is_one_line(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (home.root / CALENDAR).write_text("releases:\n- id: x\n", encoding="utf-8")
    for command in (["release"], ["vintages", "calendar"]):
        said = say(monkeypatch, capsys, *command, "--home", str(home.root))
        assert said.code == 2
        assert said.err.count("\n") == 1
        assert CALENDAR in said.err
    with pytest.raises(ConfigurationError):
        release_in_words(home, now=NOW)
