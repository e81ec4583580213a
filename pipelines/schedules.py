"""When the jobs run by the clock."""

from __future__ import annotations

import dagster as dg

from pipelines.environment import runs_by_itself
from pipelines.jobs import REFRESH
from pipelines.release_job import RELEASE_DUE
from resources.home import Home

NIGHTLY_CRON = "0 2 * * *"
TIME_ZONE = "Europe/Budapest"
RELEASE_CRON = "*/5 * * * *"


def build_schedules() -> list[dg.ScheduleDefinition]:
    """The nightly refresh at 02:00 in Budapest, and a look at the release calendar every five minutes.

    02:00 does not exist on the last Sunday of March and comes twice on the last of October; Dagster then starts the
    run at 03:00 and once, respectively (`tests/pipelines/test_schedules.py`). A fixed UTC hour would avoid both days,
    at the price of a refresh at 03:00 local time for half of the year.

    The look at the calendar starts a run only when there is something to release: a run every five minutes would bury
    the others, and Dagster never forgets one. A calendar that cannot be believed is a failed tick.
    """
    status = dg.DefaultScheduleStatus.RUNNING if runs_by_itself() else dg.DefaultScheduleStatus.STOPPED
    return [
        dg.ScheduleDefinition(
            name="nightly",
            job_name=REFRESH,
            cron_schedule=NIGHTLY_CRON,
            execution_timezone=TIME_ZONE,
            default_status=status,
            description="Every night at 02:00 Europe/Budapest; on by default where COOPGVA_ENVIRONMENT=production.",
            tags={"coopgva/trigger": "nightly"},
        ),
        dg.ScheduleDefinition(
            name="release_calendar",
            job_name=RELEASE_DUE,
            cron_schedule=RELEASE_CRON,
            execution_timezone=TIME_ZONE,
            default_status=status,
            execution_fn=_when_due,
            description="Every five minutes: starts a run when a release of the home's release_calendar.yaml is due.",
        ),
    ]


def _when_due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run when the release calendar has one due and there is something to release."""
    from assets.access.embargo import is_ready

    if is_ready(Home.from_environment(), now=context.scheduled_execution_time):
        return dg.RunRequest(tags={"coopgva/trigger": "release calendar"})
    return dg.SkipReason("no release is due")
