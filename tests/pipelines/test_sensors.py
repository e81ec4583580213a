"""The inbox sensor on real files, and the failure sensor on a real failed run; both on ephemeral instances."""

from __future__ import annotations

import os
import time
from pathlib import Path

import dagster as dg
import pytest

from pipelines.sensors import REST_SECONDS, build_sensors, failure_in_words, judge, list_inbox


@pytest.fixture
def inbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COOPGVA_HOME", str(tmp_path))
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def put(path: Path, text: str, age: float = 60.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    moment = time.time() - age
    os.utime(path, (moment, moment))


class Ticks:
    """Evaluates the sensor as the daemon does: the cursor of one tick goes into the next."""

    def __init__(self) -> None:
        self.sensor = build_sensors()[0]
        self.cursor: str | None = None

    def __call__(self) -> dg.SensorResult:
        with dg.DagsterInstance.ephemeral() as instance:
            result = self.sensor(dg.build_sensor_context(instance=instance, cursor=self.cursor))
        assert isinstance(result, dg.SensorResult)
        self.cursor = result.cursor
        return result

    def keys(self) -> list[str | None]:
        return [request.run_key for request in self().run_requests or ()]


def reason(result: dg.SensorResult) -> str:
    return str(getattr(result.skip_reason, "skip_message", result.skip_reason))


def test_a_complete_file_starts_one_refresh(inbox: Path) -> None:
    tick = Ticks()
    put(inbox / "registry.csv", "a;b\n")
    waiting = tick()
    assert not waiting.run_requests
    assert "waiting until registry.csv is complete" in reason(waiting)
    started = tick()
    assert len(started.run_requests or ()) == 1
    assert (started.run_requests or ())[0].tags["coopgva/trigger"] == "inbox"
    assert tick.keys() == []


def test_a_growing_file_is_waited_for_even_if_its_time_is_old(inbox: Path) -> None:
    """`cp -p` and rsync keep the old modification time while the file grows."""
    tick = Ticks()
    put(inbox / "big.csv", "1")
    assert tick.keys() == []
    put(inbox / "big.csv", "12")
    assert tick.keys() == []
    put(inbox / "big.csv", "123")
    assert tick.keys() == []
    assert len(tick.keys()) == 1


def test_a_file_written_a_moment_ago_is_waited_for(inbox: Path) -> None:
    tick = Ticks()
    put(inbox / "fresh.csv", "1", age=0)
    assert tick.keys() == []
    assert tick.keys() == []
    put(inbox / "fresh.csv", "1", age=REST_SECONDS + 1)
    assert tick.keys() == []
    assert len(tick.keys()) == 1


def test_names_that_publishers_use_for_unfinished_files_do_not_count(inbox: Path) -> None:
    for name in (".registry.csv.Xy12", "registry.csv.part", "upload.TMP", ".hidden/inner.csv"):
        put(inbox / name, "1")
    assert list_inbox(inbox) == {}
    put(inbox / "2026/registry.csv", "1")
    assert list(list_inbox(inbox)) == ["2026/registry.csv"]


def test_a_changed_file_is_news_and_a_removed_one_is_not(inbox: Path) -> None:
    tick = Ticks()
    put(inbox / "a.csv", "1")
    put(inbox / "b.csv", "1")
    tick()
    first = tick.keys()
    (inbox / "a.csv").unlink()
    assert tick.keys() == []
    assert tick.keys() == []
    put(inbox / "b.csv", "2")
    tick()
    second = tick.keys()
    assert len(first) == len(second) == 1
    assert first != second


def test_the_run_key_depends_on_names_sizes_and_times_only() -> None:
    seen = judge({"a": [1, 10]}, None, 1e9).cursor
    same = [judge(listing, seen, 1e9).run_key for listing in ({"a": [1, 10]}, {"a": [1, 10]})]
    assert same[0] is not None
    assert same[0] == same[1]
    for other in ({"a": [2, 10]}, {"a": [1, 11]}, {"b": [1, 10]}):
        cursor = judge(other, None, 1e9).cursor
        assert judge(other, cursor, 1e9).run_key not in (None, same[0])


def test_no_inbox_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOPGVA_HOME", str(tmp_path / "nowhere"))
    assert Ticks().keys() == []


def test_a_failed_run_is_one_line() -> None:
    @dg.op
    def source__registry() -> None:
        raise dg.Failure(description="registry.csv:\nline 7: not a number")

    @dg.job
    def refresh() -> None:
        source__registry()

    with dg.DagsterInstance.ephemeral() as instance:
        result = refresh.execute_in_process(instance=instance, raise_on_error=False)
        context = dg.build_run_status_sensor_context(
            sensor_name="tell_failure",
            dagster_event=result.get_run_failure_event(),
            dagster_instance=instance,
            dagster_run=result.dagster_run,
        ).for_run_failure()
        line = failure_in_words(context)
    assert line == f"refresh {result.dagster_run.run_id[:8]} failed: registry.csv: line 7: not a number"
