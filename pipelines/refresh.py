"""One refresh: fetch, calculate what is missing, run the Dagster job on the home's instance, say what happened.

The graph is the one that the UI and the schedule run. Two things are done before it, because they make a refresh with
nothing to do take seconds: deliveries are fetched, and the keys of all tables are compared with the lake. Steps whose
table is there already are left out. What is always run is the access layer and the release, so that whoever looks at
the UI sees the refresh, its verdicts and fresh published tables even on a day without news. `is_full` runs every step.
"""

from __future__ import annotations

import datetime as dt
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import dagster as dg
from filelock import FileLock, Timeout

from assets.access.embargo import release_due
from assets.dagster_asset import WorkshopResource
from assets.delivery_state import DeliveryState, receive
from assets.workshop import Workshop
from pipelines.definitions import PUBLISHED_LAYER, build_defs
from pipelines.instance import COMMAND_LINE, STARTED_BY, close_abandoned_runs, open_instance, quick_events
from pipelines.jobs import REFRESH, RELEASE
from resources.deliveries import parse_as_of
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home

LOCK = ".refresh.lock"
REUSED = "unchanged"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Step:
    """What happened to one asset.

    Attributes:
        asset: its key, `<layer>.<table>`.
        rows: rows of the table; None where that means nothing.
        is_reused: the version was there already.
        seconds: from start to end of the step.
        error: one line; empty unless the step failed.
    """

    asset: str
    rows: int | None
    is_reused: bool
    seconds: float
    error: str = ""


@dataclass(frozen=True)
class Plan:
    """What a refresh is going to do.

    Attributes:
        run_id: of the Dagster run.
        tables: number of tables in the catalogue.
        missing: tables to compute.
        steps: assets of the run; None for all.
        new_deliveries: sources that delivered something new.
        late: one sentence per source that is late or was not reached.
    """

    run_id: str
    tables: int
    missing: tuple[str, ...]
    steps: tuple[str, ...] | None
    new_deliveries: tuple[str, ...] = ()
    late: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refreshed:
    """The outcome of a refresh.

    Attributes:
        plan: what was planned.
        steps: what was done, in order.
        warnings: `<table>: <check>` of checks that failed without blocking.
        release: what the release says of itself: `vintage`, `is_new_vintage`, `status` and where the tables are.
        quarantined: one line per source table that was computed and has quarantined rows.
    """

    plan: Plan
    steps: tuple[Step, ...]
    warnings: tuple[str, ...]
    release: Mapping[str, Any]
    quarantined: tuple[str, ...] = ()

    @property
    def computed(self) -> list[Step]:
        """Tables that were computed."""
        return [s for s in self.steps if not s.is_reused and s.rows is not None]


class Watcher(Protocol):
    """Who is told how a refresh goes; `pipelines.progress` shows it to a person."""

    def waiting(self) -> None:
        """Another refresh holds the home."""

    def abandoned(self, runs: int) -> None:
        """Runs of killed processes were closed."""

    def fetching(self, table: str, number: int, of: int) -> None:
        """The deliveries of a source table are being fetched."""

    def planned(self, plan: Plan) -> None:
        """The plan is known."""

    def started(self, asset: str) -> None:
        """A step started."""

    def finished(self, step: Step) -> None:
        """A step ended."""


def refresh(home: Home, watcher: Watcher, *, as_of: str = "", is_full: bool = False) -> Refreshed:
    """Bring every table of a home up to date and release it.

    Args:
        home: the home; its `sources.yaml` says where deliveries come from.
        watcher: is told about progress.
        as_of: ISO date or date-time by which deliveries are selected; empty for now.
        is_full: run every step of the graph, also those whose table is there.

    Raises:
        ConfigurationError: no or wrong `sources.yaml`, a wrong date, a wrong contract.
        CoopgvaError: a step failed; its own line, or the checks that block.
    """
    from assets.catalogue import TABLES

    if as_of:
        parse_as_of(as_of)
    if not home.sources.exists():
        raise ConfigurationError(
            "no sources are configured",
            where=str(home.sources),
            action="run `coopgva sample` to get a sample economy with its sources.yaml, or write one",
        )
    with _only_one(home, watcher), open_instance(home) as instance:
        watcher.abandoned(len(close_abandoned_runs(instance)))
        if not as_of:
            release_due(home, now=dt.datetime.now(dt.UTC))  # first: it decides what readers have
        # The same object that the steps of the run get, so that contracts are read and keys calculated once.
        resource = WorkshopResource(home=str(home.root), as_of=as_of)
        shop = resource.open(TABLES, str(uuid.uuid4()))
        plan = make_plan(shop, watcher, is_full=is_full)
        watcher.planned(plan)
        return run(instance, shop, plan, watcher)


def make_plan(shop: Workshop, watcher: Watcher, *, is_full: bool) -> Plan:
    """Fetch the deliveries and compare what should be in the lake with what is.

    A source that cannot be read makes the plan the whole graph: its step then fails in the run, where its retries and
    its line belong, and everything that does not depend on it is still made.

    Raises:
        ConfigurationError: `sources.yaml` is wrong.
    """
    states: dict[str, list[DeliveryState]] = {}
    sources = [name for name, table in shop.tables.items() if table.layer == "source" and shop.sources_of(name)]
    try:
        for number, name in enumerate(sources, start=1):
            watcher.fetching(name, number, len(sources))
            states[name] = receive(shop, shop.tables[name], now=dt.datetime.now(dt.UTC), may_fall_back=True)
        missing = [name for name in shop.tables if not _is_there(shop, name)]
    except ConfigurationError:
        raise
    except CoopgvaError:
        return Plan(shop.run_id, len(shop.tables), tuple(shop.tables), None)
    late = {name for name, found in states.items() if any(s.is_late for s in found)}
    wanted = {*missing, *late, *(n for n, t in shop.tables.items() if t.layer == PUBLISHED_LAYER), _name(RELEASE)}
    in_order = [name for name in (*shop.tables, _name(RELEASE)) if name in wanted]
    flat = [state for found in states.values() for state in found]
    return Plan(
        run_id=shop.run_id,
        tables=len(shop.tables),
        missing=tuple(missing),
        steps=None if is_full else tuple(in_order),
        new_deliveries=tuple(s.source_id for s in flat if s.is_new),
        late=tuple(s.in_words for s in flat if s.is_late),
    )


def run(instance: dg.DagsterInstance, shop: Workshop, plan: Plan, watcher: Watcher) -> Refreshed:
    """Run the planned steps of the job in this process.

    Raises:
        CoopgvaError: a step failed.
        KeyboardInterrupt: a signal ended the step; Dagster records it as a failure and returns.
    """
    with warnings.catch_warnings():
        for category in (dg.BetaWarning, dg.PreviewWarning, dg.SupersessionWarning):
            warnings.simplefilter("ignore", category)
        job = build_defs(tables=shop.tables, contracts=shop.contracts).resolve_job_def(REFRESH)
        log = EventLog(watcher)
        instance.add_event_listener(plan.run_id, log)
        tags = {STARTED_BY: COMMAND_LINE, "coopgva/plan": f"{len(plan.missing)} of {plan.tables} tables to compute"}
        config = {"home": str(shop.home.root), "as_of": shop.as_of or ""}
        with quick_events(shop.home, plan.run_id):
            result = job.execute_in_process(
                instance=instance,
                run_id=plan.run_id,
                raise_on_error=False,
                tags=tags | ({"coopgva/as_of": shop.as_of} if shop.as_of else {}),
                run_config={**QUIET, "resources": {"workshop": {"config": config}}},
                asset_selection=None if plan.steps is None else [dg.AssetKey(n.split(".")) for n in plan.steps],
            )
    if log.is_interrupted:
        raise KeyboardInterrupt
    if not result.success:
        raise CoopgvaError(
            log.in_words or "the run failed without a failed step",
            action="" if log.in_words else f"look at run {plan.run_id[:8]} in `coopgva ui`",
        )
    lines = [shop.quarantine_in_words(s.asset) for s in log.steps if s.asset in shop.tables and not s.is_reused]
    return Refreshed(
        plan=plan,
        steps=tuple(log.steps),
        warnings=tuple(log.failed_checks),
        release=log.made.get(_name(RELEASE), {}),
        quarantined=tuple(line for line in lines if line),
    )


class EventLog:
    """Turns Dagster's events into steps, as they happen."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.steps: list[Step] = []
        self.failed_checks: list[str] = []
        self.blocking: list[str] = []
        self._started: dict[str, float] = {}
        self.made: dict[str, dict[str, Any]] = {}
        self.is_interrupted = False

    @property
    def in_words(self) -> str:
        """The line of the first failed step, and which others failed and why; empty if none did."""
        failed = [step for step in self.steps if step.error]
        others = [f"{step.asset} ({step.error.removeprefix(f'{step.asset}: ')})" for step in failed[1:]]
        return "; also failed: ".join([*(step.error for step in failed[:1]), *others])

    def __call__(self, entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or event.step_key is None:
            return
        handler: Callable[[dg.EventLogEntry, dg.DagsterEvent, str], None] | None = {
            dg.DagsterEventType.STEP_START: self._start,
            dg.DagsterEventType.ASSET_MATERIALIZATION: self._materialise,
            dg.DagsterEventType.ASSET_CHECK_EVALUATION: self._check,
            dg.DagsterEventType.STEP_SUCCESS: self._succeed,
            dg.DagsterEventType.STEP_FAILURE: self._fail,
        }.get(event.event_type)
        if handler:
            handler(entry, event, event.step_key.replace("__", "."))

    def _start(self, entry: dg.EventLogEntry, event: dg.DagsterEvent, asset: str) -> None:
        self._started[asset] = entry.timestamp
        self.watcher.started(asset)

    def _materialise(self, entry: dg.EventLogEntry, event: dg.DagsterEvent, asset: str) -> None:
        metadata = event.step_materialization_data.materialization.metadata
        self.made[asset] = {name: value.value for name, value in metadata.items()}

    def _check(self, entry: dg.EventLogEntry, event: dg.DagsterEvent, asset: str) -> None:
        result = event.asset_check_evaluation_data
        if not result.passed:
            numbers = ", ".join(
                f"{k} {v.value:g}" if isinstance(v.value, float) else f"{k} {v.value}"
                for k, v in result.metadata.items()
                if isinstance(v.value, int | float)
            )
            line = f"{result.check_name}" + (f" ({numbers})" if numbers else "")
            (self.blocking if result.blocking and result.severity is dg.AssetCheckSeverity.ERROR else []).append(line)
            self.failed_checks.append(f"{'.'.join(result.asset_key.path)}: {line}")

    def _succeed(self, entry: dg.EventLogEntry, event: dg.DagsterEvent, asset: str) -> None:
        self._finish(entry, asset, "")

    def _fail(self, entry: dg.EventLogEntry, event: dg.DagsterEvent, asset: str) -> None:
        data = event.step_failure_data
        if data.error and data.error.cls_name == dg.DagsterExecutionInterruptedError.__name__:
            self.is_interrupted = True
            line = f"{asset}: interrupted"
        elif data.user_failure_data and data.user_failure_data.description:
            line = data.user_failure_data.description
        elif self.blocking:
            line = f"{asset}: blocked by its check {'; '.join(self.blocking)}; the last good vintage stays published"
        else:
            cause = data.error
            while cause and cause.cause:
                cause = cause.cause
            message = cause.message.strip().partition("\n")[0] if cause else "no reason given"
            line = f"{asset}: internal error ({message}); the log of the run in `coopgva ui` has the details"
        self._finish(entry, asset, " ".join(line.split()))

    def _finish(self, entry: dg.EventLogEntry, asset: str, error: str) -> None:
        made = self.made.get(asset, {})
        rows = made.get("dagster/row_count")
        step = Step(
            asset=asset,
            rows=int(rows) if rows is not None else None,
            is_reused=str(made.get("status", "")).startswith(REUSED),
            seconds=entry.timestamp - self._started.get(asset, entry.timestamp),
            error=error,
        )
        self.blocking = []
        self.steps.append(step)
        self.watcher.finished(step)


@contextmanager
def _only_one(home: Home, watcher: Watcher) -> Iterator[None]:
    """Hold the home's refresh lock; a second refresh waits, because it will then find its work done."""
    try:
        home.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(home.root / LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            watcher.waiting()
            lock.acquire()
    except OSError as error:
        raise ConfigurationError(
            f"cannot write there ({error.strerror})", where=str(home.root), action="choose another home with --home"
        ) from None
    try:
        yield
    finally:
        lock.release()


def _is_there(shop: Workshop, name: str) -> bool:
    """Whether the lake has the table that should be there now, with the bytes that were sealed."""
    version = shop.current(name)
    return version is not None and shop.lake.is_intact(version)


def _name(key: dg.AssetKey) -> str:
    return ".".join(key.path)
