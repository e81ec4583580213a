"""What readers have is an input of the next release: real refreshes of the tiny economy, published day after day."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

import pytest

from assets.access.release import ReleaseOutcome, publish
from assets.catalogue import TABLES
from assets.gate import COMPARED, DIFFERENCING
from assets.readers_release import earlier_keys, intact
from assets.workshop import Workshop
from resources.engine import EngineLimits, open_engine, run_sql, sql_file
from resources.errors import StaleInputError
from resources.home import Home
from resources.lake import Lake, Vintage
from resources.publications import append, publication_log
from tests.economy.refreshing import refresh

CELLS = "interpretation.cell_protection"
DAY = dt.timedelta(days=1)
FIRST = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


class House:
    """A home that is refreshed and published day after day."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.days = 0

    def leave(self, firm: str) -> None:
        """A firm is no longer a member of the cluster; no other firm's figure changes with it."""
        members = self.home / "deliveries" / "cluster_memberships.csv"
        lines = members.read_text(encoding="utf-8").splitlines(keepends=True)
        members.write_text("".join(line for line in lines if f" {firm} " not in line), encoding="utf-8")

    def look(self) -> Workshop:
        """The house as it is, by its archive and its log."""
        return Workshop(Home(self.home), TABLES, None, "look")

    def publish(self, shop: Workshop) -> ReleaseOutcome:
        self.days += 1
        return publish(shop, now=FIRST + self.days * DAY)


@pytest.fixture(scope="module")
def house(tiny: Workshop, tmp_path_factory: pytest.TempPathFactory) -> House:
    return House(shutil.copytree(tiny.home.root, tmp_path_factory.mktemp("protected") / "home"))


@pytest.fixture(scope="module")
def first(house: House) -> Vintage:
    """The first release; nothing was there to compare with."""
    outcome = house.publish(house.look())
    assert outcome.vintage.protected_against is None
    return outcome.vintage


@pytest.fixture(scope="module")
def second(house: House, first: Vintage) -> tuple[Workshop, Vintage]:
    """F6 has left."""
    house.leave("F6")
    shop = refresh(house.home, "second day")[0]
    assert shop.compared_with(CELLS)[0] == first
    return shop, house.publish(shop).vintage


def test_a_second_refresh_has_nothing_to_do_although_readers_have_something_now(house: House, first: Vintage) -> None:
    shop = house.look()
    assert shop.readers == first
    assert shop.missing() == []
    assert shop.compared_with(CELLS) == (None, {})
    assert shop.lake.version(CELLS, first.tables[CELLS]) == shop.current(CELLS)


def test_the_next_release_is_compared_with_what_readers_have(
    house: House, first: Vintage, second: tuple[Workshop, Vintage]
) -> None:
    shop, vintage = second
    assert vintage.protected_against == first.vintage_id
    version = shop.lake.version(CELLS, vintage.tables[CELLS])
    assert version is not None
    assert version.parameters["earlier"] == {
        name: first.tables[name]
        for name in (CELLS, "interpretation.protected_part", "interpretation.protected_membership")
    }
    warned = [check.name for check in version.checks if not check.passed]
    assert warned == ["changes_stay_hidden"], "one firm left: readers learn it with the totals, and that is said"
    again = house.look()
    assert again.missing() == []
    assert not house.publish(again).is_new


def test_what_was_never_published_is_compared_with_nothing(house: House, second: tuple[Workshop, Vintage]) -> None:
    shop, vintage = second
    known = publication_log(shop.home)
    assert known[-1]["vintage_id"] == vintage.vintage_id
    append(shop.home, {"embargoed_at": "2026-02-01T00:00:00+00:00", "vintage_id": "000009-waiting", "as_of": None})
    append(shop.home, {"published_at": "2026-02-01T00:00:00+00:00", "vintage_id": "000009-past", "as_of": "2025-01-01"})
    look = Workshop(shop.home, shop.tables, None, "look")
    assert look.readers == vintage


def test_a_look_into_the_past_compares_with_what_readers_had_then(
    house: House, first: Vintage, second: tuple[Workshop, Vintage]
) -> None:
    shop = second[0]
    published = [entry["published_at"] for entry in publication_log(shop.home) if entry["as_of"] is None]
    assert len(published) == 2
    before = dt.datetime.fromisoformat(published[1]) - dt.timedelta(hours=1)
    assert Workshop(shop.home, shop.tables, before.isoformat(), "look").readers == first
    assert Workshop(shop.home, shop.tables, (FIRST - DAY).isoformat(), "look").readers is None


def test_what_readers_have_must_be_there_and_whole(second: tuple[Workshop, Vintage], tmp_path: Path) -> None:
    table, vintage = TABLES[CELLS], second[1]
    lake = Lake(tmp_path / "lake")
    keys = {name: vintage.tables[name] for name in table.earlier}
    for name, key in keys.items():
        path = second[0].lake.path(name, key)
        target = lake.path(name, key)
        target.parent.mkdir(parents=True, exist_ok=True)
        for suffix in (".parquet", ".json"):
            shutil.copy(path.with_suffix(suffix), target.with_suffix(suffix))
    assert earlier_keys(table, vintage, lake) == keys
    assert intact(lake, keys, CELLS).keys() == keys.keys()
    lake.path("interpretation.protected_part", keys["interpretation.protected_part"]).unlink()
    assert "interpretation.protected_part" not in earlier_keys(table, vintage, lake), "values alone are compared"
    path = lake.path(CELLS, keys[CELLS])
    path.write_bytes(path.read_bytes()[:-9] + b"?" + path.read_bytes()[-8:])
    with pytest.raises(StaleInputError, match="which readers have, does not have the bytes"):
        intact(lake, keys, CELLS)
    path.unlink()
    with pytest.raises(StaleInputError, match="which readers have, is no longer in the lake"):
        earlier_keys(table, vintage, lake)


def test_the_gate_refuses_a_change_that_nobody_accepted(second: tuple[Workshop, Vintage]) -> None:
    """The audit counts from firms: without the list of what was accepted it finds the change of the total."""
    shop, vintage = second
    before = next(v for v in shop.lake.vintages() if v.vintage_id == vintage.protected_against)
    paths = {n: shop.lake.path(n, vintage.tables[n]) for n in (*COMPARED, CELLS)}
    paths |= {f"earlier.{n.split('.')[1]}": shop.lake.path(n, before.tables[n]) for n in COMPARED}
    rules = {"disclosure_min_contributors": 3, "disclosure_p_percent": 10.0}
    with open_engine(EngineLimits(), paths) as connection:
        assert run_sql(connection, sql_file(DIFFERENCING), rules).fetchall() == []
        connection.execute(f"""
            CREATE TABLE cells AS FROM {CELLS} WHERE status <> 'accepted_change';
            CREATE OR REPLACE VIEW {CELLS} AS FROM cells""")
        found = run_sql(connection, sql_file(DIFFERENCING), rules).fetchall()
    assert ("N1", "T1") in [row[1:3] for row in found]
