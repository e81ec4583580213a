"""The daemon's way to the same alerts: its sensors on real runs, its jobs, and what a structured log line holds."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.dagster_asset import WorkshopResource
from pipelines.instance import open_instance
from pipelines.operations.alert_settings import SETTINGS
from pipelines.operations.jobs import DIGEST, MAINTENANCE, build_operations_jobs
from pipelines.operations.last_refresh import INTERNAL, last_refresh
from pipelines.operations.log_lines import LogLines, as_line
from pipelines.operations.metrics import METRICS
from pipelines.sensors import build_sensors
from resources.home import Home
from tests.operations.conftest import Mailbox

REASON = "cluster.csv:\nline 7: not a number"


@dg.op
def source__cluster() -> None:
    raise dg.Failure(description=REASON)


@dg.op
def source__annual_account() -> None:
    raise ValueError("marker 12345.67 of firm F1")


@dg.job(name="refresh", resource_defs={"workshop": WorkshopResource()})
def failing() -> None:
    source__cluster()
    source__annual_account()


@dg.job(name="refresh")
def working() -> None:
    pass


@pytest.fixture
def told(home: Home, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home of the environment whose alerts go to the mailbox."""
    monkeypatch.setenv("COOPGVA_HOME", str(home.root))
    mail = {"host": "127.0.0.1", "port": mailbox.port, "security": "none"}
    mail |= {"sender": "a@b.example", "to": ["c@d.example"]}
    (home.root / SETTINGS).write_text(yaml.safe_dump({"email": mail}))
    return home


def run_and_follow(job: dg.JobDefinition, instance: dg.DagsterInstance, tags: dict[str, str] | None = None) -> str:
    """Run a job and evaluate the sensor that follows its end, as the daemon does; returns the run's id."""
    result = job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
    event = next(e for e in result.all_events if e.is_job_success or e.is_job_failure)
    name = "tell_success" if result.success else "tell_failure"
    sensor = next(s for s in build_sensors() if s.name == name)
    context = dg.build_run_status_sensor_context(
        sensor_name=name, dagster_event=event, dagster_instance=instance, dagster_run=result.dagster_run
    )
    sensor(context if result.success else context.for_run_failure())
    return result.run_id


def test_a_failed_run_of_the_daemon_is_told_once_and_its_healing_too(told: Home, mailbox: Mailbox) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        run_id = run_and_follow(failing, instance, {"coopgva/trigger": "nightly"})
        run_and_follow(failing, instance)
        assert mailbox.subjects == ["[coopgva] failed: source.cluster: a step failed (and 1 more)"]
        assert "cluster.csv: line 7: not a number" in mailbox.text
        assert INTERNAL in mailbox.text
        assert "12345.67" not in mailbox.text
        record = last_refresh(told)
        assert record is not None
        assert set(record.failed_steps) == {"source.cluster", "source.annual_account"}
        assert (told.root / METRICS).exists()
        run_and_follow(failing, instance, {"coopgva/as_of": "2024-01-01"})
        assert record == last_refresh(told), "a look into the past is not followed"
        run_and_follow(working, instance)
    assert record.run_id != run_id, "the second failure is the newest"
    assert mailbox.subjects[1:] == ["[coopgva] healed: source.annual_account (and 1 more)"]


def test_the_digest_tells_what_is_still_broken_and_fails_only_if_it_cannot(told: Home, mailbox: Mailbox) -> None:
    digest = next(job for job in build_operations_jobs() if job.name == DIGEST)
    resources = {"workshop": WorkshopResource(home=str(told.root))}
    with dg.DagsterInstance.ephemeral() as instance:
        assert digest.execute_in_process(instance=instance, resources=resources).success
        assert mailbox.subjects == []
        run_and_follow(failing, instance)
        assert digest.execute_in_process(instance=instance, resources=resources).success
        assert mailbox.subjects[1:] == ["[coopgva] still broken: source.cluster: a step failed (and 1 more)"]
        mailbox.refuses = True
        assert not digest.execute_in_process(instance=instance, resources=resources, raise_on_error=False).success


def test_the_maintenance_is_a_job(told: Home) -> None:
    maintenance = next(job for job in build_operations_jobs() if job.name == MAINTENANCE)
    old = told.root / "logs" / "coopgva-2020-01-01.jsonl"
    old.parent.mkdir()
    old.write_text("{}\n")
    os.utime(old, (1_600_000_000, 1_600_000_000))
    with open_instance(told) as instance:
        resources = {"workshop": WorkshopResource(home=str(told.root))}
        assert maintenance.execute_in_process(instance=instance, resources=resources).success
    assert not old.exists()


def test_lines_have_run_asset_and_reason_and_nothing_that_nobody_foresaw(
    told: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_PASSWORD", "marker-password")

    @dg.op
    def source__event() -> None:
        dg.get_dagster_logger().info("fetched with marker-password, total (gva_huf_mn 5.5)")

    @dg.job(name="refresh")
    def both() -> None:
        source__event()
        source__annual_account()

    with open_instance(told) as instance:
        run_id = both.execute_in_process(instance=instance, raise_on_error=False).run_id
    (file,) = (told.root / "logs").glob("*.jsonl")
    text = file.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    assert {line["run_id"] for line in lines} == {run_id}
    events = {(line.get("asset"), line.get("event")) for line in lines}
    assert {("source.event", "step_success"), ("source.annual_account", "step_failure")} <= events
    (failed,) = (line for line in lines if line.get("event") == "step_failure")
    assert (failed["level"], failed["message"], failed["job"]) == ("error", INTERNAL, "refresh")
    assert "marker" not in text
    assert "5.5" not in text
    assert "fetched with ***, total" in text


def test_a_disk_that_takes_no_line_stops_no_work(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where a folder should be")
    record = logging.LogRecord("coopgva", logging.ERROR, __file__, 1, "a %s", ("line",), None)
    LogLines(Home(tmp_path)).emit(record)
    assert (as_line(record) or {})["message"] == "a line"
