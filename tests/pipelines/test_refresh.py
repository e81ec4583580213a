"""A whole refresh on the smallest sample economy: the first, one without news, one with a single changed delivery."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from assets.catalogue import TABLES
from pipelines.instance import open_instance
from pipelines.jobs import RELEASE
from resources.home import REPOSITORY, Home
from resources.lake import Lake
from tests.sample_home import MAIN, run_coopgva


@pytest.fixture
def home(sample_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """A copy of the refreshed home, to be changed."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    shutil.copytree(sample_home, tmp_path / "home")
    yield Home(tmp_path / "home")
    shutil.rmtree(tmp_path / "home")


def steps_of(stderr: str) -> dict[str, str]:
    """What the progress lines say: state by asset."""
    found = re.findall(r"^[+=x] (\S+) .*? (computed|unchanged|failed|done) +[0-9.]+ s$", stderr, re.MULTILINE)
    return dict(found)


def consumers(table: str) -> set[str]:
    """The table and everything that depends on it."""
    found = {table}
    for name, other in TABLES.items():
        if found & set(other.dependencies):
            found.add(name)
    return found


def last_run(home: Home) -> tuple[dg.DagsterRun, set[str]]:
    """The newest run in the home's records and the assets it materialised."""
    with open_instance(home) as instance:
        run = instance.get_runs(limit=1)[0]
        made = instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
        keys = {e.dagster_event.asset_key for e in made if e.dagster_event and e.dagster_event.asset_key}
    return run, {".".join(key.path) for key in keys}


def test_the_first_refresh_computes_everything_and_ends_with_the_headline(sample_home: Path) -> None:
    out = (sample_home / ".made").read_text(encoding="utf-8")
    assert f"{len(TABLES)} of {len(TABLES)} tables recomputed; new vintage 000001-" in out
    assert "truth" in out
    assert re.search(
        r"^source\.business_registry: \d+ rows? quarantined, first: \S+ row \d+, .+; see source\.quarantine$", out, re.M
    )
    assert f'published tables: {sample_home}/warehouse/access.duckdb (read them with: coopgva query "select' in out
    assert f"--home {sample_home})" in out
    for year in range(2016, 2026):
        assert f"│ {year} │" in out
    run, made = last_run(Home(sample_home))
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.job_name == "refresh"
    assert made == {*TABLES, ".".join(RELEASE.path)}


def test_without_news_nothing_is_computed_and_the_run_is_still_visible(home: Home) -> None:
    before = (home.warehouse / "access.duckdb").stat().st_mtime_ns
    done = run_coopgva("refresh", "--home", str(home.root))
    assert done.returncode == 0, done.stderr
    assert f"all {len(TABLES)} tables are current" in done.stderr
    assert f"0 of {len(TABLES)} tables recomputed; nothing changed: no new vintage" in done.stdout
    assert "quarantined" not in done.stdout
    assert len(Lake(home.lake).vintages()) == 1
    assert (home.warehouse / "access.duckdb").stat().st_mtime_ns == before
    assert set(steps_of(done.stderr).values()) == {"unchanged", "done"}
    run, made = last_run(home)
    assert run.status is dg.DagsterRunStatus.SUCCESS
    assert run.tags["coopgva/plan"] == f"0 of {len(TABLES)} tables to compute"
    assert made == {n for n in TABLES if n.startswith("access.")} | {".".join(RELEASE.path)}


def test_one_changed_delivery_recomputes_what_depends_on_it_and_nothing_else(home: Home) -> None:
    agreements = home.root / "clusters" / "c2c_agreements.csv"
    path = next(iter([agreements, *home.root.glob("events/c2c_agreements.csv")][::-1]))
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-1]))
    done = run_coopgva("refresh", "--home", str(home.root))
    assert done.returncode == 0, done.stderr
    assert "new deliveries: c2c_agreements\n" in done.stderr
    computed = {asset for asset, state in steps_of(done.stderr).items() if state == "computed"}
    assert computed == consumers("source.c2c_agreement")
    assert len(Lake(home.lake).vintages()) == 2
    shown = run_coopgva("vintages", "diff", "1", "latest", "--home", str(home.root))
    assert "c2c_agreements" in shown.stdout
    assert "source.business_registry" not in shown.stdout


def test_a_damaged_table_is_made_again(home: Home) -> None:
    version = Lake(home.lake).vintages()[-1].tables["source.cluster"]
    path = Lake(home.lake).path("source.cluster", version)
    sound = path.read_bytes()
    path.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    done = run_coopgva("refresh", "--home", str(home.root))
    assert done.returncode == 0, done.stderr
    assert steps_of(done.stderr)["source.cluster"] == "computed"
    assert path.read_bytes() == sound


def test_a_broken_delivery_fails_with_its_line_and_leaves_the_last_vintage(home: Home) -> None:
    registry = next(home.root.glob("registry/business_registry.*"))
    registry.write_text("<html><body>502 Bad Gateway</body></html>\n")
    done = run_coopgva("refresh", "--home", str(home.root))
    assert done.returncode == 1
    last = done.stderr.rstrip("\n").rpartition("\n")[2]
    assert last.startswith("coopgva: ")
    assert "business_registry" in last
    assert "Traceback" not in done.stderr
    assert steps_of(done.stderr)["source.business_registry"] == "failed"
    assert last_run(home)[0].status is dg.DagsterRunStatus.FAILURE
    with duckdb.connect(home.warehouse / "access.duckdb", read_only=True) as connection:
        row = connection.execute("SELECT count(*) FROM access.target_tracker").fetchone()
    assert row is not None
    assert row[0] > 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_refresh_says_so_and_can_be_resumed(number: signal.Signals, home: Home) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", MAIN, "refresh", "--full", "--home", str(home.root)],
        cwd=REPOSITORY,
        env={k: v for k, v in os.environ.items() if k not in ("COOPGVA_SOURCES", "DAGSTER_HOME")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    lines = []
    for line in process.stderr:
        lines.append(line)
        if sum(line.startswith("=") for line in lines) == 3 and line.startswith("="):
            process.send_signal(number)
    assert process.wait() == 130
    assert lines[-1] == "coopgva: interrupted; run the command again to resume where it stopped\n"
    assert "Traceback" not in "".join(lines)
    assert last_run(home)[0].status is dg.DagsterRunStatus.FAILURE
    resumed = run_coopgva("refresh", "--home", str(home.root))
    assert resumed.returncode == 0, resumed.stderr


def test_an_as_of_run_fetches_nothing_and_needs_what_was_delivered(home: Home) -> None:
    (home.root / "registry").rename(home.root / "registry-away")
    now = run_coopgva("refresh", "--home", str(home.root), "--as-of", "2999-12-31")
    assert now.returncode == 0, now.stderr
    assert f"0 of {len(TABLES)} tables recomputed" in now.stdout
    assert f"published tables: {home.warehouse}/as-of/2999-12-31/access.duckdb\n" in now.stdout
    before = run_coopgva("refresh", "--home", str(home.root), "--as-of", "2001-01-01")
    assert before.returncode == 1
    assert "has not delivered anything by 2001-01-01" in before.stderr
    assert "Traceback" not in before.stderr
