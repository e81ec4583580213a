"""Ties between regions and countries, worked out by hand from a handful of records of every kind."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from assets.catalogue import TABLES
from assets.charts import region_matrix_chart
from assets.interpretation import interregional
from assets.interpretation.interregional import MATRIX
from assets.table import Build
from resources.contract import load_contract
from resources.engine import EngineLimits, open_engine, run_sql, sql_file
from resources.home import REPOSITORY

YEARS = {"first_reference_year": 2022, "last_reference_year": 2023, "reference_area": "HU"}
Rows = list[dict[str, Any]]

# organisation -> country and region; U1 and D1 are no firms
ORGANISATIONS = {
    "F1": ("HU", "HU11"), "F2": ("HU", "HU21"), "F3": ("HU", None), "U1": ("HU", "HU11"), "D1": ("SK", None),
    "D2": ("AT", None), "X1": (None, None),
}  # fmt: skip

# project -> kind, first day, first day after, organisations (F1 stands twice in P1, as two of its records)
PROJECTS = {
    "P1": ("rdi_project", "2022-07-01", "2023-01-01", "F1 F1 F2 D1"),  # 2022 only: its last day is 31 December
    "P2": ("rdi_project", "2023-12-31", "2025-01-01", "F1 F2 U1 D2"),  # one day of 2023
    "P3": ("cohesion_project", "2020-01-01", None, "F1 F3"),
    "P4": ("interreg_project", "2023-01-01", "2023-06-01", "F2 X1"),
    "P5": ("rdi_project", "2023-01-01", "2024-01-01", "D1 D2"),  # nobody at home
    "P6": ("rdi_project", "2023-01-01", "2024-01-01", "F1"),  # alone
    "P7": ("rdi_project", "2023-05-01", "2023-05-01", "F1 D2"),  # no day at all
    "P8": ("rdi_project", None, "2024-01-01", "F1 D2"),  # not dated
    "P9": ("rdi_project", "2022-01-01", "2023-01-01", "F2 D1 D2"),  # D1 and D2 tie Slovakia and Austria: left out
    "K": ("cluster", "2010-01-01", None, "F1 F2 F3"),
    "E": ("event", "2023-03-01", "2023-03-02", "F1 D1"),
}


def content() -> dict[str, Rows]:
    records: Rows = []
    for cooperation, (kind, first, end, names) in PROJECTS.items():
        records += [
            {"record_id": f"{cooperation}:{i}", "cooperation_id": cooperation, "cooperation_type": kind,
             "valid_from": first, "valid_to": end, "name": name}
            for i, name in enumerate(names.split())
        ]  # fmt: skip
    gva = {"F1": (50.0, 100.0), "F2": (-5.0, 7.0), "F3": (None, 1.0)}
    return {
        "integration.participant": records,
        "integration.participant_organisation": [
            {"record_id": r["record_id"], "organisation_id": r["name"]} for r in records
        ],
        "integration.organisation": [
            {"organisation_id": name, "legal_unit_id": name if name[0] == "F" else None, "country_code": country,
             "nuts2_code": region, "is_domestic": country == "HU"}
            for name, (country, region) in ORGANISATIONS.items()
        ],
        "interpretation.firm_gva": [
            {"reference_year": year, "legal_unit_id": name, "calibrated_huf_mn": value,
             "nuts2_code": ORGANISATIONS[name][1]}
            for name, values in gva.items()
            for year, value in zip((2022, 2023), values, strict=True)
            if value is not None
        ],
        "source.cluster": [
            {"cluster_id": "K1", "name": "Első Klaszter", "nuts3_code": "HU101"},  # Budapest in NUTS 2013
            {"cluster_id": "K2", "name": "Másik Klaszter", "nuts3_code": "HU211"},
        ],
        "source.c2c_agreement": [
            {"agreement_id": "1", "cluster_id": "K1", "partner_cluster_name": "MASIK klaszter", "partner_country": "HU",
             "signed_date": "2023-02-01"},
            {"agreement_id": "2", "cluster_id": "K1", "partner_cluster_name": "Másik Klaszter", "partner_country": "SK",
             "signed_date": "2021-02-01", "valid_to": "2023-01-01"},
        ],
        "source.nuts_region": [
            {"code": "HU101", "label": "Budapest", "nuts_version": 2013},
            {"code": "HU110", "label": "Budapest", "nuts_version": 2021},
            {"code": "HU211", "label": "Fejér", "nuts_version": 2021},
        ],
    }  # fmt: skip


def make(connection: duckdb.DuckDBPyConnection, name: str) -> Build:
    """Run a table's own step on the connection and keep its result under its name, typed by its contract."""
    build = Build(TABLES[name], connection, YEARS)
    result = TABLES[name].compute(build)
    columns = load_contract(REPOSITORY / "contracts" / f"{name.replace('.', '/')}.yaml").columns
    assert set(result.columns) == set(columns)
    casts = ", ".join(f"CAST({c} AS {spec.type}) AS {c}" for c, spec in columns.items())
    if isinstance(result, pd.DataFrame):
        connection.register("_result", result)
    else:
        result.create_view("_result")
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {casts} FROM _result")
    return build


@pytest.fixture(scope="module")
def ties() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables of `interregional` made from the content above."""
    with open_engine(EngineLimits(threads=1)) as connection:
        for schema in ("source", "integration", "interpretation"):
            connection.execute(f"CREATE SCHEMA {schema}")
        for name, rows in content().items():
            contract = load_contract(REPOSITORY / "contracts" / f"{name.replace('.', '/')}.yaml")
            connection.register("_rows", pa.table({c: [row.get(c) for row in rows] for c in contract.columns}))
            casts = ", ".join(f"CAST({c} AS {spec.type}) AS {c}" for c, spec in contract.columns.items())
            connection.execute(f"CREATE TABLE {name} AS SELECT {casts} FROM _rows")
        for table in interregional.TABLES:
            make(connection, table.name)
            connection.execute("DROP VIEW IF EXISTS _result")
        yield connection


def rows_of(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def test_an_organisation_is_in_a_project_on_any_day_of_the_year(ties: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        ties,
        """SELECT reference_year, cooperation_id, string_agg(organisation_id, ' ' ORDER BY organisation_id),
                  any_value(member_count), any_value(tie_weight)
           FROM interpretation.organisation_project WHERE cooperation_type_code <> 'c2c_agreement'
           GROUP BY ALL ORDER BY ALL""",
    )
    assert found == [
        (2022, "K", "F1 F2 F3", 3, 1 / 2),
        (2022, "P1", "D1 F1 F2", 3, 1 / 2),
        (2022, "P3", "F1 F3", 2, 1.0),
        (2022, "P9", "D1 D2 F2", 3, 1 / 2),
        (2023, "K", "F1 F2 F3", 3, 1 / 2),
        (2023, "P2", "D2 F1 F2 U1", 4, 1 / 3),
        (2023, "P3", "F1 F3", 2, 1.0),
        (2023, "P4", "F2 X1", 2, 1.0),
    ]


def test_agreements_tie_clusters_where_they_sit(ties: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        ties,
        """SELECT reference_year, cooperation_id, organisation_id[1:11], location, region_code
           FROM interpretation.organisation_project WHERE cooperation_type_code = 'c2c_agreement' ORDER BY ALL""",
    )
    assert found == [
        (2022, "C2C:2", "CLUSTER:K1", "home", "HU11"),
        (2022, "C2C:2", "CLUSTER:SK:", "abroad", "SK"),  # a cluster of that name abroad is not the one at home
        (2023, "C2C:1", "CLUSTER:K1", "home", "HU11"),
        (2023, "C2C:1", "CLUSTER:K2", "home", "HU21"),
    ]


def test_pairs_of_regions_of_joint_projects(ties: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        ties,
        """SELECT * EXCLUDE (cooperation_type_code, repeated_tie_count, weight), round(weight, 9)
           FROM interpretation.interregional_cooperation WHERE cooperation_type_code = '_T' ORDER BY ALL""",
    )
    assert found == [
        # year, a, b, kind, ties, projects, organisations at both ends, GVA at both ends, weight
        (2022, "AT", "HU21", "home-abroad", 1, 1, 1, 1, None, -5.0, 0.5),
        (2022, "HU11", "HU21", "home-home", 1, 1, 1, 1, 50.0, -5.0, 0.5),
        (2022, "HU11", "HU_U", "home-home", 1, 1, 1, 1, 50.0, 0.0, 1.0),
        (2022, "HU11", "SK", "home-abroad", 1, 1, 1, 1, 50.0, None, 0.5),
        (2022, "HU21", "SK", "home-abroad", 1, 2, 1, 1, -5.0, None, 1.0),
        (2023, "AT", "HU11", "home-abroad", 2, 1, 1, 2, None, 100.0, 0.666666667),
        (2023, "AT", "HU21", "home-abroad", 1, 1, 1, 1, None, 7.0, 0.333333333),
        (2023, "HU11", "HU11", "home-home", 1, 1, 2, 2, 100.0, 100.0, 0.333333333),
        (2023, "HU11", "HU21", "home-home", 2, 1, 2, 1, 100.0, 7.0, 0.666666667),
        (2023, "HU11", "HU_U", "home-home", 1, 1, 1, 1, 100.0, 1.0, 1.0),
        (2023, "HU21", "_U", "home-unknown", 1, 1, 1, 1, 7.0, None, 1.0),
    ]


def test_kinds_of_ties_stay_apart(ties: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        ties,
        """SELECT cooperation_type_code, round(sum(weight), 9), count(gva_a_huf_mn)
           FROM interpretation.interregional_cooperation WHERE reference_year = 2023 GROUP BY ALL ORDER BY ALL""",
    )
    # the three firms of K: F1-F2, F1-F3, F2-F3 at 1/2 each
    assert found == [
        ("_T", 4.0, 4),
        ("c2c_agreement", 1.0, 0),
        ("cluster", 1.5, 3),
        ("cohesion_project", 1.0, 1),
        ("interreg_project", 1.0, 1),
        ("rdi_project", 2.0, 2),
    ]


def test_reach_of_the_nation_and_its_regions(ties: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        ties,
        """SELECT region_code, total_weight, home_weight, abroad_weight, internal_weight, external_weight, ei_index,
                  international_share_pct, project_count, international_project_count,
                  international_project_share_pct, partner_country_count, partner_region_count
           FROM interpretation.international_cooperation
           WHERE reference_year = 2023 AND cooperation_type_code = '_T' ORDER BY region_code""",
    )
    third, near = 1 / 3, pytest.approx
    assert found == [
        # HU11: P2 (F1 and U1), P3 to an unknown region; it leaves by 2/3 to HU21 and 2/3 to AT, 1/3 stays
        ("HU11", near(8 * third), near(2), near(2 * third), near(third), near(4 * third), near(3 / 5), near(25), 2, 1,
         50.0, 1, 1),
        ("HU21", near(2), near(2 * third), near(third), 0.0, near(1), 1.0, near(100 / 6), 2, 1, 50.0, 1, 1),
        ("HU_U", 1.0, 1.0, 0.0, 0.0, 0.0, None, 0.0, 1, 0, 0.0, 0, 0),
        ("_T", near(4), near(2), near(1), near(2), near(1), near(-third), near(25), 3, 1, near(100 * third), 1, None),
    ]  # fmt: skip


def test_shape_of_the_network(ties: duckdb.DuckDBPyConnection) -> None:
    found = rows_of(
        ties,
        """SELECT * EXCLUDE (reference_year, average_degree) FROM interpretation.cooperation_network
           WHERE reference_year = 2023 AND cooperation_type_code IN ('_T', 'cluster') ORDER BY ALL""",
    )
    assert found == [
        # kind, organisations (at home), projects, participations, ties, repeated, share, weight, components, largest
        ("_T", 6, 4, 3, 8, 8, 0, 0.0, 4.0, 1, 6, 100.0),
        ("cluster", 3, 3, 1, 3, 3, 0, 0.0, 1.5, 1, 3, 100.0),
    ]


CHECKS = [(table.name, check.name) for table in interregional.TABLES for check in table.checks]


def violations(connection: duckdb.DuckDBPyConnection, check: str) -> int:
    return len(run_sql(connection, sql_file(f"interpretation/checks/{check}.sql"), YEARS).fetchall())


@pytest.mark.parametrize(("table", "check"), CHECKS)
def test_checks_hold(ties: duckdb.DuckDBPyConnection, table: str, check: str) -> None:
    assert violations(ties, check) == 0, table


@pytest.mark.parametrize(
    ("check", "table", "damage"),
    [
        ("every_member_is_listed", "organisation_project", "DELETE FROM {} WHERE organisation_id = 'D2'"),
        ("organisations_weigh_their_projects", "interregional_cooperation",
         "DELETE FROM {} WHERE region_code_a = 'AT'"),
        ("organisations_weigh_their_projects", "interregional_cooperation", "UPDATE {} SET weight = weight + 0.001"),
        ("project_types_make_all_ties", "interregional_cooperation",
         "DELETE FROM {} WHERE cooperation_type_code = 'interreg_project'"),
        ("gva_at_an_end_within_region", "interregional_cooperation", "UPDATE {} SET gva_b_huf_mn = 101"),
        ("gva_at_an_end_within_region", "interregional_cooperation", "UPDATE {} SET gva_a_huf_mn = -6"),
        ("regions_make_the_nation", "international_cooperation", "DELETE FROM {} WHERE region_code = 'HU21'"),
        ("regions_make_the_nation", "international_cooperation",
         "UPDATE {} SET abroad_weight = abroad_weight + 1 WHERE region_code = '_T'"),
    ],
)  # fmt: skip
def test_checks_find_damage(ties: duckdb.DuckDBPyConnection, check: str, table: str, damage: str) -> None:
    ties.begin()
    try:
        ties.execute(damage.format(f"interpretation.{table}"))
        assert violations(ties, check) > 0
    finally:
        ties.rollback()


def test_matrix_has_both_halves_and_a_picture(ties: duckdb.DuckDBPyConnection) -> None:
    frame = ties.execute(MATRIX).df()
    cells = {(r, p): w for r, p, w in frame[["region_code", "partner_code", "weight"]].itertuples(index=False)}
    assert len(frame) == len(cells) == 7
    assert cells["HU11", "HU21"] == cells["HU21", "HU11"] == pytest.approx(2 / 3)
    assert cells["HU21", "AT"] == pytest.approx(1 / 3)
    assert frame.loc[~frame["is_home"], "partner_code"].tolist() == ["AT", "AT"]
    text = region_matrix_chart(frame)
    assert text.startswith("![Ties of joint projects between regions, 2023](data:image/png;base64,")
    assert base64.b64decode(text.split("base64,")[1].removesuffix(")")).startswith(b"\x89PNG")
    assert region_matrix_chart(frame.iloc[:0]) == ""


def test_facts_of_the_newest_year_are_shown(ties: duckdb.DuckDBPyConnection) -> None:
    ties.execute("BEGIN")
    try:
        build = make(ties, "interpretation.international_cooperation")
    finally:
        ties.execute("ROLLBACK")
    assert build.facts == {
        "international_share_pct": pytest.approx(25.0),
        "partner_country_count": 1.0,
        "ei_index": pytest.approx(-1 / 3),
    }


def test_an_economy_without_ties_has_empty_tables(tmp_path: Path) -> None:
    with open_engine(EngineLimits(threads=1, spill=tmp_path)) as connection:
        connection.execute("CREATE SCHEMA interpretation")
        for name in ("organisation_project", "firm_gva"):
            columns = load_contract(REPOSITORY / "contracts" / "interpretation" / f"{name}.yaml").columns
            typed = ", ".join(f"{c} {spec.type}" for c, spec in columns.items())
            connection.execute(f"CREATE TABLE interpretation.{name} ({typed})")
        for name in ("interregional_cooperation", "international_cooperation", "cooperation_network"):
            make(connection, f"interpretation.{name}")
            assert rows_of(connection, f"SELECT count(*) FROM interpretation.{name}") == [(0,)]
