"""People decide: a clerk's line in the decisions file wins over the linkage and survives every later refresh."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from assets.workshop import Workshop
from tests.economy.refreshing import refresh

HEADER = "record_id,decision,legal_unit_id,other_record_id,who,when,why\n"


def read(shop: Workshop, table: str, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        path = shop.lake.path(table, shop.key(table))
        return connection.execute(f"WITH t AS (FROM read_parquet('{path}')) {query}").fetchall()


@pytest.fixture
def home(tmp_path: Path, tiny: Workshop) -> Path:
    """The tiny economy with a source for decisions, the file still to be written."""
    home = shutil.copytree(tiny.home.root, tmp_path / "home")
    sources = yaml.safe_load((home / "sources.yaml").read_text(encoding="utf-8"))
    sources["sources"].append(
        {
            "id": "decisions",
            "table": "link_decision",
            "format": "csv",
            "url": "decisions/decisions.csv",
            "options": {"allow_empty": True},
        }
    )
    (home / "sources.yaml").write_text(yaml.safe_dump(sources, sort_keys=False), encoding="utf-8")
    (home / "decisions").mkdir()
    return home


@pytest.fixture
def record(tiny: Workshop) -> str:
    """The record that means F10 by name and town only."""
    query = "SELECT record_id FROM t WHERE legal_unit_id = 'F10'"
    return str(read(tiny, "integration.firm_identity", query)[0][0])


def decide(home: Path, *lines: str) -> None:
    (home / "decisions" / "decisions.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))


LINK = "SELECT legal_unit_id, probability, method, status FROM t WHERE record_id = '{}'"


def test_confirmed_counts_in_full(home: Path, record: str) -> None:
    decide(home, f"{record},confirm,F10,,Kovács Anna,2026-03-01,called the cluster")
    shop, _ = refresh(home, "second")
    assert read(shop, "integration.firm_identity", LINK.format(record)) == [("F10", 1.0, "decision", "accepted")]
    why = read(shop, "integration.firm_identity", f"SELECT reason FROM t WHERE record_id = '{record}'")[0][0]
    assert why == "confirmed F10 by Kovács Anna on 2026-03-01: called the cluster"
    query = "SELECT share_pct FROM t WHERE numerator_code = 'N1' AND table_code = 'T1' AND time_rule = 'any_day'"
    assert read(shop, "interpretation.cooperation_gva", query)[0][0] == pytest.approx(100 * 2090 / 6600, rel=1e-4)


def test_rejected_counts_for_nothing(home: Path, record: str) -> None:
    decide(home, f"{record},reject,,,Kovács Anna,2026-03-01,a school of that name")
    shop, _ = refresh(home, "second")
    assert read(shop, "integration.firm_identity", LINK.format(record)) == [(None, 0.0, "decision", "none")]
    query = "SELECT count(*) FROM t WHERE legal_unit_id = 'F10'"
    assert read(shop, "interpretation.cooperating_firm", query) == [(0,)]


def test_the_latest_decision_counts_whatever_the_order_of_lines(home: Path, record: str) -> None:
    decide(
        home,
        f"{record},confirm,F9,,Kovács Anna,2026-03-02,seen the contract",
        f"{record},reject,,,Nagy Béla,2026-03-01,",
    )
    shop, _ = refresh(home, "second")
    assert read(shop, "integration.firm_identity", LINK.format(record)) == [("F9", 1.0, "decision", "accepted")]


def test_a_decision_survives_later_deliveries(home: Path, record: str) -> None:
    decide(home, f"{record},confirm,F9,,Kovács Anna,2026-03-01,")
    refresh(home, "second")
    for file in ("business_registry.csv", "cluster_memberships.csv"):
        path = home / "deliveries" / file
        header, *lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text(header + "".join(reversed(lines)).replace("Próba F7 Kft.", "Egészen Más Zrt."))
    (home / "parameters.yaml").write_text((home / "parameters.yaml").read_text() + "linkage_accept_probability: 0.99\n")
    shop, outcomes = refresh(home, "third")
    assert not outcomes["integration.link_candidate"].is_reused
    assert read(shop, "integration.firm_identity", LINK.format(record)) == [("F9", 1.0, "decision", "accepted")]


def test_a_new_decision_links_nothing_again(home: Path, record: str) -> None:
    decide(home, f"{record},confirm,F9,,Kovács Anna,2026-03-01,")
    _, outcomes = refresh(home, "second")
    assert outcomes["integration.link_candidate"].is_reused
    assert not outcomes["integration.firm_identity"].is_reused


def test_an_anonymous_or_unknown_decision_harms_nobody(home: Path, record: str) -> None:
    decide(
        home,
        f"{record},confirm,F9,,,2026-03-01,nobody said this",
        "cluster_memberships:0000000000000000,confirm,F9,,Kovács Anna,2026-03-01,record of an older list",
        f"{record},confirm,F77,,Kovács Anna,2026-03-03,not registered yet",
    )
    shop, _ = refresh(home, "second")
    ((unit, status, why),) = read(
        shop, "integration.firm_identity", f"SELECT legal_unit_id, status, reason FROM t WHERE record_id = '{record}'"
    )
    # the linkage's own link stands until the unit is registered
    assert (unit, status) == ("F10", "accepted")
    assert "a decision waits: it names no legal unit of the register" in why
    quarantined = read(shop, "source.quarantine", "SELECT raw_row FROM t WHERE table_name = 'source.link_decision'")
    assert len(quarantined) == 1
    assert "nobody said this" in quarantined[0][0]
    version = shop.current("integration.firm_identity")
    assert version is not None
    assert [check.name for check in version.checks if not check.passed] == [
        "decision_names_a_known_record",
        "decision_names_a_known_unit",
    ]


def test_open_cases_are_ranked_and_leave_when_decided(home: Path, record: str) -> None:
    (home / "parameters.yaml").write_text((home / "parameters.yaml").read_text() + "linkage_accept_probability: 0.99\n")
    decide(home)
    shop, _ = refresh(home, "second")
    query = "SELECT position, is_headline, status, candidates LIKE 'F10 %' FROM t WHERE record_id = '{}'"
    assert read(shop, "integration.link_review", query.format(record)) == [(1, True, "review", True)]
    decide(home, f"{record},confirm,F10,,Kovács Anna,2026-03-01,")
    shop, _ = refresh(home, "third")
    assert read(shop, "integration.link_review", query.format(record)) == []


def test_same_as_a_unit_confirms_it(home: Path, record: str) -> None:
    decide(home, f"{record},same_as,F9,,Kovács Anna,2026-03-01,the letterhead says so")
    shop, _ = refresh(home, "second")
    assert read(shop, "integration.firm_identity", LINK.format(record)) == [("F9", 1.0, "decision", "accepted")]


def test_a_rejected_candidate_leaves_its_chance_to_the_others(home: Path, record: str) -> None:
    decide(home, f"{record},reject,F10,,Kovács Anna,2026-03-01,")
    shop, _ = refresh(home, "second")
    query = f"SELECT legal_unit_id, probability FROM t WHERE record_id = '{record}' AND rank = 2"
    ((other, chance),) = read(shop, "integration.link_candidate", query)
    ((first,),) = read(
        shop, "integration.link_candidate", f"SELECT probability FROM t WHERE record_id = '{record}' AND rank = 1"
    )
    left = chance / (1 - first)
    ((unit, probability, method, status),) = read(shop, "integration.firm_identity", LINK.format(record))
    assert (unit, method, status) == (other, "decision", "review")
    assert probability == pytest.approx(left, abs=1e-6)
