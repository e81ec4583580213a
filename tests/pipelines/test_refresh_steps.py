"""How Dagster's events become lines that a person reads."""

from __future__ import annotations

import io
from collections.abc import Sequence

import dagster as dg
from rich.console import Console

from pipelines.progress import ProgressDisplay
from pipelines.refresh import EventLog, Plan, Step

RUN = "7f6f1a52-31c1-4b9c-8df2-7b9f4f3f0001"
KEY = dg.AssetKey(["source", "registry"])


class Recorder:
    """A watcher that remembers steps."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[Step] = []

    def waiting(self) -> None:
        raise AssertionError

    def abandoned(self, runs: int) -> None:
        raise AssertionError

    def fetching(self, table: str, number: int, of: int) -> None:
        raise AssertionError

    def planned(self, plan: Plan) -> None:
        raise AssertionError

    def started(self, asset: str) -> None:
        self.begun.append(asset)

    def finished(self, step: Step) -> None:
        self.ended.append(step)


def run_assets(assets: Sequence[dg.AssetsDefinition]) -> tuple[EventLog, Recorder]:
    recorder = Recorder()
    log = EventLog(recorder)
    quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        instance.add_event_listener(RUN, log)
        job = dg.Definitions(assets=assets).resolve_implicit_global_asset_job_def()
        job.execute_in_process(instance=instance, run_id=RUN, raise_on_error=False, run_config=quiet)
    return log, recorder


def test_a_computed_and_an_unchanged_table() -> None:
    @dg.asset(key=KEY)
    def computed() -> dg.MaterializeResult:  # type: ignore[type-arg]
        return dg.MaterializeResult(metadata={"dagster/row_count": 1234, "status": "computed"})

    @dg.asset(key=["source", "other"], deps=[KEY])
    def unchanged() -> dg.MaterializeResult:  # type: ignore[type-arg]
        return dg.MaterializeResult(metadata={"dagster/row_count": 5, "status": "unchanged, not recomputed"})

    log, recorder = run_assets([computed, unchanged])
    assert recorder.begun == ["source.registry", "source.other"]
    assert [(s.asset, s.rows, s.is_reused, s.error) for s in recorder.ended] == [
        ("source.registry", 1234, False, ""),
        ("source.other", 5, True, ""),
    ]
    assert log.in_words == ""


def test_every_failure_reaches_the_person_with_its_reason() -> None:
    @dg.asset(key=KEY)
    def first() -> None:
        raise dg.Failure(description="registry.csv: truncated;\n deliver it again", allow_retries=False)

    @dg.asset(key=["source", "zz"])
    def second() -> None:
        raise dg.Failure(description="zz.csv: empty", allow_retries=False)

    log, recorder = run_assets([first, second])
    assert log.in_words == "registry.csv: truncated; deliver it again; also failed: source.zz (zz.csv: empty)"
    console = Console(file=io.StringIO(), width=200)
    display = ProgressDisplay(console)
    for step in recorder.ended:
        display.finished(step)
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [line.split()[:2] for line in lines[::2]] == [["x", "source.registry"], ["x", "source.zz"]]
    assert lines[1::2] == ["  registry.csv: truncated; deliver it again", "  zz.csv: empty"]


def test_a_blocking_check_is_named_with_its_numbers() -> None:
    @dg.asset(key=KEY, check_specs=[dg.AssetCheckSpec("quarantined_share", asset=KEY, blocking=True)])
    def blocked() -> dg.MaterializeResult:  # type: ignore[type-arg]
        return dg.MaterializeResult(
            metadata={"dagster/row_count": 10, "status": "computed"},
            check_results=[
                dg.AssetCheckResult(
                    check_name="quarantined_share", passed=False, metadata={"quarantined_percent": 12.5}
                )
            ],
        )

    @dg.asset(key=["source", "consumer"], deps=[KEY])
    def consumer() -> None:
        raise AssertionError("a blocked table has no consumers")

    log, recorder = run_assets([blocked, consumer])
    assert [s.asset for s in recorder.ended] == ["source.registry"]
    assert log.in_words == (
        "source.registry: blocked by its check quarantined_share (quarantined_percent 12.5); "
        "the last good vintage stays published"
    )


def test_a_warning_check_is_told_and_does_not_fail() -> None:
    @dg.asset(key=KEY, check_specs=[dg.AssetCheckSpec("known_columns", asset=KEY)])
    def table() -> dg.MaterializeResult:  # type: ignore[type-arg]
        result = dg.AssetCheckResult(
            check_name="known_columns", passed=False, severity=dg.AssetCheckSeverity.WARN, metadata={"columns": 2}
        )
        return dg.MaterializeResult(check_results=[result])

    log, _ = run_assets([table])
    assert log.failed_checks == ["source.registry: known_columns (columns 2)"]
    assert log.in_words == ""


def test_a_defect_of_ours_is_one_line_too() -> None:
    @dg.asset(key=KEY)
    def broken() -> None:
        raise ZeroDivisionError("division by zero\nsecond line")

    log, _ = run_assets([broken])
    assert log.in_words.startswith("source.registry: internal error (ZeroDivisionError: division by zero)")
    assert "\n" not in log.in_words
