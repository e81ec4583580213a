"""A refresh without Dagster: the same deliveries and the same workshop, one table after the other."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

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
