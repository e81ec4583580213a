"""What Dagster loads: every table as an asset, with the jobs, schedule, sensors and resource that run them.

Belongs here: putting the parts together. Does not belong here: what a table is (`assets`), when a job runs
(`pipelines.schedules`, `pipelines.sensors`) or how a person starts one (`pipelines.cli`). Importing this module reads
contracts at most when Dagster asks for the definitions; nothing is connected and no delivery is touched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets.dagster_asset import WorkshopResource, build_asset
from assets.table import Table
from pipelines.jobs import build_jobs
from pipelines.schedules import build_schedules
from pipelines.sensors import build_sensors
from resources.contract import Contract, load_contracts
from resources.errors import ConfigurationError
from resources.home import REPOSITORY

PUBLISHED_LAYER = "access"

NIGHTLY_FRESHNESS = dg.FreshnessPolicy.time_window(
    warn_window=dt.timedelta(hours=26), fail_window=dt.timedelta(hours=50)
)
"""Readers are warned after one missed night (an hour to run, an hour for the change of clocks); two are a failure."""


def build_defs(
    *,
    tables: Mapping[str, Table] | None = None,
    contracts: Mapping[str, Contract] | None = None,
    workshop: WorkshopResource | None = None,
    resources: Mapping[str, Any] | None = None,
    executor: dg.ExecutorDefinition = dg.in_process_executor,
) -> dg.Definitions:
    """The whole graph, with parts replaced where a test or another deployment wants its own.

    Args:
        tables: the catalogue; `assets.catalogue.TABLES` by default.
        contracts: by table name; those in `contracts/` by default.
        workshop: where runs work; the home of the environment by default.
        resources: further resources by name.
        executor: in process by default, because a process per step costs two seconds and more.

    Raises:
        ConfigurationError: a contract is wrong, a table has none, or `COOPGVA_ENVIRONMENT` is unknown.
    """
    if tables is None:
        from assets.catalogue import TABLES

        tables = TABLES
    contracts = contracts if contracts is not None else load_contracts(REPOSITORY / "contracts")
    return dg.Definitions(
        assets=[_with_freshness(asset) for asset in build_assets(tables, contracts)],
        resources={"workshop": workshop or WorkshopResource(), **(resources or {})},
        jobs=build_jobs(),
        schedules=build_schedules(),
        sensors=build_sensors(),
        executor=executor,
    )


def build_assets(tables: Mapping[str, Table], contracts: Mapping[str, Contract]) -> list[dg.AssetsDefinition]:
    """One asset per table in the catalogue's order, and the release that publishes them.

    Raises:
        ConfigurationError: a table without a contract.
    """
    from assets.access.release import build_release

    missing = [name for name in tables if name not in contracts]
    if missing:
        raise ConfigurationError(
            f"no contract for {', '.join(missing)}", where="contracts/", action="write contracts/<layer>/<table>.yaml"
        )
    assets = [build_asset(table, contracts[name], tables) for name, table in tables.items()]
    return [*assets, build_release(tables, contracts)]


def _with_freshness(asset: dg.AssetsDefinition) -> dg.AssetsDefinition:
    return asset.map_asset_specs(
        lambda spec: dg.apply_freshness_policy(spec, NIGHTLY_FRESHNESS) if spec.key.path[0] == PUBLISHED_LAYER else spec
    )


@dg.definitions
def defs() -> dg.Definitions:
    """What `workspace.yaml` names."""
    return build_defs()
