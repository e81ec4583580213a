"""The jobs: `refresh` makes every table and releases them, `publish` only releases what the lake already has.

`release_due` (`pipelines.release_job`) shows readers what waited for the planned time of a release; the digest of what
is broken and the maintenance are in `pipelines.operations.jobs`.

When a job runs is said in `pipelines.schedules` and `pipelines.sensors`.
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from pipelines.operations.jobs import build_operations_jobs
from pipelines.release_job import build_release_job

REFRESH = "refresh"
PUBLISH = "publish"
RELEASE = dg.AssetKey(["access", "release"])


def build_jobs() -> list[Any]:
    """All jobs (of a type that Dagster does not export), to be resolved by `Definitions`."""
    return [
        dg.define_asset_job(
            REFRESH,
            selection=dg.AssetSelection.all(),
            description="Take in new deliveries, recompute what depends on them, release the tables that may leave.",
        ),
        dg.define_asset_job(
            PUBLISH,
            selection=dg.AssetSelection.assets(RELEASE),
            description="Judge and release the versions that the lake has now; computes no table.",
        ),
        build_release_job(),
        *build_operations_jobs(),
    ]
