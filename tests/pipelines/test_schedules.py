"""The nightly schedule, on ordinary nights and on the two on which 02:00 is special."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from zoneinfo import ZoneInfo

import dagster as dg
import pytest
from dagster._utils.schedules import cron_string_iterator

from pipelines.definitions import build_defs
from pipelines.schedules import TIME_ZONE, build_schedules

BUDAPEST = ZoneInfo("Europe/Budapest")


def ticks(first_day: str, count: int) -> list[str]:
    """The moments at which the daemon would start the run, in Budapest's time."""
    schedule = build_schedules()[0]
    start = dt.datetime.fromisoformat(first_day).replace(tzinfo=BUDAPEST).timestamp()
    assert isinstance(schedule.cron_schedule, str)
    moments = cron_string_iterator(start, schedule.cron_schedule, schedule.execution_timezone)
    return [moment.astimezone(BUDAPEST).isoformat() for moment in islice(moments, count)]


def test_every_night_at_two() -> None:
    assert TIME_ZONE == "Europe/Budapest"
    assert ticks("2026-01-14", 2) == ["2026-01-14T02:00:00+01:00", "2026-01-15T02:00:00+01:00"]
    assert ticks("2026-07-14", 2) == ["2026-07-14T02:00:00+02:00", "2026-07-15T02:00:00+02:00"]


def test_the_night_without_two_o_clock_is_not_skipped() -> None:
    assert ticks("2026-03-28", 3) == [
        "2026-03-28T02:00:00+01:00",
        "2026-03-29T03:00:00+02:00",
        "2026-03-30T02:00:00+02:00",
    ]


def test_the_night_with_two_o_clock_twice_has_one_run() -> None:
    nights = ticks("2026-10-24", 3)
    assert [night[:10] for night in nights] == ["2026-10-24", "2026-10-25", "2026-10-26"]
    assert nights[1] == "2026-10-25T02:00:00+01:00"


@pytest.mark.parametrize("night", ["2026-03-29", "2026-11-24"])
def test_a_tick_asks_for_one_refresh(night: str) -> None:
    repository = build_defs().get_repository_def()
    schedule = repository.get_schedule_def("nightly")
    moment = dt.datetime.fromisoformat(f"{night}T02:00:00").replace(tzinfo=BUDAPEST)
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=repository)
    evaluated = schedule.evaluate_tick(context)
    assert schedule.job_name == "refresh"
    assert len(evaluated.run_requests or ()) == 1
    assert (evaluated.run_requests or ())[0].tags["coopgva/trigger"] == "nightly"
