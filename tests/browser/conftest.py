"""Fixtures of the browser tests."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.sample_home import make_sample_home


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A refreshed home of the smallest sample economy; read it, or copy it."""
    return make_sample_home(tmp_path_factory, os.environ.get("PYTEST_XDIST_WORKER", "master"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    pytest.skip("no browser: apt-get install --no-install-recommends chromium fonts-liberation")
