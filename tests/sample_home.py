"""A refreshed home of the smallest sample economy, made once per test session and shared by its processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

from resources.home import REPOSITORY

FIRMS = 1000
MAIN = "from pipelines.cli import main; main()"


def run_coopgva(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line in a process of its own."""
    environment = {k: v for k, v in os.environ.items() if k not in ("COOPGVA_HOME", "COOPGVA_SOURCES", "DAGSTER_HOME")}
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        cwd=REPOSITORY,
        env={**environment, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def make_sample_home(factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The home's folder; the first process of a session that asks makes it."""
    base = factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "sample-home"
    with FileLock(home.with_suffix(".lock")):
        if not (home / ".made").exists():
            for arguments in (["sample", "--firms", str(FIRMS), "--out", str(home)], ["refresh", "--home", str(home)]):
                done = run_coopgva(*arguments)
                assert done.returncode == 0, done.stderr
            (home / ".made").write_text(done.stdout, encoding="utf-8")
    return home
