"""What starts a refresh besides the clock, and what follows its end.

The inbox sensor watches `<home>/inbox`: a delivery dropped there is refreshed at once instead of at night. Publishers
copy slowly, so a file counts only when it looked the same in two evaluations and has rested for a few seconds.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import dagster as dg

from pipelines.environment import runs_by_itself
from pipelines.jobs import REFRESH
from resources.durable import fingerprint
from resources.home import Home

REST_SECONDS = 5.0
INTERVAL_SECONDS = 30
UNFINISHED_SUFFIXES = (".tmp", ".part", ".partial", ".crdownload", ".filepart")

Listing: TypeAlias = dict[str, list[int]]
"""Size in bytes and modification time in nanoseconds, by path below the inbox."""


@dataclass(frozen=True)
class Judgement:
    """What to do about the inbox.

    Attributes:
        run_key: start a refresh under this key; None to wait.
        reason: one line for the person who looks at the sensor.
        cursor: what to remember until the next evaluation.
    """

    run_key: str | None
    reason: str
    cursor: str


def list_inbox(inbox: Path) -> Listing:
    """Finished-looking files below the inbox; hidden and half-written names do not count."""
    listing: Listing = {}
    for path in sorted(inbox.rglob("*")):
        name = path.relative_to(inbox).as_posix()
        if any(part.startswith(".") for part in Path(name).parts) or name.lower().endswith(UNFINISHED_SUFFIXES):
            continue
        try:
            status = path.stat()
        except FileNotFoundError:
            continue  # moved away between the listing and here
        if path.is_file():
            listing[name] = [status.st_size, status.st_mtime_ns]
    return listing


def judge(listing: Listing, cursor: str | None, now: float) -> Judgement:
    """Decide from what is in the inbox now and what was there at the last evaluation.

    Args:
        listing: the inbox now.
        cursor: the last judgement's cursor; None at first.
        now: seconds since the epoch.
    """
    memory = json.loads(cursor) if cursor else {"seen": {}, "refreshed": {}}
    # A file that was taken away is no news, but if it comes back it is.
    refreshed = {name: entry for name, entry in memory["refreshed"].items() if name in listing}
    news = {name: entry for name, entry in listing.items() if refreshed.get(name) != entry}
    resting = {
        name
        for name, entry in news.items()
        if memory["seen"].get(name) == entry and now - entry[1] / 1e9 >= REST_SECONDS
    }
    if not news:
        return Judgement(None, "nothing new in the inbox", _cursor(listing, refreshed))
    if len(resting) < len(news):
        moving = ", ".join(sorted(news.keys() - resting)[:3])
        return Judgement(None, f"waiting until {moving} is complete", _cursor(listing, refreshed))
    reason = f"new in the inbox: {', '.join(sorted(news)[:5])}"
    return Judgement(fingerprint(listing)[:32], reason, _cursor(listing, listing))


def _cursor(seen: Listing, refreshed: Listing) -> str:
    return json.dumps({"seen": seen, "refreshed": refreshed}, sort_keys=True)


def build_sensors() -> list[dg.SensorDefinition]:
    """The inbox sensor and the two that follow a run; on by default where `COOPGVA_ENVIRONMENT=production`."""
    status = dg.DefaultSensorStatus.RUNNING if runs_by_itself() else dg.DefaultSensorStatus.STOPPED

    @dg.sensor(
        name="inbox",
        job_name=REFRESH,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=status,
        description="Starts a refresh when a complete new file lies in <home>/inbox.",
    )
    def inbox(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        folder = Home.from_environment().inbox
        judgement = judge(list_inbox(folder), context.cursor, time.time())
        if judgement.run_key is None:
            return dg.SensorResult(skip_reason=judgement.reason, cursor=judgement.cursor)
        context.log.info(judgement.reason)
        request = dg.RunRequest(run_key=judgement.run_key, tags={"coopgva/trigger": "inbox"})
        return dg.SensorResult(run_requests=[request], cursor=judgement.cursor)

    @dg.run_failure_sensor(
        name="tell_failure",
        default_status=status,
        description="One line per failed run in the daemon's log; after a refresh: the record, measures and alerts.",
    )
    def tell_failure(context: dg.RunFailureSensorContext) -> None:
        context.log.error(failure_in_words(context))
        _follow(context, context.failure_event.message or "the run failed")

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="tell_success",
        default_status=status,
        description="After a refresh that succeeded: the record, measures, and what has healed.",
    )
    def tell_success(context: dg.RunStatusSensorContext) -> None:
        _follow(context)

    return [inbox, tell_failure, tell_success]


def _follow(context: dg.RunStatusSensorContext, message: str = "") -> None:
    """Keep, measure and tell the outcome of a refresh; after other jobs tell what is broken now, but not heal.

    A look into the past is not followed.
    """
    from pipelines.operations.after_refresh import after_refresh, tell_what_is_new
    from pipelines.operations.last_refresh import outcome_of_run

    run, now = context.dagster_run, dt.datetime.now(dt.UTC)
    if "coopgva/as_of" in run.tags or _as_of(run.run_config):
        return
    if run.job_name == REFRESH:
        told = after_refresh(_home(run.run_config), outcome_of_run(run, context.instance, message), now=now)
    elif message:
        told = tell_what_is_new(_home(run.run_config), now=now)
    else:
        return
    for channel in told.sent:
        context.log.info(f"told by {channel}")
    for line in told.failures:
        context.log.error(line)


def _workshop_config(run_config: Mapping[str, Any]) -> Mapping[str, Any]:
    config = run_config.get("resources", {}).get("workshop", {}).get("config", {})
    return config if isinstance(config, Mapping) else {}


def _as_of(run_config: Mapping[str, Any]) -> str:
    return str(_workshop_config(run_config).get("as_of") or "")


def _home(run_config: Mapping[str, Any]) -> Home:
    return Home.from_environment(str(_workshop_config(run_config).get("home") or "") or None)


def failure_in_words(context: dg.RunFailureSensorContext) -> str:
    """Job, run and the first failed step's own words, on one line."""
    run = context.dagster_run
    causes = [
        data.user_failure_data.description or data.error_display_string
        for event in context.get_step_failure_events()
        if (data := event.step_failure_data).user_failure_data is not None
    ]
    cause = " ".join((causes[0] if causes else context.failure_event.message or "no reason given").split())
    return f"{run.job_name} {run.run_id[:8]} failed: {cause}"
