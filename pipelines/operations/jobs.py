"""The jobs that keep an installation running: the daily digest of what is still broken, and the weekly maintenance.

Annotations are evaluated here (no `from __future__ import annotations`): Dagster refuses a context annotated by text.
"""

import datetime as dt

import dagster as dg

from assets.dagster_asset import WorkshopResource, one_line_failures
from resources.home import Home

DIGEST = "what_is_still_broken"
MAINTENANCE = "maintenance"


@dg.op(name="tell_what_is_still_broken", description="Looks at the home and sends the digest; mends nothing.")
def tell_what_is_still_broken(context: dg.OpExecutionContext, workshop: WorkshopResource) -> None:
    """Send the daily digest; the run is green even if something is broken, because telling it worked."""
    from pipelines.operations.after_refresh import digest

    with one_line_failures(context):  # type: ignore[arg-type]  # an op's context logs and fails as an asset's does
        troubles, told = digest(Home.from_environment(workshop.home), now=dt.datetime.now(dt.UTC))
    for trouble in troubles:
        log = context.log.error if trouble.is_error else context.log.warning
        log(f"{trouble.what}: {trouble.reason}")
    context.log.info(f"told by {', '.join(told.sent) or 'nobody'}; {len(troubles)} causes")
    if told.failures:
        raise dg.Failure(description="; ".join(told.failures), allow_retries=False)


@dg.op(name="remove_what_nobody_needs", description="Prunes Dagster's records, pins, temporary files, old versions.")
def remove_what_nobody_needs(context: dg.OpExecutionContext, workshop: WorkshopResource) -> None:
    """Run the maintenance."""
    from pipelines.operations.maintenance import maintain

    home = Home.from_environment(workshop.home)
    with one_line_failures(context):  # type: ignore[arg-type]  # an op's context logs and fails as an asset's does
        for line in maintain(home, context.instance, now=dt.datetime.now(dt.UTC), own_run=context.run_id).lines:
            context.log.info(line)


def build_operations_jobs() -> list[dg.JobDefinition]:
    """Digest and maintenance."""

    @dg.job(name=DIGEST, description="Tell what is still broken.")
    def what_is_still_broken() -> None:
        tell_what_is_still_broken()

    @dg.job(name=MAINTENANCE, description="Remove what nobody needs any more.")
    def maintenance() -> None:
        remove_what_nobody_needs()

    return [what_is_still_broken, maintenance]
