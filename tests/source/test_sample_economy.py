"""The sample economy fits the contracts: every source of its `sources.yaml`, with no more rejected than its dirt."""

from __future__ import annotations

import datetime as dt
import json

import duckdb
import pytest

from assets.delivery_state import receive
from assets.source.quarantine import DELIVERED
from assets.table import Table
from assets.workshop import Workshop
from resources.home import Home
from resources.lake import Version
from sample.generate import generate
from tests.source.test_contracts import TABLES

SEED = 20261123
WRITTEN_BY_PEOPLE = ("source.link_decision", "source.clerical_review")
"""Tables that are empty until somebody in the house writes something."""


def in_order(names: tuple[str, ...]) -> list[str]:
    """Inputs before consumers."""
    ordered: list[str] = []

    def add(name: str) -> None:
        for needed in TABLES[name].dependencies:
            add(needed)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return ordered


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workshop, dict[str, Version]]:
    """All source tables of the smallest economy."""
    root = tmp_path_factory.mktemp("economy")
    generate(1000, SEED, root)
    home = Home(root / "home")
    home.root.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COOPGVA_SOURCES", str(root / "sources.yaml"))
        tables: dict[str, Table] = {name: TABLES[name] for name in in_order(DELIVERED)}
        shop = Workshop(home, tables)
        found = {}
        for name, table in tables.items():
            receive(shop, table, now=dt.datetime(2026, 1, 1, tzinfo=dt.UTC), may_fall_back=False)
            found[name] = shop.materialise(name).version
        return shop, found


@pytest.mark.parametrize("name", DELIVERED)
def test_a_table_of_the_sample_keeps_its_contract(versions: tuple[Workshop, dict[str, Version]], name: str) -> None:
    version = versions[1][name]
    assert version.rows or name in WRITTEN_BY_PEOPLE
    assert not version.blocking_failures
    # a register row that its dirt keeps out leaves its few references hanging; in the smallest economy that is a share
    warned = {c.name: c.metadata for c in version.checks if not c.passed and c.metadata.get("violations") not in (1, 2)}
    assert not warned


def test_only_the_dirt_of_the_sample_is_rejected(versions: tuple[Workshop, dict[str, Version]]) -> None:
    shop, found = versions
    reasons = []
    for version in found.values():
        path = shop.lake.quarantine_path(version.table, version.key)
        with duckdb.connect() as connection:
            texts = connection.read_parquet(str(path)).select("reasons").fetchall()
        reasons += [(version.table, *pair) for (text,) in texts for pair in json.loads(text).items()]
    assert {(table, column, reason.split(":")[0].split(" F0")[0]) for table, column, reason in reasons} == {
        ("source.business_registry", "founded_date", "not a valid date hungarian"),
        ("source.business_registry", "firm_id", "duplicate key"),
        ("source.business_registry", "name", "starts like a spreadsheet formula"),
        ("source.business_registry", "tax_number", "check digit or form is wrong"),
    }
