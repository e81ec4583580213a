"""The job that releases what is due; `pipelines.schedules` asks for it when a planned time has come.

Annotations are evaluated here (no `from __future__ import annotations`): Dagster refuses a context annotated by text.
"""

import datetime as dt

import dagster as dg

from assets.dagster_asset import RETRY, WorkshopResource, one_line_failures
from pipelines.release import release_in_words
from resources.home import Home

RELEASE_DUE = "release_due"


@dg.op(
    name="release_what_is_due",
    pool="warehouse",
    retry_policy=RETRY,
    description="Shows readers the vintage that waited for the planned time of a release; computes nothing.",
    tags={"gsbpm": "7.2"},
)
def release_what_is_due(context: dg.OpExecutionContext, workshop: WorkshopResource) -> None:
    """Make the releases that are due."""
    with one_line_failures(context):  # type: ignore[arg-type]  # an op's context logs and fails as an asset's does
        for line in release_in_words(Home.from_environment(workshop.home), now=dt.datetime.now(dt.UTC)):
            context.log.info(line)


def build_release_job() -> dg.JobDefinition:
    """The job `release_due`: one step."""

    @dg.job(name=RELEASE_DUE, description="Release what the release calendar has planned for now.")
    def release_due() -> None:
        release_what_is_due()

    return release_due
