"""Fixtures of every test: the real sample files, which live beside the repository and never in it; PostgreSQL."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.postgres_office import office, office_server
from tests.postgres_server import postgres_server, postgres_url

__all__ = ["office", "office_server", "postgres_server", "postgres_url", "shared_data"]

# A script that runs in the background starts its children with SIGINT ignored; tests that interrupt a child would
# then wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real sample files; tests that need it are skipped where it is absent."""
    default = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = Path(os.environ.get("COOPGVA_SHARED_DATA", default))
    if not folder.is_dir():
        pytest.skip(f"real sample files are not here: {folder} (set COOPGVA_SHARED_DATA)")
    return folder
