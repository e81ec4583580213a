"""People's decisions: every signed and dated line stands, an anonymous one does not, and no file is no trouble."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from assets.delivery_state import receive
from assets.workshop import Workshop
from resources.home import Home
from tests.source.conftest import Take
from tests.source.test_contracts import TABLES

HEADER = "record_id,decision,firm_id,other_record_id,who,when,why"
GOOD = "lists:1a,confirm,F1,,Kiss Anna,2026-01-05,the plant is theirs"


def decisions(*rows: str) -> str:
    return "\n".join([HEADER, GOOD, *rows]) + "\n"


def test_a_decision_is_read_as_people_write_it(take: Take) -> None:
    taken = take(
        "link_decision",
        decisions("lists:1b,Same as,,lists:1a,Kiss Anna,2026.01.06.,", "lists:1c,REJECT,,,kissa,2026-01-06,"),
    )
    assert not taken.reasons
    rows = [(r["record_id"], r["decision"], r["legal_unit_id"], r["other_record_id"]) for r in taken.accepted]
    assert rows == [
        ("lists:1a", "confirm", "F1", None),
        ("lists:1b", "same_as", None, "lists:1a"),
        ("lists:1c", "reject", None, None),
    ]
    assert [r["decided_date"] for r in taken.accepted] == [dt.date(2026, 1, 5), *[dt.date(2026, 1, 6)] * 2]
    assert taken.accepted[0]["decided_by"] == "Kiss Anna"
    assert taken.accepted[0]["reason"] == "the plant is theirs"


def test_several_decisions_about_one_record_stand(take: Take) -> None:
    taken = take("link_decision", decisions("lists:1a,reject,F1,,Nagy Pál,2026-02-01,sold", GOOD))
    assert [r["row_number"] for r in taken.accepted] == [1, 2, 3]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("lists:2,confirm,F1,,,2026-01-05,", "who", "an anonymous decision does not count, say who decided"),
        ("lists:2,confirm,F1,,  ,2026-01-05,", "who", "an anonymous decision does not count, say who decided"),
        ("lists:2,confirm,F1,,Kiss Anna,,", "when", "a decision without a day does not count"),
        ("lists:2,confirm,F1,,Kiss Anna,yesterday,", "when", "not a valid date hungarian: yesterday"),
        ("lists:2,confirm,F1,,Kiss Anna,2206-01-05,", "when", "decided before 2000 or after 2100"),
        ("lists:2,confirm,,,Kiss Anna,2026-01-05,", "firm_id", "confirm needs a legal unit"),
        ("lists:2,same_as,,,Kiss Anna,2026-01-05,", "other_record_id", "same_as needs another record or a legal unit"),
        ("lists:2,perhaps,F1,,Kiss Anna,2026-01-05,", "decision", "not a valid decision: perhaps"),
        (",confirm,F1,,Kiss Anna,2026-01-05,", "record_id", "required value is missing"),
    ],
)
def test_a_decision_that_cannot_count_is_quarantined(take: Take, row: str, column: str, reason: str) -> None:
    taken = take("link_decision", decisions(row))
    assert len(taken.accepted) == 1
    assert reason in taken.reasons[2][column]


def test_same_as_may_name_the_unit(take: Take) -> None:
    assert len(take("link_decision", decisions("lists:2,same_as,F2,,Kiss Anna,2026-01-05,")).accepted) == 2


def test_a_file_of_anonymous_decisions_alone_stops_nothing(take: Take) -> None:
    taken = take("link_decision", f"{HEADER}\nlists:2,confirm,F1,,,2026-01-05,\n")
    assert (len(taken.accepted), list(taken.reasons)) == (0, [1])


def test_members_of_a_vat_group_and_former_seats(take: Take) -> None:
    members = take(
        "vat_group",
        "group_tax_number,firm_id,valid_from,valid_to\n17783893-5-44,F1,2020-01-01,\nHU17783893,F2,,\nour group,F3,,\n",
    )
    assert [r["legal_unit_id"] for r in members.accepted] == ["F1", "F2"]
    assert "not a tax number of eight digits" in members.reasons[3]["group_tax_number"]
    seats = take(
        "address_history", "firm_id,postcode,settlement,valid_to\nF1,3300,Eger,2019-05-01\nF1,1073,Budapest,\n"
    )
    assert [(r["settlement"], r["valid_from"]) for r in seats.accepted] == [("Eger", None), ("Budapest", None)]


def materialised(home: Path, run: str) -> tuple[Workshop, dict[str, int]]:
    """The table of decisions of a home, and the names of checks that did not pass with their number of violations."""
    name = "source.link_decision"
    shop = Workshop(Home(home), TABLES, None, run)
    states = receive(shop, TABLES[name], now=dt.datetime(2026, 1, 10, tzinfo=dt.UTC), may_fall_back=False)
    assert not any(state.is_late for state in states)
    version = shop.materialise(name).version
    assert not version.blocking_failures
    return shop, {c.name: c.metadata.get("unexpected_count", -1) for c in version.checks if not c.passed}


def test_a_home_without_decisions_is_green_and_one_with_them_says_who_did_not_sign(tmp_path: Path) -> None:
    other = {"id": "clusters", "table": "cluster", "format": "csv", "url": "clusters.csv"}
    (tmp_path / "sources.yaml").write_text(json.dumps({"sources": [other]}), encoding="utf-8")
    shop, failed = materialised(tmp_path, "without a source")
    assert not failed
    assert shop.require("source.link_decision", consumer="source.quarantine").rows == 0

    own: dict[str, Any] = {"id": "link_decisions", "table": "link_decision", "format": "csv", "url": "decisions/*.csv"}
    own["options"] = {"allow_empty": True}
    (tmp_path / "sources.yaml").write_text(json.dumps({"sources": [other, own]}), encoding="utf-8")
    (tmp_path / "decisions").mkdir()
    (tmp_path / "decisions" / "anna.csv").write_text(HEADER + "\n", encoding="utf-8")
    assert not materialised(tmp_path, "a header alone")[1]

    (tmp_path / "decisions" / "anna.csv").write_text(decisions(), encoding="utf-8")
    (tmp_path / "decisions" / "pal.csv").write_text(f"{HEADER}\nlists:2,reject,F1,,,2026-01-05,\n", encoding="utf-8")
    shop, failed = materialised(tmp_path, "two people")
    assert failed == {"decided_by_somebody": 1}
    assert shop.require("source.link_decision", consumer="source.quarantine").rows == 1
    assert "pal.csv row 1, who: an anonymous decision" in shop.quarantine_in_words("source.link_decision")
