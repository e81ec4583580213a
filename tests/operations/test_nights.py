"""A restored home, a night that fails in it and the night after, by the command line: who is told, what status, logs
and measures say, and that a restored home computes nothing again.
"""

from __future__ import annotations

import datetime as dt
import json
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from assets.catalogue import TABLES
from pipelines.operations.alert_settings import SETTINGS
from pipelines.operations.backup import backup, restore
from pipelines.operations.metrics import METRICS
from pipelines.status import look
from resources.home import Home
from tests.operations.conftest import Mailbox
from tests.sample_home import run_coopgva

REGISTRY = "business_registry"


@pytest.fixture
def refreshed(sample_home: Path, tmp_path: Path) -> Iterator[Home]:
    """The refreshed home as it comes back from a back-up, to be changed."""
    made = backup(Home(sample_home), tmp_path / "backup", now=dt.datetime.now(dt.UTC))
    assert [v[:7] for v in made.vintages] == ["000001-"]
    home = Home(tmp_path / "home")
    restore(home, tmp_path / "backup")
    for path in sample_home.rglob("*.parquet"):
        assert (home.root / path.relative_to(sample_home)).exists()
    yield home
    shutil.rmtree(home.root)
    shutil.rmtree(tmp_path / "backup")


def measured(home: Home) -> dict[tuple[str, str], float]:
    """The measures by name and labels."""
    text = (home.root / METRICS).read_text(encoding="utf-8")
    families = text_string_to_metric_families(text)
    return {(s.name, " ".join(s.labels.values())): s.value for family in families for s in family.samples}


def test_a_refused_source_is_told_shown_measured_and_heals(refreshed: Home, mailbox: Mailbox) -> None:
    mail = {
        "host": "127.0.0.1",
        "port": mailbox.port,
        "security": "none",
        "sender": "a@b.example",
        "to": ["c@d.example"],
    }
    (refreshed.root / SETTINGS).write_text(yaml.safe_dump({"email": mail}))
    registry = refreshed.root / "registry" / "business_registry.csv"
    whole = registry.read_bytes()
    registry.write_bytes(b"<html><body>Sign in</body></html>" + b" " * 2000)

    night = run_coopgva("refresh", "--home", str(refreshed.root))
    assert night.returncode == 1
    assert mailbox.subjects == [f"[coopgva] failed: {REGISTRY}: a source is refused"], "a consequence is no cause"
    assert "HTML page instead of data" in mailbox.text
    assert "effect  readers keep vintage 000001-" in mailbox.text
    assert "told by email\n" in night.stderr

    shown = run_coopgva("status", "--home", str(refreshed.root), "--json")
    assert shown.returncode == 1
    status = json.loads(shown.stdout)
    assert {s["id"]: s["state"] for s in status["sources"]}[REGISTRY] == "refused"
    assert [t["key"] for t in status["troubles"] if t["severity"] == "error"] == [f"source_refused:{REGISTRY}"]
    assert status["published"]["vintage"].startswith("000001-")
    assert status["last_refresh"]["is_success"] is False
    measures = measured(refreshed)
    assert measures["coopgva_refresh_last_success", ""] == 0
    assert measures["coopgva_troubles", "source_refused error"] == 1
    assert measures["coopgva_source_state", f"{REGISTRY} refused"] == 1
    assert measures["coopgva_source_state", f"{REGISTRY} in time"] == 0

    registry.write_bytes(whole)
    night = run_coopgva("refresh", "--home", str(refreshed.root))
    assert night.returncode == 0, night.stderr
    assert f"0 of {len(TABLES)} tables recomputed; nothing changed: no new vintage" in night.stdout
    assert mailbox.subjects[1:] == [f"[coopgva] healed: {REGISTRY}"]
    now = dt.datetime.now(dt.UTC)
    healthy = look(refreshed, now=now)
    assert not healthy.is_broken
    assert {s.source.id: s.state for s in healthy.sources}[REGISTRY] == "in time"
    assert healthy.refresh is not None
    assert healthy.refresh.is_success
    measures = measured(refreshed)
    assert measures["coopgva_refresh_last_success", ""] == 1
    assert measures["coopgva_troubles", "source_refused error"] == 0
    assert measures["coopgva_quarantined_rows", "source.business_registry"] > 0
    assert stat.S_IMODE((refreshed.root / METRICS).stat().st_mode) == 0o644
    _look_at_logs(refreshed)


def _look_at_logs(home: Home) -> None:
    files = sorted((home.root / "logs").glob("coopgva-*.jsonl"))
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    with closing(sqlite3.connect(home.dagster / "history" / "runs.db")) as runs:
        assert runs.execute("SELECT count(*) FROM runs").fetchone() == (3,), "one before the back-up and both nights"
    lines = [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    failed = [line for line in lines if line.get("event") == "step_failure"]
    assert [(line["asset"], line["level"]) for line in failed] == [("source.business_registry", "error")]
    assert "HTML page instead of data" in failed[0]["message"]
    assert {line.get("event") for line in lines if line["level"] == "error"} <= {"step_failure", "pipeline_failure"}
    logged = {line["run_id"] for line in lines if "run_id" in line}
    assert len(logged) == 2, "both nights; logs are not restored"
    assert any(line.get("asset") == "access.release" for line in lines)
    assert "share_pct" not in "".join(line.get("message", "") for line in lines)
