"""What Dagster loads: complete, cheap to import, and the same wherever it is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from assets.catalogue import TABLES
from assets.dagster_asset import WorkshopResource
from pipelines.definitions import NIGHTLY_FRESHNESS, build_assets, build_defs
from pipelines.environment import Environment
from resources.errors import ConfigurationError
from resources.home import REPOSITORY
from tests.pipelines.graph import SNAPSHOT, as_text, describe_graph


@pytest.fixture(scope="module")
def definitions() -> dg.Definitions:
    return build_defs()


def test_definitions_load_and_every_job_resolves(definitions: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(definitions)
    refresh = definitions.resolve_job_def("refresh")
    publish = definitions.resolve_job_def("publish")
    wanted = {dg.AssetKey(name.split(".")) for name in TABLES} | {dg.AssetKey(["access", "release"])}
    assert refresh.asset_layer.selected_asset_keys == wanted
    assert publish.asset_layer.selected_asset_keys == {dg.AssetKey(["access", "release"])}


def test_graph_is_the_reviewed_one(definitions: dg.Definitions) -> None:
    now = describe_graph(definitions)
    kept = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    changed = sorted(k for k in now["assets"].keys() | kept["assets"] if now["assets"].get(k) != kept["assets"].get(k))
    assert as_text(now) == as_text(kept), f"the graph changed at {changed}; if that is wanted, run `make graph`"


def test_layers_name_groups_and_data_runs_one_way(definitions: dg.Definitions) -> None:
    order = ["source", "integration", "interpretation", "access"]
    for spec in definitions.resolve_all_asset_specs():
        assert spec.group_name == spec.key.path[0]
        for dependency in spec.deps:
            assert order.index(dependency.asset_key.path[0]) <= order.index(spec.key.path[0]), spec.key


def test_exactly_what_readers_see_has_a_freshness_policy(definitions: dg.Definitions) -> None:
    with_policy = {
        spec.key.to_user_string()
        for spec in definitions.resolve_all_asset_specs()
        if spec.freshness_policy == NIGHTLY_FRESHNESS
    }
    assert with_policy == {name.replace(".", "/") for name in TABLES if name.startswith("access.")} | {"access/release"}


def test_a_table_without_contract_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"no contract for source\.cluster; write contracts/<layer>/<table>"):
        build_assets({"source.cluster": TABLES["source.cluster"]}, {})


def test_parts_can_be_replaced(tmp_path: Path) -> None:
    replaced = build_defs(workshop=WorkshopResource(home=str(tmp_path)), resources={"extra": 1})
    assert replaced.resources is not None
    assert replaced.resources["workshop"].home == str(tmp_path)
    assert replaced.resources["extra"] == 1


EVERY_SCHEDULE = ["nightly", "release_calendar", "daily_digest", "weekly_maintenance"]


@pytest.mark.parametrize(
    ("declared", "schedules", "is_on"),
    [
        ("production", EVERY_SCHEDULE, True),
        ("acceptance", EVERY_SCHEDULE, False),
        ("development", [], False),
        ("", [], False),
    ],
)
def test_the_declared_environment_decides_what_runs_by_itself(
    declared: str, schedules: list[str], is_on: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COOPGVA_ENVIRONMENT", declared)
    built = build_defs()
    assert [s.name for s in built.schedules or ()] == schedules
    assert [s.name for s in built.sensors or ()] == ["inbox", "tell_failure", "tell_success"]
    states = {s.default_status.value for s in (*(built.schedules or ()), *(built.sensors or ()))}
    assert states == {"RUNNING" if is_on else "STOPPED"}


def test_an_unknown_environment_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COOPGVA_ENVIRONMENT", "prod")
    with pytest.raises(
        ConfigurationError, match="unknown environment 'prod'; use development or acceptance or production"
    ):
        build_defs()
    assert [e.value for e in Environment] == ["development", "acceptance", "production"]


def test_every_way_to_load_names_the_same_code_location() -> None:
    block = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dagster"]
    entry = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text(encoding="utf-8"))["load_from"][0]["python_module"]
    assert (block["module_name"], block["code_location_name"]) == (entry["module_name"], entry["location_name"])


IMPORT = """
import json, sys
from pathlib import Path
home = sys.argv[1]
touched = []
def watch(event, arguments):
    if event in ("open", "os.listdir", "os.scandir", "sqlite3.connect", "socket.connect"):
        target = str(arguments[0])
        if event.startswith("socket") or target.startswith(home):
            touched.append(f"{event} {target}")
sys.addaudithook(watch)
import pipelines.definitions
if "load" in sys.argv:
    pipelines.definitions.defs()
heavy = ["altair", "great_expectations", "matplotlib", "pysdmx", "scipy.optimize", "scipy.stats", "splink",
         "statsmodels", "vl_convert"]
contracts = "assets.catalogue" in sys.modules
print(json.dumps({"heavy": [m for m in heavy if m in sys.modules], "touched": touched, "catalogue": contracts}))
"""


@pytest.mark.parametrize("how", ["import", "load"])
def test_loading_is_cheap_and_touches_no_home(how: str, tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: []\n")
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(IMPORT), str(tmp_path), how],
        cwd=REPOSITORY,
        env={**os.environ, "COOPGVA_HOME": str(tmp_path), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(answer.stdout)
    assert seen["heavy"] == []
    assert seen["touched"] == []
    assert seen["catalogue"] is (how == "load"), "the tables are loaded when Dagster asks for them, not on import"
