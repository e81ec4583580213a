"""What counts as broken, and that what follows from a cause is not told as another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
import yaml

from assets.delivery_state import Ending, last_attempt, receive
from assets.workshop import Workshop
from pipelines.operations.last_refresh import LastRefresh, last_refresh, recorded, remember
from pipelines.operations.troubles import Trouble, find_troubles, open_workshop, source_states
from resources.deliveries import Archive
from resources.errors import DeliveryError, TransportError
from resources.home import Home
from resources.lake import CheckOutcome, Version
from resources.release_calendar import CALENDAR
from resources.transport.base import TransportSettings

NOW = dt.datetime(2026, 11, 24, 2, 30, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


def ended(at: dt.datetime = NOW, *, error: str = "", steps: Mapping[str, str] | None = None) -> LastRefresh:
    is_success = not error and not steps
    return LastRefresh("a-run", recorded(at), recorded(at), is_success, error=error, failed_steps=steps or {})


def keys(troubles: list[Trouble]) -> list[str]:
    return [trouble.key for trouble in troubles]


def configure(home: Home, name: str, **more: Any) -> None:
    """Change one source of `sources.yaml`."""
    document = yaml.safe_load(home.sources.read_text(encoding="utf-8"))
    for source in document["sources"]:
        if source["id"] == name:
            source.update(more)
    home.sources.write_text(yaml.safe_dump(document), encoding="utf-8")


def fetch(home: Home, table: str = "source.cluster", *, now: dt.datetime = NOW) -> None:
    shop = open_workshop(home)
    receive(Workshop(home, shop.tables, None, f"run-{now:%Y%m%d}"), shop.tables[table], now=now, may_fall_back=True)


def test_a_home_in_which_nothing_has_run_is_not_broken(home: Home) -> None:
    assert find_troubles(home, now=NOW) == []
    assert {state.state for state in source_states(open_workshop(home), NOW)} == {"nothing delivered yet"}


def test_a_source_that_answers_with_rubbish_is_refused_although_its_delivery_is_young(home: Home) -> None:
    fetch(home)
    assert last_attempt(Archive(home.archive), "clusters") is not None
    (home.root / "deliveries" / "clusters.csv").write_bytes(b"<html>Sign in</html>")
    with pytest.raises(DeliveryError, match="HTML page"):
        fetch(home, now=NOW + DAY)
    (trouble,) = find_troubles(home, now=NOW + DAY)
    assert (trouble.key, trouble.is_error) == ("source_refused:clusters", True)
    assert "HTML page instead of data" in trouble.reason
    assert trouble.effect == "readers keep nothing yet"
    (state,) = (s for s in source_states(open_workshop(home), NOW + DAY) if s.source.id == "clusters")
    assert (state.state, state.days_late) == ("refused", 0)


def test_a_source_that_is_not_reached_says_what_the_figures_rest_on(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resources.transport.fetch.TransportSettings", lambda: TransportSettings(attempts=1))
    fetch(home)
    configure(home, "clusters", url="http://127.0.0.1:9/clusters.csv?token=marker")
    fetch(home, now=NOW + DAY)
    (trouble,) = find_troubles(home, now=NOW + DAY)
    assert trouble.key == "source_unreachable:clusters"
    assert trouble.effect.startswith("the figures rest on its delivery of 2026-11-24")
    assert "marker" not in trouble.reason
    configure(home, "clusters", url="http://127.0.0.1:9/other.csv")
    (home.archive / "deliveries" / "clusters").rename(home.root / "away")
    with pytest.raises(TransportError):
        fetch(home, now=NOW + 2 * DAY)
    attempt = last_attempt(Archive(home.archive), "clusters")
    assert attempt is not None
    assert attempt.ending is Ending.NOT_REACHED


@pytest.mark.parametrize(("days", "expected"), [(6, None), (8, False), (15, True)])
def test_lateness_warns_and_then_is_an_error(home: Home, days: int, expected: bool | None) -> None:
    configure(home, "clusters", expected_every_days=7)
    fetch(home)
    found = [t.is_error for t in find_troubles(home, now=NOW + days * DAY) if t.kind == "source_late"]
    assert found == ([] if expected is None else [expected])


def seal(home: Home, table: str, *checks: CheckOutcome) -> None:
    """A version of a table under its current key, with these verdicts and no rows worth reading."""
    shop = open_workshop(home)
    path = shop.lake.path(table, shop.key(table))
    path.parent.mkdir(parents=True)
    path.write_bytes(b"rows")
    shop.lake.seal(Version(table, shop.key(table), 1, "0" * 64, {}, {}, {}, checks))


def test_a_failed_check_is_the_cause_and_steps_behind_it_are_not(home: Home) -> None:
    fetch(home)
    blocks = CheckOutcome("quarantined_share", False, "error", "at most 2% of the rows may break the contract")
    warns = CheckOutcome("known_columns", False, "warn", "every column is used")
    seal(home, "source.cluster", blocks, warns, CheckOutcome("primary_key", True, "error"))
    behind = {
        "integration.cooperation": "integration.cooperation: input source.cluster failed its blocking check",
        "source.cluster": "blocked by its check; the last good vintage stays published",
        "access.release": "access.release: the blocking check quarantined_share failed",
        "source.annual_account": "accounts.csv: unreadable",
    }
    found = find_troubles(home, now=NOW, ended=ended(steps=behind))
    assert keys(found) == [
        "check_failed:source.cluster quarantined_share",
        "step_failed:source.annual_account",
        "check_warns:source.cluster known_columns",
    ]
    assert found[0].reason == "at most 2% of the rows may break the contract"
    assert [t.is_error for t in found] == [True, True, False]


def test_a_wrong_configuration_is_the_only_cause_that_is_told(home: Home) -> None:
    home.sources.write_text("sources:\n- id: clusters\n  tabel: cluster\n")
    found = find_troubles(home, now=NOW, ended=ended(error="sources.yaml:3: wrong"))
    assert keys(found) == [f"configuration:{home.sources}"]
    assert find_troubles(home, now=NOW)[0].is_error


def test_a_run_without_a_failed_step(home: Home) -> None:
    found = find_troubles(home, now=NOW, ended=ended(error="the process that ran this was killed"))
    assert [(t.key, t.reason) for t in found] == [("run_failed:refresh", "the process that ran this was killed")]


def test_a_missed_night_is_seen_in_production_only(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    last = ended(NOW - dt.timedelta(hours=27))
    assert find_troubles(home, now=NOW, ended=last) == []
    monkeypatch.setenv("COOPGVA_ENVIRONMENT", "production")
    assert keys(find_troubles(home, now=NOW, ended=last)) == ["night_missed:refresh"]
    assert find_troubles(home, now=NOW, ended=ended(NOW - dt.timedelta(hours=25))) == []


def test_a_release_that_was_not_made_is_overdue(home: Home) -> None:
    entry = "{id: r1, title: One, reference_years: [2023], planned_at: 2026-11-24T02:00:00+00:00}"
    (home.root / CALENDAR).write_text(f"releases:\n- {entry}\n", encoding="utf-8")
    assert find_troubles(home, now=NOW - dt.timedelta(minutes=20)) == []
    (trouble,) = find_troubles(home, now=NOW)
    assert (trouble.key, trouble.reason) == (
        "release_overdue:r1",
        "planned for 2026-11-24 03:00 CET; no vintage has passed the gate",
    )


def test_the_record_keeps_the_last_success_and_forgets_an_older_end(home: Home) -> None:
    first = remember(home, ended(NOW))
    assert first.succeeded_at == recorded(NOW)
    failed = remember(home, ended(NOW + DAY, error="full disk"))
    assert (failed.is_success, failed.succeeded_at) == (False, recorded(NOW))
    assert remember(home, ended(NOW - DAY)) == failed, "an older run of the daemon is seen late"
    assert last_refresh(home) == failed
    (home.runs / "last_refresh.json").write_text("{torn")
    assert last_refresh(home) is None
    assert set(asdict(failed)) >= {"run_id", "failed_steps"}
