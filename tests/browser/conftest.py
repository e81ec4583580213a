"""Fixtures of the browser tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.sample_home import make_sample_home


@pytest.fixture(scope="session")
def sample_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A refreshed home of the smallest sample economy; read it, or copy it."""
    return make_sample_home(tmp_path_factory, os.environ.get("PYTEST_XDIST_WORKER", "master"))
