"""The release calendar: which release is planned when, which are due, and how punctual they were.

`release_calendar.yaml` in the home is optional. Without it every vintage that passes the gate is readable at once; with
it readers get a new vintage only at the planned time of a release. Belongs here: the file, time zones, what is due,
punctuality. Does not belong here: holding back and releasing (`assets.access.embargo`). No clock: `now` is given.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError

from resources.contract import Strict, explain_validation, load_yaml
from resources.errors import ConfigurationError
from resources.home import Home

CALENDAR = "release_calendar.yaml"
TIME_ZONE = "Europe/Budapest"


class _Entry(Strict):
    id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str = Field(min_length=2)
    reference_years: tuple[int, ...] = Field(min_length=1)
    planned_at: str | dt.datetime | dt.date
    released_at: str | dt.datetime | dt.date | None = None


class _File(Strict):
    time_zone: str = TIME_ZONE
    releases: tuple[_Entry, ...]


@dataclass(frozen=True)
class PlannedRelease:
    """One entry of the calendar.

    Attributes:
        release_id: its id, unique and for good.
        title: for people.
        reference_years: the years that it is about.
        planned_at: when readers may see it first (UTC).
        released_at: when it was made, for releases made before this house kept a log; else None.
    """

    release_id: str
    title: str
    reference_years: tuple[int, ...]
    planned_at: dt.datetime
    released_at: dt.datetime | None = None


@dataclass(frozen=True)
class ReleaseCalendar:
    """All planned releases in the order of their times, and the zone in which times are shown."""

    zone: ZoneInfo
    releases: tuple[PlannedRelease, ...]

    def due(self, made: Collection[str], now: dt.datetime) -> tuple[PlannedRelease, ...]:
        """Releases whose time has come and which are not among `made` (ids), oldest first."""
        return tuple(r for r in self._open(made) if r.planned_at <= now)

    def next(self, made: Collection[str], now: dt.datetime) -> PlannedRelease | None:
        """The next release that is not made: one that is overdue, else the first to come; None if none is planned."""
        return next(iter((*self.due(made, now), *self._open(made))), None)

    def _open(self, made: Collection[str]) -> list[PlannedRelease]:
        return [r for r in self.releases if r.release_id not in made and r.released_at is None]

    def shown(self, moment: dt.datetime) -> str:
        """A moment in the calendar's zone, to the minute, with the zone's abbreviation."""
        return moment.astimezone(self.zone).strftime("%Y-%m-%d %H:%M %Z")


def load_calendar(home: Home) -> ReleaseCalendar | None:
    """The home's calendar; None where it has none.

    Raises:
        ConfigurationError: a file that cannot be believed; nothing is released while it stands.
    """
    path = home.root / CALENDAR
    if not path.exists():
        return None
    try:
        document = _File.model_validate(load_yaml(path))
    except ValidationError as error:
        raise _wrong(path, explain_validation(error)) from None
    try:
        zone = ZoneInfo(document.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise _wrong(path, f"time_zone: '{document.time_zone}' is not a zone, such as {TIME_ZONE}") from None
    twice = sorted(name for name, count in Counter(e.id for e in document.releases).items() if count > 1)
    if twice:
        raise _wrong(path, f"release {twice[0]} stands there twice")
    releases = []
    for entry in document.releases:
        try:
            planned = _moment(entry.planned_at, zone)
            released = None if entry.released_at is None else _moment(entry.released_at, zone)
        except ValueError as error:
            raise _wrong(path, f"release {entry.id}: {error}") from None
        releases.append(PlannedRelease(entry.id, entry.title, entry.reference_years, planned, released))
    return ReleaseCalendar(zone, tuple(sorted(releases, key=lambda r: (r.planned_at, r.release_id))))


def _wrong(path: Path, what: str) -> ConfigurationError:
    return ConfigurationError(what, where=str(path), action="correct the calendar; nothing is released until then")


def _moment(given: str | dt.datetime | dt.date, zone: ZoneInfo) -> dt.datetime:
    """A time in UTC (two times of one zone would be compared by the clock on the wall); one without offset is local.

    Raises:
        ValueError: no time of day, not a time, or a local time that the change of clocks skips or repeats.
    """
    if isinstance(given, str):
        text = given
        try:
            given = dt.datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(f"'{text}' is not a time, write 2026-12-01T09:00:00+01:00") from None
        if len(text) <= len("2026-12-01"):
            given = given.date()
    if not isinstance(given, dt.datetime):
        raise ValueError(f"'{given}' has no time of day, write {given}T09:00:00")
    if given.tzinfo is not None:
        return given.astimezone(dt.UTC)
    first, second = (given.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(dt.UTC)
    exists = first.astimezone(dt.UTC).astimezone(zone).replace(tzinfo=None) == given
    when = "comes twice" if exists else "does not exist"
    raise ValueError(
        f"{given:%Y-%m-%d %H:%M} {when} in {zone.key} (change of clocks), write the offset or another time"
    )


def punctuality(planned: dt.datetime, actual: dt.datetime) -> str:
    """How late a release was, in words: minutes up to a day, then days and hours; a minute's delay is on time.

    SIMS S.14.2: punctuality is the time lag between the actual and the planned date of a release.
    """
    minutes = round((actual - planned).total_seconds() / 60)
    if abs(minutes) <= 1:
        return "on time"
    side = "late" if minutes > 0 else "early"
    days, rest = divmod(abs(minutes), 24 * 60)
    if not days:
        return f"{rest} minutes {side}"
    return f"{days} day{'s' if days > 1 else ''}{f' {rest // 60} h' if rest >= 60 else ''} {side}"
