"""Imports run down only (pipelines, assets, then methods and resources); heavy libraries load where they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from resources.home import REPOSITORY

ALLOWED = {
    "pipelines": {"pipelines", "assets", "publication", "methods", "resources", "sample"},
    "assets": {"assets", "publication", "methods", "resources"},
    "publication": {"publication", "methods", "resources"},
    "methods": {"methods"},
    "resources": {"resources"},
    "sample": {"sample", "methods"},
}
NOT_BELOW_ASSETS = {"dagster"}
ROOMS = sorted(ALLOWED)


def imported(path: Path) -> set[str]:
    """Top-level names of everything a module imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert not node.level, f"{path}: relative import"
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_down_only(room: str) -> None:
    files = sorted((REPOSITORY / room).rglob("*.py"))
    assert files
    for path in files:
        names = imported(path)
        assert names & set(ROOMS) <= ALLOWED[room], path
        if room in ("publication", "methods", "resources", "sample"):
            assert not names & NOT_BELOW_ASSETS, path


def test_the_code_location_loads_no_heavy_library() -> None:
    script = (
        "import sys, pipelines.definitions as d; d.build_defs(); "
        "print([m for m in ('great_expectations', 'splink', 'statsmodels', 'pysdmx', 'altair') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.strip() == "[]"


def test_no_room_without_a_subject() -> None:
    bad = {"utils", "util", "helpers", "helper", "common", "misc", "shared"}
    for room in ROOMS:
        assert not [p for p in (REPOSITORY / room).rglob("*") if p.stem in bad]
