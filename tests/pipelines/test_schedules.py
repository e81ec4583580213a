"""The nightly schedule, and on the two nights on which 02:00 is special; the look at the release calendar."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

import dagster as dg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dagster._utils.schedules import cron_string_iterator

from pipelines.definitions import build_defs
from pipelines.release_job import RELEASE_DUE
from pipelines.schedules import TIME_ZONE, build_schedules, next_runs
from resources.contract import Contract
from resources.durable import file_sha256
from resources.home import Home
from resources.publications import events
from resources.release_calendar import CALENDAR
from resources.warehouse.duckdb_file import ACCESS, publish_duckdb
from resources.warehouse.release import Published, Release
from tests.warehouse.conftest import SHARE, share_rows

BUDAPEST = ZoneInfo("Europe/Budapest")


@pytest.fixture(autouse=True)
def _production(monkeypatch: pytest.MonkeyPatch) -> None:
    """Schedules are registered where an environment declares them."""
    monkeypatch.setenv("COOPGVA_ENVIRONMENT", "production")


def ticks(first_day: str, count: int) -> list[str]:
    """The moments at which the daemon would start the run, in Budapest's time."""
    schedule = build_schedules()[0]
    start = dt.datetime.fromisoformat(first_day).replace(tzinfo=BUDAPEST).timestamp()
    assert isinstance(schedule.cron_schedule, str)
    moments = cron_string_iterator(start, schedule.cron_schedule, schedule.execution_timezone)
    return [moment.astimezone(BUDAPEST).isoformat() for moment in islice(moments, count)]


def test_status_knows_when_what_runs_next(monkeypatch: pytest.MonkeyPatch) -> None:
    now = dt.datetime(2026, 10, 24, 23, 30, tzinfo=dt.UTC)  # Sunday 01:30, the clocks go back at 03:00
    assert next_runs(now) == {
        "nightly": "2026-10-25T02:00+01:00",
        "daily_digest": "2026-10-25T07:00+01:00",
        "weekly_maintenance": "2026-10-25T05:30+01:00",
    }
    monkeypatch.setenv("COOPGVA_ENVIRONMENT", "acceptance")
    assert next_runs(now) == {}


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


PLANNED = dt.datetime(2026, 3, 29, 3, 0, tzinfo=BUDAPEST)  # the first moment of summer time


def publish_shares(home: Path) -> None:
    """Make one table of two cells readable."""
    contract = Contract.model_validate(SHARE)
    file = home / "share.parquet"
    pq.write_table(pa.Table.from_pylist(share_rows(2.0), contract.schema), file)
    published = Published(contract.table, "0" * 32, 2, file_sha256(file))
    release = Release("000001-aaaaaaaa", (published,), {contract.table: file})
    publish_duckdb(home / "warehouse", {contract.table: contract}, release, has_warehouse=False)


@pytest.fixture
def planned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home that has published something and plans a release."""
    monkeypatch.setenv("COOPGVA_HOME", str(tmp_path))
    publish_shares(tmp_path)
    entry = "{id: r1, title: One, reference_years: [2023], planned_at: 2026-03-29T03:00:00}"
    (tmp_path / CALENDAR).write_text(f"releases:\n- {entry}\n", encoding="utf-8")
    return tmp_path


def look(moment: dt.datetime) -> dg.ScheduleExecutionData:
    repository = build_defs().get_repository_def()
    context = dg.build_schedule_context(scheduled_execution_time=moment, repository_def=repository)
    return repository.get_schedule_def("release_calendar").evaluate_tick(context)


def test_a_run_starts_only_when_a_release_is_due(planned: Path) -> None:
    before = PLANNED.astimezone(dt.UTC) - dt.timedelta(minutes=5)
    assert look(before).skip_message == "no release is due"
    assert len(look(PLANNED).run_requests or ()) == 1
    (planned / CALENDAR).unlink()
    assert look(PLANNED).skip_message == "no release is due"


def test_nothing_to_release_starts_no_run(planned: Path) -> None:
    (planned / "warehouse" / ACCESS).unlink()
    assert look(PLANNED).skip_message == "no release is due"


def test_the_job_releases_and_the_next_look_finds_nothing(planned: Path) -> None:
    entry = "{id: r1, title: One, reference_years: [2023], planned_at: 2020-01-01T09:00:00}"
    (planned / CALENDAR).write_text(f"releases:\n- {entry}\n", encoding="utf-8")
    assert len(look(PLANNED).run_requests or ()) == 1
    assert build_defs().resolve_job_def(RELEASE_DUE).execute_in_process().success
    assert [(e["release_id"], e["vintage_id"]) for e in events(Home(planned))] == [("r1", "000001-aaaaaaaa")]
    assert look(PLANNED).skip_message == "no release is due"
