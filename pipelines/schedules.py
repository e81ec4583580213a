"""When the jobs run by the clock, in which environment."""

from __future__ import annotations

import datetime as dt
from functools import partial

import dagster as dg

from pipelines.environment import Environment, current_environment
from pipelines.jobs import REFRESH
from pipelines.operations.jobs import DIGEST, MAINTENANCE
from pipelines.release_job import RELEASE_DUE
from resources.home import Home

NIGHTLY_CRON = "0 2 * * *"
TIME_ZONE = "Europe/Budapest"
RELEASE_CRON = "*/5 * * * *"
DIGEST_CRON = "0 7 * * *"
MAINTENANCE_CRON = "30 5 * * 0"


def build_schedules(environment: Environment | None = None) -> list[dg.ScheduleDefinition]:
    """The schedules of an environment: all of them in production (on) and in acceptance (off), none in development.

    A laptop must not wake at 02:00 because somebody once switched a schedule on; where none is registered, none can be
    on. The alternative, registered everywhere and off, remembers the switch in Dagster's records for ever.

    02:00 does not exist on the last Sunday of March and comes twice on the last of October; Dagster then starts the
    run at 03:00 and once, respectively (`tests/pipelines/test_schedules.py`). A fixed UTC hour would avoid both days,
    at the price of a refresh at 03:00 local time for half of the year.

    The look at the calendar starts a run only when there is something to release: a run every five minutes would bury
    the others, and Dagster never forgets one. A calendar that cannot be believed is a failed tick.

    Args:
        environment: the declared one by default.

    Raises:
        ConfigurationError: `COOPGVA_ENVIRONMENT` is unknown.
    """
    environment = environment or current_environment()
    if environment is Environment.DEVELOPMENT:
        return []
    is_on = environment is Environment.PRODUCTION
    schedule = partial(
        dg.ScheduleDefinition,
        execution_timezone=TIME_ZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING if is_on else dg.DefaultScheduleStatus.STOPPED,
    )
    return [
        schedule(
            name="nightly",
            job_name=REFRESH,
            cron_schedule=NIGHTLY_CRON,
            description="Every night at 02:00 Europe/Budapest.",
            tags={"coopgva/trigger": "nightly"},
        ),
        schedule(
            name="release_calendar",
            job_name=RELEASE_DUE,
            cron_schedule=RELEASE_CRON,
            execution_fn=_when_due,
            description="Every five minutes: starts a run when a release of the home's release_calendar.yaml is due.",
        ),
        schedule(
            name="daily_digest",
            job_name=DIGEST,
            cron_schedule=DIGEST_CRON,
            description="Every morning at 07:00 Europe/Budapest: tells what is still broken.",
            tags={"coopgva/trigger": "daily digest"},
        ),
        schedule(
            name="weekly_maintenance",
            job_name=MAINTENANCE,
            cron_schedule=MAINTENANCE_CRON,
            description="Sundays at 05:30 Europe/Budapest: removes what nobody needs any more.",
            tags={"coopgva/trigger": "weekly maintenance"},
        ),
    ]


def next_runs(now: dt.datetime) -> dict[str, str]:
    """When each schedule that is on in the declared environment runs next (ISO, in its zone); the calendar's look is
    left out.

    Raises:
        ConfigurationError: `COOPGVA_ENVIRONMENT` is unknown.
    """
    from dagster._utils.schedules import cron_string_iterator

    found = {}
    for schedule in build_schedules():
        is_on = schedule.default_status is dg.DefaultScheduleStatus.RUNNING
        if is_on and schedule.cron_schedule != RELEASE_CRON and isinstance(schedule.cron_schedule, str):
            moments = cron_string_iterator(now.timestamp(), schedule.cron_schedule, schedule.execution_timezone)
            found[schedule.name] = next(moments).isoformat(timespec="minutes")
    return found


def _when_due(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """A run when the release calendar has one due and there is something to release."""
    from assets.access.embargo import is_ready

    if is_ready(Home.from_environment(), now=context.scheduled_execution_time):
        return dg.RunRequest(tags={"coopgva/trigger": "release calendar"})
    return dg.SkipReason("no release is due")
