"""Checks across rows and tables: each finds its violation, and none speaks where a referenced table is empty."""

from __future__ import annotations

import datetime as dt

import duckdb
import pytest

from resources.engine import sql_file
from tests.source import cases_annual_account, cases_participation, cases_register
from tests.source.checking import CHECKS, Case, Rows, fill, violations
from tests.source.test_national_account_identities import IDENTITIES

DAY = dt.date(2020, 1, 1)
CASES: list[Case] = [
    *cases_annual_account.CASES,
    *cases_register.CASES,
    *cases_participation.CASES,
    (
        "link_decision_contradiction",
        {
            "link_decision": [
                {"record_id": record, "decision": decision, "legal_unit_id": unit, "decided_date": DAY}
                for record, decision, unit in (
                    ("A", "confirm", "F1"),
                    ("A", "confirm", "F2"),
                    ("B", "confirm", "F1"),
                    ("B", "reject", "F1"),
                    ("C", "confirm", "F1"),
                    ("C", "confirm", "F1"),
                    ("C", "reject", "F2"),
                    ("D", "reject", "F1"),
                    ("D", "reject", None),
                )
            ]
        },
        2,
    ),
    (
        "nace_parent_known",
        {
            "nace_code": [
                {"nace_version": "2.0", "code": "A"},
                {"nace_version": "2.0", "code": "01", "parent_code": "A"},
                {"nace_version": "2.1", "code": "01", "parent_code": "A"},
            ]
        },
        1,
    ),
    (
        "nace_correspondence_known",
        {
            "nace_correspondence": [{"nace_rev21_code": "01", "nace_rev2_code": c} for c in ("01", "02")],
            "nace_code": [{"nace_version": "2.0", "code": "01"}],
        },
        1,
    ),
    (
        "clerical_review_contradiction",
        {
            "clerical_review": [
                {"verdict": "RIGHT", "shown_legal_unit_id": "F1", "right_legal_unit_id": "F2"},
                {"verdict": "RIGHT", "shown_legal_unit_id": None, "right_legal_unit_id": "F2"},
                {"verdict": "RIGHT", "shown_legal_unit_id": "F1", "right_legal_unit_id": "f1"},
                {"verdict": "RIGHT", "shown_legal_unit_id": None, "right_legal_unit_id": "none"},
                {"verdict": "WRONG", "shown_legal_unit_id": "F1", "right_legal_unit_id": "F2"},
            ]
        },
        2,
    ),
    (
        "clerical_review_stratum_size",
        {
            "clerical_review": [
                {"sample_id": "a", "stratum_code": code, "stratum_size": size}
                for code, size in (("x", 10), ("x", 11), ("y", 7), ("y", 7))
            ]
        },
        1,
    ),
    ("nuts_level_fits_code", {"nuts_region": [{"code": "HU", "level": 0}, {"code": "HU1", "level": 2}]}, 1),
]


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_to_judge_is_no_violation(lake: duckdb.DuckDBPyConnection, check: str) -> None:
    assert violations(lake, check) == []


@pytest.mark.parametrize(("check", "rows", "expected"), CASES, ids=[f"{c}-{n}" for c, _, n in CASES])
def test_a_check_finds_what_it_is_for(lake: duckdb.DuckDBPyConnection, check: str, rows: Rows, expected: int) -> None:
    fill(lake, rows)
    assert len(violations(lake, check)) == expected


def test_every_check_is_seen_to_fail() -> None:
    assert {check for check, _, expected in CASES if expected} | set(IDENTITIES) == set(CHECKS)


def test_queries_are_one_select() -> None:
    for check in CHECKS:
        assert len(duckdb.extract_statements(sql_file(f"source/checks/{check}.sql"))) == 1
