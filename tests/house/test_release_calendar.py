"""The release calendar: zones and changes of clocks, what is due, punctuality, files that are refused."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from resources.errors import ConfigurationError
from resources.home import Home
from resources.release_calendar import CALENDAR, ReleaseCalendar, load_calendar, punctuality

BUDAPEST = ZoneInfo("Europe/Budapest")


def written(home: Path, *planned: str, more: str = "") -> Home:
    lines = ["releases:"]
    for number, moment in enumerate(planned, start=1):
        lines += [f"- {{id: r{number}, title: A release, reference_years: [2023], planned_at: {moment}{more}}}"]
    (home / CALENDAR).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return Home(home)


def calendar_of(home: Path, *planned: str) -> ReleaseCalendar:
    calendar = load_calendar(written(home, *planned))
    assert calendar is not None
    return calendar


def utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def test_no_file_is_no_calendar(tmp_path: Path) -> None:
    assert load_calendar(Home(tmp_path)) is None


@pytest.mark.parametrize(
    ("planned", "moment"),
    [
        ("2026-12-01T09:00:00", "2026-12-01T08:00"),  # winter time
        ("2026-07-01T09:00:00", "2026-07-01T07:00"),  # summer time
        ("2026-07-01 09:00", "2026-07-01T07:00"),
        ("'2026-07-01T09:00:00'", "2026-07-01T07:00"),
        ("2026-07-01T09:00:00+01:00", "2026-07-01T08:00"),
        ("2026-03-29T03:00:00", "2026-03-29T01:00"),  # the first moment of summer time
        ("2026-10-25T02:30:00+02:00", "2026-10-25T00:30"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30"),
    ],
)
def test_local_times_follow_the_change_of_clocks(planned: str, moment: str, tmp_path: Path) -> None:
    found = calendar_of(tmp_path, planned).releases[0].planned_at
    assert found == utc(moment)
    assert found.tzinfo is dt.UTC, "two times of one zone would be subtracted by their wall clocks"


@pytest.mark.parametrize(
    ("planned", "words"),
    [
        ("2026-03-29T02:30:00", "2026-03-29 02:30 does not exist in Europe/Budapest"),
        ("2026-10-25T02:30:00", "2026-10-25 02:30 comes twice in Europe/Budapest"),
        ("2026-12-01", "has no time of day"),
        ("'2026-12-01'", "has no time of day"),
        ("soon", "'soon' is not a time"),
    ],
)
def test_a_time_that_is_none_is_refused_by_release(planned: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"release r1: .*{words}"):
        load_calendar(written(tmp_path, planned))


def test_what_else_is_refused(tmp_path: Path) -> None:
    home = written(tmp_path, "2026-12-01T09:00:00", more=", embargo: no")
    with pytest.raises(ConfigurationError, match=r"releases\.0\.embargo"):
        load_calendar(home)
    (tmp_path / CALENDAR).write_text("time_zone: Middle/Earth\nreleases: []\n")
    with pytest.raises(ConfigurationError, match="Middle/Earth"):
        load_calendar(home)
    text = (tmp_path / CALENDAR).read_text() if written(tmp_path, "2026-12-01T09:00:00", "2027-12-01T09:00:00") else ""
    (tmp_path / CALENDAR).write_text(text.replace("r2", "r1"))
    with pytest.raises(ConfigurationError, match="release r1 stands there twice"):
        load_calendar(home)


def test_due_is_what_has_come_and_is_not_made(tmp_path: Path) -> None:
    calendar = calendar_of(tmp_path, "2026-12-01T09:00:00", "2026-06-01T09:00:00", "2027-06-01T09:00:00")
    ids = [r.release_id for r in calendar.releases]
    assert ids == ["r2", "r1", "r3"], "in the order of their times"
    at = utc("2026-12-01T08:00")
    assert [r.release_id for r in calendar.due((), at)] == ["r2", "r1"], "the planned moment itself counts"
    assert [r.release_id for r in calendar.due((), at - dt.timedelta(seconds=1))] == ["r2"]
    assert [r.release_id for r in calendar.due(("r2",), at)] == ["r1"]
    following = calendar.next(("r2", "r1"), at)
    assert following
    assert following.release_id == "r3"
    assert calendar.next(ids, at) is None


def test_a_release_made_before_the_log_began_is_not_due(tmp_path: Path) -> None:
    home = written(tmp_path, "2020-12-01T09:00:00", more=", released_at: 2020-12-03T09:00:00")
    calendar = load_calendar(home)
    assert calendar
    assert calendar.due((), utc("2026-01-01T00:00")) == ()
    assert calendar.releases[0].released_at == utc("2020-12-03T08:00")


def test_comparison_is_by_moments_and_not_by_clocks_on_the_wall(tmp_path: Path) -> None:
    """In the hour that comes twice a release is not made in its first half."""
    calendar = calendar_of(tmp_path, "2026-10-25T02:30:00+01:00")
    first_half_past_two = dt.datetime(2026, 10, 25, 2, 45, tzinfo=BUDAPEST, fold=0)
    assert calendar.due((), first_half_past_two) == ()
    assert len(calendar.due((), first_half_past_two.replace(fold=1))) == 1
    assert calendar.shown(calendar.releases[0].planned_at) == "2026-10-25 02:30 CET"


@pytest.mark.parametrize(
    ("delay", "words"),
    [
        (dt.timedelta(seconds=50), "on time"),
        (dt.timedelta(minutes=4), "4 minutes late"),
        (dt.timedelta(hours=-3), "180 minutes early"),
        (dt.timedelta(days=1, minutes=5), "1 day late"),
        (dt.timedelta(days=2, hours=4), "2 days 4 h late"),
    ],
)
def test_punctuality_is_actual_less_planned(delay: dt.timedelta, words: str) -> None:
    planned = utc("2026-03-28T12:00")
    assert punctuality(planned, (planned + delay).astimezone(BUDAPEST)) == words
