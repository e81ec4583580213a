"""Instruments of the strategy on the cluster of four firms, by hand."""

from __future__ import annotations

import duckdb
import pytest

from tests.interpretation.small import YEAR, make


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[object, ...]]:
    return connection.execute(query).fetchall()


def test_labels(small: duckdb.DuckDBPyConnection) -> None:
    make(small, "interpretation.instrument_label")
    assert rows_of(
        small, "SELECT * EXCLUDE reference_year FROM interpretation.instrument_label ORDER BY scheme, level"
    ) == [
        # scheme, level, clusters, at year's end, new, ended, members, existing, share
        ("accreditation", "_T", 1, 1, 1, 0, 4, 2, 50.0),
        ("accreditation", "accredited", 1, 1, 1, 0, 4, 2, 50.0),
        ("esca", "_T", 1, 1, 1, 1, 4, 2, 50.0),
        ("esca", "bronze", 1, 0, 0, 1, 4, 2, 50.0),
        ("esca", "silver", 1, 1, 1, 0, 4, 2, 50.0),
        ("management_organisation", "named", 1, 1, None, None, 4, 2, 50.0),
    ]


def test_agreements(small: duckdb.DuckDBPyConnection) -> None:
    make(small, "interpretation.instrument_c2c")
    assert rows_of(small, "SELECT * EXCLUDE reference_year FROM interpretation.instrument_c2c ORDER BY scope") == [
        # scope, in force, at year's end, new, ended, clusters, partners, countries, members
        ("_T", 2, 1, 1, 1, 1, 2, 2, "HU;SK", 1),
        ("abroad", 1, 1, 1, 0, 1, 1, 1, "SK", 1),
        ("home", 1, 0, 0, 1, 1, 1, 1, "HU", 0),
    ]


def test_projects(small: duckdb.DuckDBPyConnection) -> None:
    make(small, "interpretation.instrument_project")
    contribution = pytest.approx(0.365)
    assert rows_of(
        small, "SELECT * EXCLUDE reference_year FROM interpretation.instrument_project ORDER BY project_type"
    ) == [
        # type, projects, new, joint at home, international, of members, firms, members, EUR mn
        ("_T", 2, 1, 1, 1, 2, 3, 2, contribution),
        ("cohesion_project", 0, 0, 0, 0, 0, 0, 0, None),
        ("interreg_project", 1, 0, 0, 0, 1, 1, 1, None),
        ("rdi_project", 1, 1, 1, 1, 1, 2, 1, contribution),
    ]


def test_events(small: duckdb.DuckDBPyConnection) -> None:
    make(small, "interpretation.instrument_event")
    # events, multi-country, good practice, countries, most countries, participations, frontrunners, foreign, most,
    # firms, members (F3 takes part in March and is a member of an accredited cluster from July)
    assert rows_of(small, "SELECT * EXCLUDE reference_year FROM interpretation.instrument_event") == [
        (2, 1, 0, 2, 2, 3, 2, 1, 2, 1, 0)
    ]


def test_the_example_of_the_strategy_needs_more_than_sixteen_frontrunners(small: duckdb.DuckDBPyConnection) -> None:
    small.execute("UPDATE source.cooperation_event SET countries = 'HU;AT;SK;SI' WHERE event_id = '1'")
    small.execute("DELETE FROM source.event_participant")
    add = (
        "INSERT INTO source.event_participant BY NAME SELECT '1' AS event_id, 'F' || i AS organisation_name, "
        "'HU' AS organisation_country, true AS is_frontrunner FROM range({}) AS t(i)"
    )
    for number, expected in ((16, 0), (17, 1)):
        small.execute(add.format(number))
        make(small, "interpretation.instrument_event")
        assert rows_of(small, "SELECT good_practice_count FROM interpretation.instrument_event") == [(expected,)]
        small.execute("DELETE FROM source.event_participant")


def test_exports_of_members_and_comparable_non_members(small: duckdb.DuckDBPyConnection) -> None:
    make(small, "interpretation.export_comparison")
    found = rows_of(
        small,
        "SELECT reference_year, numerator_code, member_count, exact_count, without_region_count, activity_only_count, "
        "unmatched_count, control_count, member_share_pct, control_share_pct, difference_pct, "
        "all_non_members_share_pct "
        "FROM interpretation.export_comparison ORDER BY ALL",
    )
    # F9 exports 30 of 100 and is the only one that cooperates in no way (F5 may); F1 (250+) has no control of its size
    assert found == [
        (YEAR, "N1", 1, 1, 0, 0, 0, 1, 0.0, 30.0, -30.0, 30.0),
        (YEAR, "N2", 2, 1, 0, 1, 0, 1, 30.0, 30.0, 0.0, 30.0),
    ]
