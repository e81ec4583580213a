"""Goal 1's tables on the cluster of four firms: every indicator by hand, points, scoreboard."""

from __future__ import annotations

import duckdb
import pandas as pd
import pytest

from assets.interpretation.key_industry import (
    industries,
    industries_of_year,
    industry_of_codes,
    industry_of_texts,
    verdicts,
)
from resources.goal_1 import load_key_industries
from tests.interpretation.small import YEAR, make

CONFIGURATION = load_key_industries().model_dump(mode="json")

BY_HAND = {
    # value, numerator, denominator, rows
    "member_count": (4, 4, None, 4),
    "rdi_projects_per_100_members": (25, 1, 4, 2),
    "coordinator_share_pct": (100, 1, 1, 2),
    # (731,000 + 73,100) EUR x 365 of 731 days x 400 HUF
    "rdi_spending_ratio_pct": (10, 160.6, 1606, 2),
    "foreign_project_share_pct": (50, 1, 2, 3),
    "partner_country_count": (2, 2, None, 4),  # AT by P1, SK by the agreement
    "export_share_pct": (30, 60, 200, 2),  # F1 and F3; F2's exports and F4's turnover are not known
    "esca_label_level": (2, 2, None, 2),
    "c2c_abroad_count": (1, 1, None, 1),
    "multi_country_event_count": (1, 1, None, 2),
    "tie_density_pct": (100 / 6, 1, 6, 2),  # F1-F2 of six pairs
    "repeated_tie_share_pct": (100, 1, 1, 2),
    "active_member_share_pct": (75, 3, 4, 4),  # not F4, whose links are under review
    "gva_huf_mn": (3212, 3212, None, 4),
    "employee_count": (340.5, 340.5, None, 4),
    "sme_share_pct": (75, 3, 4, 4),
    "industry_gva_share_pct": (25, 2000, 8000, 1),
    "accredited_days_share_pct": (100 * 184 / 365, 184, 365, 1),
    "management_organisation_count": (1, 1, None, 1),
}


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def test_who_is_assessed(small: duckdb.DuckDBPyConnection) -> None:
    make(small, "interpretation.assessed_cooperation")
    assert rows_of(
        small,
        "SELECT cooperation_id, industry_code, industry_basis, member_count, is_accredited, accredited_days, "
        "esca_label_level, management_rows FROM interpretation.assessed_cooperation ORDER BY 1",
    ) == [
        ("CLUSTER:A", "ict", "declared", 4, True, 184, 2, 1),
        ("CLUSTER:B", None, "declared_unknown", 0, False, 0, 0, 0),
    ]


def test_activity_decides_where_nothing_is_declared(small: duckdb.DuckDBPyConnection) -> None:
    small.execute("UPDATE integration.cooperation SET key_industry = NULL")
    small.execute("UPDATE integration.legal_unit SET nace_rev2_code = '63.11' WHERE legal_unit_id = 'F9'")
    small.execute("UPDATE integration.legal_unit SET legal_unit_id = 'F3' WHERE legal_unit_id = 'F9'")
    make(small, "interpretation.assessed_cooperation")
    assert rows_of(
        small,
        "SELECT cooperation_id, industry_code, industry_basis FROM interpretation.assessed_cooperation ORDER BY 1",
    ) == [("CLUSTER:A", "ict", "activity"), ("CLUSTER:B", None, "none")]


def test_a_long_lived_project_with_many_members_is_assessed_too(small: duckdb.DuckDBPyConnection) -> None:
    small.execute(
        "UPDATE integration.cooperation SET valid_from = '2021-01-01', valid_to = '2025-01-01' "
        "WHERE cooperation_id = 'CORDIS:P1'"
    )
    small.execute(
        "INSERT INTO integration.participation BY NAME SELECT 'x' || i AS record_id, 'CORDIS:P1' AS cooperation_id, "
        "'joint_project' AS basis, 'rdi_project' AS cooperation_type, 'accepted' AS status, 'G' || i AS legal_unit_id, "
        "DATE '2021-01-01' AS valid_from, DATE '2025-01-01' AS valid_to FROM range(8) AS t(i)"
    )
    make(small, "interpretation.assessed_cooperation")
    query = (
        "SELECT member_count, is_accredited FROM interpretation.assessed_cooperation WHERE cooperation_id = 'CORDIS:P1'"
    )
    assert rows_of(small, query) == [(10, False)]
    make(small, "interpretation.cooperation_indicator")
    # the project is not counted as a project of its own members: F1 and F2 have no other one that runs
    assert rows_of(
        small,
        "SELECT value FROM interpretation.cooperation_indicator "
        "WHERE cooperation_id = 'CORDIS:P1' AND indicator_code = 'rdi_projects_per_100_members'",
    ) == [(0.0,)]
    small.execute("DELETE FROM integration.participation WHERE record_id = 'x0'")
    make(small, "interpretation.assessed_cooperation")
    assert rows_of(small, query) == []


def test_indicators_by_hand(small: duckdb.DuckDBPyConnection) -> None:
    for name in ("assessed_cooperation", "cooperation_indicator"):
        make(small, f"interpretation.{name}")
    found = rows_of(
        small,
        "SELECT indicator_code, value, numerator, denominator, row_count, source_rows "
        "FROM interpretation.cooperation_indicator WHERE cooperation_id = 'CLUSTER:A' ORDER BY ALL",
    )
    assert {row[0]: row[1:5] for row in found} == {k: pytest.approx(v) for k, v in BY_HAND.items()}
    assert all("CLUSTER:A, 2023" in str(row[5]) for row in found)
    nothing = dict(
        rows_of(
            small,
            "SELECT indicator_code, value FROM interpretation.cooperation_indicator WHERE cooperation_id = 'CLUSTER:B'",
        )
    )
    assert len(nothing) == len(BY_HAND)
    assert nothing["rdi_projects_per_100_members"] is None  # a ratio over nobody is not nought
    assert nothing["rdi_spending_ratio_pct"] is None
    assert nothing["member_count"] == 0


def test_assessment_and_scoreboard_by_hand(small: duckdb.DuckDBPyConnection) -> None:
    for name in (
        "assessed_cooperation",
        "cooperation_indicator",
        "cluster_assessment_point",
        "cluster_assessment",
        "key_industry",
        "goal_1",
        "goal_1_cooperation",
    ):
        make(small, f"interpretation.{name}")
    points = dict(
        rows_of(
            small,
            "SELECT dimension_code || '.' || indicator_code, points FROM interpretation.cluster_assessment_point "
            "WHERE cooperation_id = 'CLUSTER:A'",
        )
    )
    assert points["innovation.rdi_projects_per_100_members"] == pytest.approx(10 * 25 / 30)
    assert points["innovation.rdi_spending_ratio_pct"] == 10
    assert points["international.export_share_pct"] == pytest.approx(5 * 20 / 50)
    assert points["international.esca_label_level"] == pytest.approx(2)
    assert points["management.esca_label_level"] == pytest.approx(10 / 3)
    assert points["management.member_count"] == 0
    scores = dict(
        rows_of(
            small,
            "SELECT dimension_code, points FROM interpretation.cluster_assessment WHERE cooperation_id = 'CLUSTER:A'",
        )
    )
    assert scores["innovation"] == pytest.approx(10 * 25 / 30 + 6 + 10)
    assert scores["international"] == pytest.approx(4 + 1 + 2 + 2 + 1.5 + 1)
    assert scores["cooperation"] == pytest.approx(6 + 6 + 8)
    assert rows_of(small, "SELECT reference_year, passed_count, industry_count FROM interpretation.goal_1") == [
        (YEAR, 1, 13)
    ]
    assert rows_of(
        small,
        "SELECT industry_code, best_cooperation_id, best_industry_gva_share_pct FROM interpretation.key_industry "
        "WHERE is_passed",
    ) == [("ict", "CLUSTER:A", 25.0)]
    assert rows_of(small, "SELECT * EXCLUDE margin_ratio FROM interpretation.goal_1_cooperation") == [
        (YEAR, "CLUSTER:A", "ict", round(scores["innovation"] / 26, 9), round(scores["international"] / 24, 9))
    ]


def test_industries_by_text_code_and_year() -> None:
    listed = industries(CONFIGURATION)
    texts = pd.Series(["Járműipar", " VEHICLE industry", "alchemy"])
    assert industry_of_texts(texts, listed)["industry_code"].tolist() == ["vehicle", "vehicle"]
    codes = pd.DataFrame(
        {"nace_rev2_code": ["32.50", "3250", "32.40", "43.21", "01.11"], "nace_rev2_section": list("CCCFA")}
    )
    found = industry_of_codes(codes, listed)
    assert found.to_numpy().tolist() == [["43.21", "construction"], ["32.50", "health"], ["3250", "health"]]
    ends = listed.assign(valid_to=listed["valid_to"].mask(listed["code"] == "wood", "2023-12-31"))
    assert "wood" in industries_of_year(ends, 2022)["code"].tolist()
    assert "wood" not in industries_of_year(ends, 2023)["code"].tolist()
    assert industries_of_year(ends, 2009).empty


def test_a_year_without_any_cooperation_passes_nothing() -> None:
    cooperations = pd.DataFrame(columns=["reference_year", "cooperation_id", "industry_code", "is_accredited"])
    points = pd.DataFrame(
        columns=["reference_year", "cooperation_id", "dimension_code", "indicator_code", "points", "max_points"]
    )
    (verdict,) = verdicts(cooperations, points, CONFIGURATION, range(2023, 2024))
    assert not verdict.board["is_passed"].any()
    assert len(verdict.board) == len(CONFIGURATION["industries"])
    assert not verdict.draws.to_numpy().any()
