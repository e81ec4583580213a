"""How the last refresh ended, kept in `<home>/runs/last_refresh.json`, whoever started it.

Belongs here: the record, and making it from a run of the command line or of the daemon. Does not belong here: what
follows from it (`pipelines.operations.troubles`). Dagster's own records are not asked: they may be in a database that
is down, and `coopgva status` has to answer just then.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from json import JSONDecodeError
from typing import TYPE_CHECKING, Any

from resources.durable import write_json
from resources.home import Home

if TYPE_CHECKING:
    import dagster as dg

    from pipelines.refresh import Plan, Step, Watcher

RECORD = "last_refresh.json"
INTERNAL = "internal error; the log of the run in the Dagster UI has the details"
_NUMBERS_OF_A_CHECK = re.compile(r" \((?:[a-z0-9_]+ [-+.0-9einfa]+(?:, )?)+\)")
_INTERNAL_MESSAGE = re.compile(r"internal error \(.*\); the log of the run in .*")


@dataclass(frozen=True)
class LastRefresh:
    """The outcome of the last refresh.

    Attributes:
        run_id: of the Dagster run; empty where it failed before there was one.
        started_at: UTC, ISO.
        ended_at: UTC, ISO.
        is_success: whether it ended with a release.
        started_by: `command line`, `nightly`, `inbox` or `UI`.
        computed: number of tables computed.
        failed_steps: one line by asset that failed itself; assets left out because of it are not among them.
        error: one line where it failed without a failed step.
        succeeded_at: when a refresh last succeeded; None if none ever did.
    """

    run_id: str
    started_at: str
    ended_at: str
    is_success: bool
    started_by: str = ""
    computed: int = 0
    failed_steps: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    succeeded_at: str | None = None

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (moment(self.ended_at) - moment(self.started_at)).total_seconds()


def moment(text: str) -> dt.datetime:
    """A recorded time as a moment."""
    return dt.datetime.fromisoformat(text)


def recorded(time: dt.datetime) -> str:
    """A moment as it is recorded: UTC, ISO, to the second."""
    return time.astimezone(dt.UTC).isoformat(timespec="seconds")


def last_refresh(home: Home) -> LastRefresh | None:
    """The record; None if no refresh has ended yet, or if the record is damaged (the next refresh renews it)."""
    try:
        return LastRefresh(**json.loads((home.runs / RECORD).read_text(encoding="utf-8")))
    except (FileNotFoundError, JSONDecodeError, UnicodeDecodeError, TypeError):
        return None


def remember(home: Home, ended: LastRefresh) -> LastRefresh:
    """Keep the outcome of a refresh unless a later one is known; returns what is known now.

    Raises:
        OSError: the record cannot be written.
    """
    before = last_refresh(home)
    if before and moment(before.ended_at) > moment(ended.ended_at):
        return before
    succeeded_at = ended.ended_at if ended.is_success else before.succeeded_at if before else None
    known = LastRefresh(**{**asdict(ended), "succeeded_at": succeeded_at})
    home.keep_private()
    write_json(home.runs / RECORD, asdict(known))
    return known


def without_figures(line: str) -> str:
    """A step's own words without numbers of checks and without the message of an error that nobody foresaw."""
    line = _INTERNAL_MESSAGE.sub(INTERNAL, " ".join(line.split()))
    return _NUMBERS_OF_A_CHECK.sub("", line)


class Recorder:
    """Watches a refresh of the command line for another watcher and keeps what the record needs."""

    def __init__(self, shown: Watcher, started_at: dt.datetime) -> None:
        self._shown = shown
        self._started_at = started_at
        self._run_id = ""
        self._computed = 0
        self._failed: dict[str, str] = {}

    def waiting(self) -> None:
        """Another refresh holds the home."""
        self._shown.waiting()

    def abandoned(self, runs: int) -> None:
        """Runs of killed processes were closed."""
        self._shown.abandoned(runs)

    def fetching(self, table: str, number: int, of: int) -> None:
        """The deliveries of a source table are being fetched."""
        self._shown.fetching(table, number, of)

    def planned(self, plan: Plan) -> None:
        """The plan is known."""
        self._run_id = plan.run_id
        self._shown.planned(plan)

    def started(self, asset: str) -> None:
        """A step started."""
        self._shown.started(asset)

    def finished(self, step: Step) -> None:
        """A step ended."""
        if step.error:
            self._failed[step.asset] = without_figures(step.error)
        elif step.rows is not None and not step.is_reused:
            self._computed += 1
        self._shown.finished(step)

    def outcome(self, ended_at: dt.datetime, error: str = "") -> LastRefresh:
        """The record of the refresh; `error` is its line where it failed."""
        return LastRefresh(
            run_id=self._run_id,
            started_at=recorded(self._started_at),
            ended_at=recorded(ended_at),
            is_success=not error,
            started_by="command line",
            computed=self._computed,
            failed_steps=self._failed,
            error="" if self._failed else without_figures(error),
        )


def outcome_of_run(run: dg.DagsterRun, instance: dg.DagsterInstance, message: str = "") -> LastRefresh:
    """The record of a finished run of the daemon; `message` says why it failed where no step did."""
    import dagster as dg

    record = instance.get_run_record_by_id(run.run_id)
    now = dt.datetime.now(dt.UTC).timestamp()
    started, ended = (record.start_time, record.end_time) if record else (None, None)
    failed, made = {}, 0
    for entry in instance.all_logs(run.run_id, of_type={dg.DagsterEventType.STEP_FAILURE}):
        event = entry.dagster_event
        if event and event.step_key:
            failed[event.step_key.replace("__", ".")] = reason_of_step(event.step_failure_data)
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION):
        event = entry.dagster_event
        status = event.step_materialization_data.materialization.metadata.get("status") if event else None
        made += status is not None and status.value == "computed"
    is_success = run.status is dg.DagsterRunStatus.SUCCESS
    return LastRefresh(
        run_id=run.run_id,
        started_at=recorded(dt.datetime.fromtimestamp(started or ended or now, dt.UTC)),
        ended_at=recorded(dt.datetime.fromtimestamp(ended or now, dt.UTC)),
        is_success=is_success,
        started_by=run.tags.get("coopgva/trigger", "UI"),
        computed=made,
        failed_steps=failed,
        error="" if is_success or failed else without_figures(message.partition("\n")[0]) or "the run ended early",
    )


def reason_of_step(data: Any) -> str:
    """Why a step failed, from its failure event; without figures and without what nobody foresaw."""
    if data.user_failure_data and data.user_failure_data.description:
        return without_figures(data.user_failure_data.description)
    name = data.error.cls_name if data.error else ""
    if name == "DagsterAssetCheckFailedError":
        return "blocked by its check; the last good vintage stays published"
    if name == "DagsterExecutionInterruptedError":
        return "interrupted"
    return INTERNAL
