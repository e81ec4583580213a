"""The Dagster instance of a home: started once, settings copied, abandoned runs closed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from pipelines.instance import (
    COMMAND_LINE,
    PATHS_OF_THE_DEFAULT_HOME,
    READY,
    STARTED_BY,
    close_abandoned_runs,
    open_instance,
    prepare_instance,
    quick_events,
)
from resources.errors import ConfigurationError
from resources.home import REPOSITORY, Home

PROCESSES = 4
OPEN_AND_RUN = """
import sys
import dagster as dg
from pathlib import Path
from pipelines.instance import open_instance
from resources.home import Home

@dg.op
def step() -> None:
    pass

@dg.job
def work() -> None:
    step()

sys.stdin.read(1)
with open_instance(Home(Path(sys.argv[1]))) as instance:
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    assert work.execute_in_process(instance=instance, run_config=quiet).success
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    return Home(tmp_path / "home")


def test_four_first_starts_at_once_leave_a_sound_instance(home: Home) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    command = [sys.executable, "-W", "ignore", "-c", OPEN_AND_RUN, str(home.root)]
    started = [
        subprocess.Popen(
            command, cwd=REPOSITORY, env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(PROCESSES)
    ]
    for process in started:  # all have imported Dagster by the time the first is told to go
        assert process.stdin is not None
        process.stdin.write("g")
        process.stdin.close()
    errors = [process.stderr.read() if process.stderr else "" for process in started]
    assert [process.wait() for process in started] == [0] * PROCESSES, errors
    with open_instance(home) as instance:
        assert instance.get_runs_count() == PROCESSES


def test_settings_are_copied_once_and_then_belong_to_the_home(home: Home) -> None:
    folder = prepare_instance(home)
    settings = yaml.safe_load((folder / "dagster.yaml").read_text(encoding="utf-8"))
    repository = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    assert settings == {k: v for k, v in repository.items() if k not in PATHS_OF_THE_DEFAULT_HOME}
    assert settings["telemetry"] == {"enabled": False}
    assert settings["run_retries"]["retry_on_asset_or_op_failure"] is False
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n# mine\n")
    (folder / READY).unlink()
    prepare_instance(home)
    assert "# mine" in (folder / "dagster.yaml").read_text(encoding="utf-8")


def test_plain_dagster_dev_finds_the_records_of_the_default_home() -> None:
    """The repository's dagster.yaml points to where `coopgva` keeps the default home's records."""
    settings = yaml.safe_load((REPOSITORY / "dagster.yaml").read_text(encoding="utf-8"))
    assert Path(settings["storage"]["sqlite"]["base_dir"]) == Path(".coopgva") / "dagster"


def test_settings_that_dagster_refuses_are_one_line(home: Home) -> None:
    home.dagster.mkdir(parents=True)
    (home.dagster / "dagster.yaml").write_text("telemetri: {enabled: false}\n")
    with pytest.raises(ConfigurationError, match="Dagster refuses its settings") as caught:
        prepare_instance(home)
    assert str(home.dagster / "dagster.yaml") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_home_that_is_a_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="choose another home"):
        prepare_instance(Home(tmp_path / "file"))


def test_runs_of_killed_processes_are_closed_and_others_left_alone(home: Home) -> None:
    @dg.job
    def work() -> None:
        pass

    with open_instance(home) as instance:
        killed = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTED, tags={STARTED_BY: COMMAND_LINE})
        from_the_ui = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTED)
        assert close_abandoned_runs(instance) == [killed.run_id]
        assert close_abandoned_runs(instance) == []
        states = [instance.get_run_by_id(run.run_id) for run in (killed, from_the_ui)]
    assert [run.status for run in states if run] == [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.STARTED]


def test_events_are_all_kept_while_connections_are_held(home: Home) -> None:
    @dg.asset(check_specs=[dg.AssetCheckSpec("sound", asset="table")])
    def table() -> dg.MaterializeResult:  # type: ignore[type-arg]
        return dg.MaterializeResult(check_results=[dg.AssetCheckResult(passed=True, check_name="sound")])

    run_id = "3d8c2ba4-5f5b-4c7e-9d0a-0f3a53c0a001"
    with open_instance(home) as instance, quick_events(home, run_id):
        job = dg.Definitions(assets=[table]).resolve_implicit_global_asset_job_def()
        assert job.execute_in_process(instance=instance, run_id=run_id).success
    with open_instance(home) as instance:
        kinds = [event.dagster_event_type for event in instance.all_logs(run_id)]
        assert dg.DagsterEventType.ASSET_CHECK_EVALUATION in kinds
        assert dg.DagsterEventType.RUN_SUCCESS in kinds
        assert instance.get_latest_materialization_event(dg.AssetKey("table")) is not None


def test_a_killed_run_gives_back_its_place_in_the_pool(home: Home) -> None:
    @dg.job
    def work() -> None:
        pass

    with open_instance(home) as instance:
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("warehouse")
        killed = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTED, tags={STARTED_BY: COMMAND_LINE})
        waiting = instance.create_run_for_job(work, status=dg.DagsterRunStatus.STARTED)
        assert storage.claim_concurrency_slot("warehouse", killed.run_id, "release").is_claimed
        assert not storage.claim_concurrency_slot("warehouse", waiting.run_id, "release").is_claimed
        close_abandoned_runs(instance)
        assert storage.claim_concurrency_slot("warehouse", waiting.run_id, "release").is_claimed
        close_abandoned_runs(instance)
        assert storage.get_concurrency_run_ids() == {waiting.run_id}, "a run under way keeps its place"
