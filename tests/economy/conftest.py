"""One refreshed tiny economy for all tests that only look at it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from tiny import write_tiny_economy

from assets.catalogue import TABLES
from assets.delivery_state import receive
from assets.workshop import Outcome, Workshop
from resources.home import Home


def refresh(home: Path, run_id: str, as_of: str | None = None) -> tuple[Workshop, dict[str, Outcome]]:
    """Receive and materialise every table in order; returns the workshop and what happened to each table."""
    shop = Workshop(Home(home), TABLES, as_of, run_id)
    outcomes = {}
    for name, table in TABLES.items():
        receive(shop, table, now=dt.datetime.now(dt.UTC), may_fall_back=True)
        outcomes[name] = shop.materialise(name)
    return shop, outcomes


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Workshop:
    """A refreshed tiny economy; do not change it."""
    home = write_tiny_economy(tmp_path_factory.mktemp("tiny"))
    return refresh(home, "first")[0]
