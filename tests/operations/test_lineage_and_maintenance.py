"""From a cell to delivered bytes, within the caller's rights; and what the maintenance removes and what it must not."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest
from filelock import FileLock

from pipelines.instance import open_instance
from pipelines.operations.lineage import lineage
from pipelines.operations.maintenance import REFRESH_LOCK, Retention, maintain
from resources.errors import ConfigurationError, CoopgvaError
from resources.home import Home
from resources.lake import Lake, Version
from resources.publications import append
from tests.operations.test_backup import add_vintage
from tests.sample_home import run_coopgva

NOW = dt.datetime.now(dt.UTC)
CELL = "reference_year=2023,numerator_code=N1"


@pytest.fixture
def outside(sample_home: Path, tmp_path: Path) -> Home:
    """What a reader has: the published file alone."""
    (tmp_path / "warehouse").mkdir()
    shutil.copy(sample_home / "warehouse" / "access.duckdb", tmp_path / "warehouse")
    return Home(tmp_path)


def test_a_cell_leads_to_the_bytes_of_its_deliveries(sample_home: Path) -> None:
    found = lineage(Home(sample_home), "target_tracker", CELL, is_verified=True)
    assert found.cell == {"reference_year": "2023", "numerator_code": "N1"}
    assert found.published_at
    tables = {t.table: t for t in found.tables}
    assert found.tables[0].table == "access.target_tracker"
    assert {"integration.firm_identity", "source.business_registry"} <= set(tables)
    assert "access.key_industry" not in tables, "no part of this table"
    (registry,) = (f for f in found.files if f.table == "source.business_registry")
    delivered = (sample_home / "registry" / "business_registry.csv").read_bytes()
    assert registry.sha256 == hashlib.sha256(delivered).hexdigest()
    assert (registry.size, registry.is_intact) == (len(delivered), True)
    assert Path(registry.path).read_bytes() == delivered
    unpacked = [f for f in found.files if f.container]
    assert unpacked
    assert all("sha256" in str(f.container) for f in unpacked)


def test_the_command_shows_no_value_and_says_what_the_key_lacks(sample_home: Path) -> None:
    done = run_coopgva("lineage", "target_tracker", CELL, "--home", str(sample_home), "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["is_inside"] is True
    with duckdb.connect(sample_home / "warehouse" / "access.duckdb", read_only=True) as connection:
        row = connection.execute(
            "SELECT share_pct FROM access.target_tracker WHERE reference_year = 2023 AND numerator_code = 'N1'"
        ).fetchone()
    assert row is not None
    assert str(row[0]) not in done.stdout


@pytest.mark.parametrize(
    ("table", "key", "said"),
    [
        ("target_tracker", "reference_year=2023", "several rows have this key; add numerator_code=..."),
        ("target_tracker", "reference_year=1900", "no row has this key"),
        ("target_tracker", "share_pct=2.29", "'share_pct=2.29' is no part of the key"),
        ("target_tracker", "reference_year=2023' OR '1'='1", "no row has this key"),
        ("traget_tracker", CELL, "no table 'access.traget_tracker'"),
    ],
)
def test_a_wrong_question_is_one_line(table: str, key: str, said: str, sample_home: Path) -> None:
    with pytest.raises(ConfigurationError, match=r".*") as wrong:
        lineage(Home(sample_home), table, key)
    assert said in str(wrong.value)


def test_from_outside_the_vintage_is_all_there_is(outside: Home, sample_home: Path) -> None:
    found = lineage(outside, "target_tracker", CELL)
    inside = lineage(Home(sample_home), "target_tracker", CELL)
    assert (found.is_inside, found.tables, found.files) == (False, (), ())
    assert (found.vintage_id, found.key, found.content_sha256) == (
        inside.vintage_id,
        inside.key,
        inside.content_sha256,
    )
    with pytest.raises(ConfigurationError, match="inside the house"):
        lineage(outside, "integration.legal_unit", "legal_unit_id=1")
    with pytest.raises(ConfigurationError, match="only the published vintage"):
        lineage(outside, "target_tracker", CELL, vintage="000009")


# -- maintenance -----------------------------------------------------------------------------------------------------
def age(path: Path, days: float) -> None:
    moment = (NOW - dt.timedelta(days=days)).timestamp()
    os.utime(path, (moment, moment))


@pytest.fixture
def instance(home: Home) -> Iterator[dg.DagsterInstance]:
    with open_instance(home) as opened:
        yield opened


def old_lake(home: Home) -> Lake:
    """Four vintages of long ago, of which the second was published, and a version that belongs to none."""
    lake = Lake(home.lake)
    for number in range(4):
        add_vintage(home, number)
    (home.root / "publications.jsonl").unlink()
    append(home, {"published_at": "2020-01-01T00:00:00+00:00", "vintage_id": lake.vintages()[1].vintage_id})
    loose = lake.path("source.event", "f" * 32)
    loose.parent.mkdir(parents=True)
    loose.write_bytes(b"rows")
    lake.seal(Version("source.event", "f" * 32, 1, "0", {}, {}, {}))
    for path in home.lake.rglob("*"):
        if path.is_file():
            age(path, 500)
    return lake


def test_published_vintages_stay_whole_and_what_nobody_needs_goes(home: Home, instance: dg.DagsterInstance) -> None:
    lake = old_lake(home)
    dry = maintain(home, instance, now=NOW, is_dry=True)
    assert dry.lines == ["would remove 6 files of table versions that no kept vintage needs (0.0 MB)"]
    assert lake.version("source.event", "f" * 32) is not None, "a dry run removes nothing"
    done = maintain(home, instance, now=NOW)
    assert done.removed == dry.removed
    states = [lake.version("source.cluster", v.tables["source.cluster"]) is not None for v in lake.vintages()]
    assert states == [False, True, False, True], "the published one and the newest"
    assert len(lake.vintages()) == 4, "manifests stay: a number is never given twice"
    assert lake.version("source.event", "f" * 32) is None
    assert maintain(home, instance, now=NOW).lines == ["nothing to remove"]


def test_what_is_young_or_leads_to_something_kept_stays(home: Home, instance: dg.DagsterInstance) -> None:
    lake = old_lake(home)
    published = lake.vintages()[1].tables["source.cluster"]
    version = lake.version("source.cluster", published)
    assert version is not None
    lake.seal(Version(**{**vars(version), "inputs": {"source.event": "f" * 32}}))
    for path in home.lake.glob("source/cluster/*0.*"):
        age(path, 3)  # a refresh of the last days made it, and no vintage yet
    maintain(home, instance, now=NOW)
    assert lake.version("source.event", "f" * 32) is not None
    assert lake.version("source.cluster", f"{0:032d}") is not None


def test_files_go_by_their_age(home: Home, instance: dg.DagsterInstance) -> None:
    home.keep_private()
    old, young = home.runs / "old-run", home.runs / "young-run"
    for folder in (old, young):
        folder.mkdir()
        (folder / "pin.json").write_text("{}")
    age(old, 31)
    (home.spill / "duckdb-x").write_bytes(b"x" * 10)
    age(home.spill / "duckdb-x", 3)
    half = home.lake / ".half.tmp"
    half.write_text("x")
    maintain(home, instance, now=NOW)
    assert (old.exists(), young.exists(), (home.spill / "duckdb-x").exists(), half.exists()) == (
        False,
        True,
        False,
        True,
    )
    assert (home.archive / "blobs").exists() is False or list((home.archive / "blobs").iterdir()) == []


def test_a_run_goes_unless_it_holds_the_newest_state(home: Home, instance: dg.DagsterInstance) -> None:
    @dg.asset
    def table() -> None:
        pass

    @dg.job
    def other() -> None:
        pass

    made = dg.Definitions(assets=[table]).resolve_implicit_global_asset_job_def()
    keeps = made.execute_in_process(instance=instance).run_id
    goes = other.execute_in_process(instance=instance).run_id
    under_way = instance.create_run_for_job(other, status=dg.DagsterRunStatus.NOT_STARTED).run_id
    later = NOW + dt.timedelta(days=3)
    done = maintain(home, instance, now=later, retention=Retention(runs=1))
    assert done.removed["runs with their events"][0] == 1
    assert {run.run_id for run in instance.get_runs()} == {keeps, under_way}
    assert not list(home.dagster.rglob(f"{goes}*"))
    assert instance.get_latest_materialization_event(dg.AssetKey("table")) is not None


def test_nothing_is_removed_while_something_is_under_way(home: Home, instance: dg.DagsterInstance) -> None:
    @dg.job
    def refresh() -> None:
        pass

    with FileLock(home.root / REFRESH_LOCK), pytest.raises(CoopgvaError, match="a refresh is under way"):
        maintain(home, instance, now=NOW)
    run = instance.create_run_for_job(refresh, status=dg.DagsterRunStatus.STARTED)
    with pytest.raises(CoopgvaError, match="a refresh is under way"):
        maintain(home, instance, now=NOW)
    assert maintain(home, instance, now=NOW, own_run=run.run_id).lines


def test_a_damaged_manifest_stops_the_pruning(home: Home, instance: dg.DagsterInstance) -> None:
    old_lake(home)
    next((home.lake / "vintages").glob("*.json")).write_text("{")
    before = len(list(home.lake.rglob("*")))
    with pytest.raises(CoopgvaError, match="manifest of this vintage is damaged"):
        maintain(home, instance, now=NOW)
    assert len(list(home.lake.rglob("*"))) == before
