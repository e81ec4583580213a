"""T1 to T8 from the tables of firms to printed cells, on an economy of sixty firms, and the audit in front of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from assets.catalogue import TABLES
from assets.gate import value_columns
from assets.interpretation.protection import line_verdicts
from assets.table import Build
from methods.disclosure import PrimaryRules, primary_cells
from resources.contract import load_contract
from resources.engine import EngineLimits, open_engine, run_sql, sql_file
from resources.home import REPOSITORY

PARAMETERS = {
    "first_reference_year": 2023,
    "last_reference_year": 2023,
    "reference_area": "HU",
    "nace_rev21_first_year": 2025,
    "disclosure_min_contributors": 3,
    "disclosure_p_percent": 10.0,
    "headline_numerator": "N1",
    "headline_time_rule": "any_day",
    "headline_attribution": "full",
}
SECTIONS = {"C": ("25.11", "C"), "J": ("62.01", "K"), "F": ("41.20", "F")}
STEPS = (
    "interpretation.nace_conversion",
    "interpretation.cooperating_firm",
    "interpretation.cooperating_firm_by_type",
    "interpretation.member_attribution",
    "interpretation.cooperation_gva",
    "interpretation.protected_part",
    "interpretation.protected_membership",
    "interpretation.cell_protection",
    "interpretation.protection_certificate",
    "access.cooperation_gva",
)


def firms(seed: int = 7, count: int = 60) -> pd.DataFrame:
    """Firms with codes and GVA; every third does not cooperate, and F is a section of two members and a giant."""
    draw = np.random.default_rng(seed)
    section = draw.choice(["C", "J"], size=count, p=[0.6, 0.4])
    section[:3] = "F"
    gva = np.round(draw.lognormal(3.0, 0.6, count), 3)
    gva[2] = 900.0
    frame = pd.DataFrame(
        {
            "legal_unit_id": [f"F{i:02d}" for i in range(count)],
            "activity_code": section,
            "nuts2_code": draw.choice(["HU11", "HU12", "HU21"], size=count),
            "size_class": draw.choice(["0-9", "10-49", "unknown"], size=count, p=[0.6, 0.3, 0.1]),
            "gva": gva,
        }
    )
    return frame.assign(
        nace_rev2_code=[SECTIONS[s][0] for s in section],
        nace_rev21_section=[SECTIONS[s][1] for s in section],
        # a conglomerate: two firms of J are one group
        enterprise_group_id=np.where(frame["legal_unit_id"].isin(["F10", "F11"]), "G10", "G" + frame["legal_unit_id"]),
    )


def participations(population: pd.DataFrame) -> pd.DataFrame:
    """Cluster members (N1), project partners (N2 beyond N1), and firms that only a candidate link makes a member."""
    rows = []
    for i, unit in enumerate(population["legal_unit_id"]):
        if i == 2 or i % 3 == 1:
            continue
        is_cluster = i % 2 == 0
        rows.append(
            {
                "legal_unit_id": unit,
                "cooperation_id": "K1" if is_cluster else "P1",
                "basis": "accredited_membership" if is_cluster else "joint_project",
                "cooperation_type": "cluster" if is_cluster else "rdi_project",
                "numerator_code": "N1" if is_cluster else "N2",
                "method": "tax_number" if i % 4 else "name_and_place",
                "probability": 1.0 if i % 4 else 0.97,
                "status": "accepted",
            }
        )
    return pd.DataFrame(rows).assign(
        record_id=lambda f: range(len(f)), link_group_id=lambda f: range(len(f)), eligible_cost_eur=1.0,
        total_cost_eur=2.0, valid_from=pd.Timestamp("2023-01-01"), valid_to=pd.NaT,
    )  # fmt: skip


def write_economy(connection: duckdb.DuckDBPyConnection) -> None:
    population = firms()
    taking_part = participations(population)
    national = {"_T": 4.0, "C": 3.0, "J": 3.0, "F": 1.0}
    accounts = [
        ("HU", sector, code, ratio * float(population.loc[
            (population["activity_code"] == code) | (code == "_T"), "gva"].sum()))
        for code, ratio in national.items() for sector in ("S1",)
    ]  # fmt: skip
    frames = {
        "population": population,
        "taking_part": taking_part,
        "accounts": pd.DataFrame(accounts, columns=["ref_area", "sector_code", "activity_code", "value_huf_mn"]),
    }
    for name, frame in frames.items():
        connection.register(name, frame)
    for statement in (
        "CREATE SCHEMA source", "CREATE SCHEMA integration", "CREATE SCHEMA interpretation", "CREATE SCHEMA access",
        """CREATE TABLE source.nace_correspondence AS FROM (VALUES
            ('25.11', '25.11', 'e'), ('62.10', '62.01', 'e'), ('41.00', '41.20', 'e')
           ) AS t(nace_rev21_code, nace_rev2_code, source_id)""",
        """CREATE TABLE integration.legal_unit AS SELECT legal_unit_id, nace_rev2_code, nace_rev21_section,
            activity_code AS nace_rev2_section FROM population""",
        """CREATE TABLE interpretation.firm_gva AS SELECT legal_unit_id, 2023 AS reference_year, activity_code,
            nuts2_code, size_class, enterprise_group_id, 'S11' AS institutional_sector, 0.9 * gva AS proxy_huf_mn,
            0.8 * gva AS bridged_huf_mn, gva AS calibrated_huf_mn,
            gva / CASE activity_code WHEN 'C' THEN 1.25 ELSE 1.1 END AS calibrated_pyp_huf_mn FROM population""",
        """CREATE TABLE interpretation.regional_gva AS SELECT reference_year, legal_unit_id, nuts2_code, proxy_huf_mn,
            bridged_huf_mn, calibrated_huf_mn FROM interpretation.firm_gva""",
        """CREATE TABLE interpretation.price_index AS FROM (VALUES (2023, '_T', 3200.0, 1.2), (2023, 'C', 1600.0, 1.25))
            AS t(reference_year, activity_code, previous_year_price_huf_mn, deflator_ratio)""",
        """CREATE TABLE integration.national_account AS SELECT *, 2023 AS reference_year, 'B1G' AS sto_code
            FROM accounts""",
        "CREATE TABLE interpretation.goal_1_cooperation AS SELECT 2023 AS reference_year, 'P1' AS cooperation_id",
        """CREATE TABLE integration.participation AS SELECT * REPLACE (CAST(valid_from AS DATE) AS valid_from,
            CAST(valid_to AS DATE) AS valid_to) FROM taking_part""",
    ):  # fmt: skip
        connection.execute(statement)
    interval = load_contract(REPOSITORY / "contracts" / "interpretation" / "gva_interval.yaml")
    columns = ", ".join(f"{name} {column.type}" for name, column in interval.columns.items())
    connection.execute(f"CREATE TABLE interpretation.gva_interval ({columns})")


def make(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    table = TABLES[name]
    for needed in table.inputs:
        layer, short = needed.split(".")
        known = connection.execute(
            "SELECT count(*) FROM duckdb_tables() WHERE schema_name = ? AND table_name = ?", [layer, short]
        ).fetchone()
        if needed == "interpretation.counted_participation" and known == (0,):
            make(connection, needed)
    result = table.compute(Build(table, connection, {p: PARAMETERS[p] for p in table.parameters}))
    if not isinstance(result, duckdb.DuckDBPyRelation):
        connection.register("_made", result)
        result = connection.table("_made")
    contract = load_contract(REPOSITORY / "contracts" / f"{name.replace('.', '/')}.yaml")
    made = result
    columns = ", ".join(f"CAST({c} AS {spec.type}) AS {c}" for c, spec in contract.columns.items())
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM made")
    assert made is result


@pytest.fixture(scope="module")
def house() -> Iterator[duckdb.DuckDBPyConnection]:
    """The economy with everything made of it; damage it only inside `damaged`."""
    with open_engine(EngineLimits()) as connection:
        write_economy(connection)
        for name in STEPS:
            make(connection, name)
        yield connection


@pytest.fixture
def damaged(house: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    house.execute("BEGIN")
    yield house
    house.execute("ROLLBACK")


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return connection.execute(query).fetchall()


def violations(connection: duckdb.DuckDBPyConnection, check: str) -> list[tuple[Any, ...]]:
    return run_sql(connection, sql_file(check), PARAMETERS).fetchall()


def test_every_table_is_there_with_open_and_withheld_cells(house: duckdb.DuckDBPyConnection) -> None:
    found = rows(house, """SELECT table_code, nace_version_code, count(*) > 0, bool_or(is_withheld)
                           FROM access.cooperation_gva GROUP BY ALL ORDER BY ALL""")  # fmt: skip
    assert [row[:2] for row in found] == [
        ("T1", "_Z"), ("T2", "NACE_REV2"), ("T2", "NACE_REV21"), ("T3", "_Z"), ("T4", "_Z"), ("T5", "_Z"),
        ("T6", "NACE_REV2"), ("T7", "NACE_REV2"), ("T7", "NACE_REV21"), ("T8", "NACE_REV2"),
    ]  # fmt: skip
    headline = "SELECT is_withheld FROM access.cooperation_gva WHERE table_code = 'T1' AND numerator_code = 'N1'"
    assert rows(house, headline) == [(False,)]
    # F has few members, and so has everything that is F
    assert rows(house, "SELECT DISTINCT is_withheld FROM access.cooperation_gva WHERE activity_code = 'F'") == [(True,)]


def test_an_open_cell_is_that_of_the_interpretation_layer(house: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT a.gva_huf_mn, a.share_pct, a.firm_count, a.obs_status, a.conf_status, c.calibrated_huf_mn,
                      c.share_pct, c.firm_count
               FROM access.cooperation_gva AS a JOIN interpretation.cooperation_gva AS c
               USING (reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code,
                      activity_code, region_code, cooperation_type_code, size_class_code) WHERE NOT a.is_withheld"""
    found = rows(house, query)
    assert len(found) > 10
    for gva, share, count, obs, conf, *inside in found:
        assert [gva, share, count] == inside
        assert (obs in "AB", conf) == (True, "F")


def test_a_withheld_cell_is_empty(house: duckdb.DuckDBPyConnection) -> None:
    contract = load_contract(REPOSITORY / "contracts" / "access" / "cooperation_gva.yaml")
    numbers = ", ".join(value_columns(contract))
    assert "gva_huf_mn, ci_low_huf_mn" in numbers
    found = rows(house, f"SELECT {numbers}, obs_status, conf_status FROM access.cooperation_gva WHERE is_withheld")
    assert {set(row[:-2]) == {None} and row[-2:] == ("Q", "C") for row in found} == {True}


def test_certificate_sums_up_the_cells(house: duckdb.DuckDBPyConnection) -> None:
    (row,) = rows(house, """SELECT cell_count, open_count + primary_count + secondary_count, failing_count,
                                   primary_count > 0 FROM interpretation.protection_certificate""")  # fmt: skip
    assert row == (row[0], row[0], 0, True)
    assert rows(house, "SELECT count(*) FROM access.cooperation_gva")[0][0] <= row[0]


def test_primary_cells_are_those_of_the_rules(house: duckdb.DuckDBPyConnection) -> None:
    """Contributions counted from firms in pandas, for the tables that need no regions."""
    members = house.execute(
        """SELECT numerator_code, activity_code, enterprise_group_id, probability * calibrated_huf_mn AS value
           FROM interpretation.cooperating_firm JOIN interpretation.firm_gva USING (legal_unit_id, reference_year)"""
    ).df()
    expected = primary_cells(
        members,
        cell=["numerator_code", "activity_code"],
        contributor="enterprise_group_id",
        value="value",
        rules=PrimaryRules(),
    )
    found = rows(
        house,
        """SELECT numerator_code, activity_code, is_primary OR primary_rule = 'complement', contributor_count
           FROM interpretation.cell_protection WHERE table_code = 'T2' AND nace_version_code = 'NACE_REV2'""",
    )
    assert len(found) == len(expected)
    for numerator, section, is_primary, count in found:
        assert expected.loc[(numerator, section), "contributor_count"] == count
        assert is_primary >= bool(expected.loc[(numerator, section), "is_primary"])


def test_what_is_left_of_a_national_total_counts(damaged: duckdb.DuckDBPyConnection) -> None:
    """S.11 of C is cut to its firms: what is left of it is then the two largest that do not cooperate, and dust."""
    cell = "numerator_code = 'N2' AND table_code = 'T2' AND activity_code = 'C' AND nace_version_code = 'NACE_REV2'"
    query = f"SELECT primary_rule, status FROM interpretation.cell_protection WHERE {cell}"
    assert rows(damaged, query)[0][0] == "none"
    outside = """SELECT legal_unit_id FROM interpretation.firm_gva WHERE activity_code = 'C' AND legal_unit_id NOT IN
                 (SELECT legal_unit_id FROM interpretation.cooperating_firm)"""
    for name in ("firm_gva", "regional_gva"):
        damaged.execute(
            f"""UPDATE interpretation.{name} SET calibrated_huf_mn = CASE WHEN legal_unit_id IN
                (SELECT legal_unit_id FROM ({outside}) ORDER BY 1 LIMIT 2) THEN 500 ELSE 0.01 END
                WHERE legal_unit_id IN ({outside})"""
        )
    damaged.execute(
        """INSERT INTO integration.national_account BY NAME SELECT 'HU' AS ref_area, 'S11' AS sector_code, 'C' AS
           activity_code, sum(calibrated_huf_mn) + 1 AS value_huf_mn, 2023 AS reference_year, 'B1G' AS sto_code
           FROM interpretation.firm_gva WHERE activity_code = 'C'"""
    )
    for name in ("interpretation.cooperation_gva", "interpretation.cell_protection"):
        make(damaged, name)
    assert rows(damaged, query) == [("complement", "primary")]


def test_a_line_that_reveals_a_firm_withholds_the_total() -> None:
    lines = pd.DataFrame(
        {
            "reference_year": 2023,
            "numerator_code": "N1",
            "line": ["proxy"] * 4 + ["bridged"] * 4,
            "enterprise_group_id": list("abcd") * 2,
            "value": [900.0, 20.0, 3.0, 2.0, 9.0, 9.0, 9.0, 9.0],
        }
    )
    found = line_verdicts(lines, PrimaryRules())
    assert found[["numerator_code", "table_code", "activity_code", "rule"]].to_numpy().tolist() == [
        ["N1", "T1", "_T", "proxy"]
    ]


CHECKS = (
    "access/checks/disclosure_audit.sql",
    "access/checks/withheld_sum_is_hidden.sql",
    "access/checks/certificate_covers_every_cell.sql",
    "interpretation/checks/every_primary_cell_is_protected.sql",
    "interpretation/checks/certificate_is_of_these_figures.sql",
)


@pytest.mark.parametrize("check", CHECKS)
def test_checks_are_quiet(house: duckdb.DuckDBPyConnection, check: str) -> None:
    assert violations(house, check) == []


OPEN = "access.cooperation_gva SET is_withheld = false, gva_huf_mn = 1"
T1 = "numerator_code = 'N1' AND table_code = 'T1'"


@pytest.mark.parametrize(
    ("damage", "check", "reason"),
    [
        (f"{OPEN} WHERE activity_code = 'F' AND table_code = 'T2'", CHECKS[0], "unsafe cell is open"),
        (f"access.cooperation_gva SET gva_huf_mn = gva_huf_mn + 1 WHERE {T1}", CHECKS[0],
         "open cell is not that of the certificate"),
        ("access.cooperation_gva SET contribution_pct = 1 WHERE activity_code = 'F'", CHECKS[0],
         "withheld cell carries a value"),
        (f"interpretation.cell_protection SET status = 'secondary' WHERE {T1}", CHECKS[0],
         "open cell is not that of the certificate"),
        ("interpretation.cell_protection SET is_protected = false WHERE is_primary", CHECKS[0],
         "unsafe cell without proof of protection"),
        ("interpretation.cell_protection SET is_protected = NULL WHERE is_primary", CHECKS[3], None),
        (f"interpretation.cell_protection SET value_huf_mn = 1 WHERE {T1}", CHECKS[4], None),
        (f"interpretation.cell_protection SET table_code = 'T9' WHERE {T1}", CHECKS[2], None),
        ("access.cooperation_gva SET is_withheld = false WHERE table_code = 'T2' AND activity_code <> 'F'", CHECKS[1],
         None),
    ],
)  # fmt: skip
def test_checks_see_damage(damaged: duckdb.DuckDBPyConnection, damage: str, check: str, reason: str | None) -> None:
    damaged.execute(f"UPDATE {damage}")
    found = violations(damaged, check)
    assert found
    if reason:
        assert reason in {row[-1] for row in found}


def test_the_audit_finds_an_unsafe_cell_by_itself(damaged: duckdb.DuckDBPyConnection) -> None:
    """The step that withholds is made to believe that F is safe; the audit counts firms on its own."""
    damaged.execute("UPDATE interpretation.cooperation_gva SET is_primary_unsafe = false")
    damaged.execute("UPDATE interpretation.cell_protection SET status = 'open', is_primary = false")
    damaged.execute(
        """UPDATE access.cooperation_gva AS a SET is_withheld = false, gva_huf_mn = p.value_huf_mn
           FROM interpretation.cell_protection AS p
           WHERE p.numerator_code = a.numerator_code AND p.table_code = a.table_code
             AND p.activity_code = a.activity_code AND p.region_code = a.region_code
             AND p.size_class_code = a.size_class_code AND p.price_code = 'V'
             AND p.nace_version_code = a.nace_version_code AND p.cooperation_type_code = a.cooperation_type_code"""
    )
    found = {row[2:] for row in violations(damaged, CHECKS[0])}
    assert ("T2", "F", "unsafe cell is open") in found
    assert {reason for *_, reason in found} == {"unsafe cell is open"}
