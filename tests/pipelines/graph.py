"""The asset graph as a document that a person can review: keys, dependencies, groups, checks.

`make graph` (`python -m tests.pipelines.graph`) writes `graph.json` anew after a wanted change.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.environment import Environment
from pipelines.schedules import build_schedules

PRODUCTION = Environment.PRODUCTION
SNAPSHOT = Path(__file__).with_name("graph.json")


def describe_graph(definitions: dg.Definitions) -> dict[str, Any]:
    """Assets by key, jobs, sensors, and the schedules that production has; everything sorted."""
    checks: dict[str, dict[str, str]] = {}
    for spec in (s for asset in definitions.assets or () for s in getattr(asset, "check_specs", ())):
        severity = "blocks" if spec.blocking else "warns"
        checks.setdefault(spec.asset_key.to_user_string(), {})[spec.name] = severity
    assets = {
        spec.key.to_user_string(): {
            "group": spec.group_name,
            "depends_on": sorted(dependency.asset_key.to_user_string() for dependency in spec.deps),
            "checks": dict(sorted(checks.get(spec.key.to_user_string(), {}).items())),
        }
        for spec in definitions.resolve_all_asset_specs()
    }
    return {
        "assets": dict(sorted(assets.items())),
        "jobs": sorted(job.name for job in definitions.jobs or ()),
        "schedules": {s.name: f"{s.cron_schedule} {s.execution_timezone}" for s in build_schedules(PRODUCTION)},
        "sensors": sorted(sensor.name for sensor in definitions.sensors or ()),
    }


def as_text(graph: dict[str, Any]) -> str:
    """The document as it is kept."""
    return json.dumps(graph, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    from pipelines.definitions import build_defs

    SNAPSHOT.write_text(as_text(describe_graph(build_defs())), encoding="utf-8")
    print(f"{SNAPSHOT} written")
