"""Cooperation-linked GVA in every table and variant, on an economy of four firms computed by hand.

| firm | NACE Rev. 2 | Rev. 2.1 | region | size | GVA | takes part |
|---|---|---|---|---|---|---|
| A | C 25.11 | C | HU11 3/4, HU12 1/4 | 10-49 | 1000 | cluster K1, project P1 (1/4 of its cost), by identifier |
| B | J 58.11 | J | HU11 | 0-9 | 400 | cluster K1 in the first 73 days of 365, by identifier |
| C | J 62.01 | K | HU12 | unknown | 100 | project P1 all year, by name, probability 0.9 |
| D | J 62.01 | K | HU12 | 50-249 | 500 | no |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pandas as pd
import pytest

from assets.catalogue import TABLES
from assets.interpretation.cooperation_gva import WEIGHTS, verdicts
from assets.interpretation.definitions import DEFINITIONS
from assets.table import Build
from methods.attribution import VARIANTS
from methods.disclosure import PrimaryRules, primary
from resources.engine import EngineLimits, open_engine, run_sql, sql_file

PARAMETERS = {
    "first_reference_year": 2023,
    "last_reference_year": 2023,
    "reference_area": "HU",
    "nace_rev21_first_year": 2025,
    "disclosure_min_contributors": 3,
    "disclosure_p_percent": 10.0,
    "uncertainty_draws": 400,
    "uncertainty_seed": 7,
    "uncertainty_level_pct": 90,
}
ECONOMY = """
    CREATE SCHEMA source; CREATE SCHEMA integration; CREATE SCHEMA interpretation;
    CREATE TABLE source.nace_correspondence AS FROM (VALUES
        ('25.11', '25.11', 'eurostat'), ('58.11', '58.11', 'eurostat'), ('62.10', '62.01', 'eurostat'),
        ('01.1', '01.1', 'eurostat'), ('56', '68', 'eurostat'), ('68', '68', 'eurostat')
    ) AS t(nace_rev21_code, nace_rev2_code, source_id);
    CREATE TABLE integration.legal_unit AS FROM (VALUES
        ('A', '25.11', 'C', 'C'), ('B', '58.11', 'J', 'J'), ('C', '62.01', 'J', 'K'), ('D', '62.01', 'J', 'K'),
        ('W', '84.11', 'O', 'P')
    ) AS t(legal_unit_id, nace_rev2_code, nace_rev2_section, nace_rev21_section);
    CREATE TABLE interpretation.firm_gva AS
        SELECT *, 2023 AS reference_year, 'G' || legal_unit_id AS enterprise_group_id, 0.9 * gva AS proxy_huf_mn,
               0.8 * gva AS bridged_huf_mn, 1.0 * gva AS calibrated_huf_mn,
               CASE activity_code WHEN 'C' THEN gva / 1.25 END AS calibrated_pyp_huf_mn
        FROM (VALUES ('A', 'C', 'HU11', '10-49', 1000), ('B', 'J', 'HU11', '0-9', 400),
                     ('C', 'J', 'HU12', 'unknown', 100), ('D', 'J', 'HU12', '50-249', 500),
                     ('W', 'O', 'HU12', '0-9', 50)
        ) AS t(legal_unit_id, activity_code, nuts2_code, size_class, gva);
    CREATE TABLE interpretation.regional_gva AS
        SELECT g.reference_year, g.legal_unit_id, coalesce(s.nuts2_code, g.nuts2_code) AS nuts2_code,
               coalesce(s.share_ratio, 1) * g.proxy_huf_mn AS proxy_huf_mn,
               coalesce(s.share_ratio, 1) * g.bridged_huf_mn AS bridged_huf_mn,
               coalesce(s.share_ratio, 1) * g.calibrated_huf_mn AS calibrated_huf_mn,
               coalesce(s.share_ratio, 1) AS share_ratio, g.activity_code, 'wages' AS allocation_flag,
               'calibrated' AS calibration_flag
        FROM interpretation.firm_gva AS g
        LEFT JOIN (FROM (VALUES ('A', 'HU11', 0.75), ('A', 'HU12', 0.25)) AS v(legal_unit_id, nuts2_code, share_ratio))
            AS s USING (legal_unit_id);
    CREATE TABLE interpretation.reconciliation AS
        SELECT reference_year, activity_code, nuts2_code, sum(bridged_huf_mn) AS micro_huf_mn,
               sum(calibrated_huf_mn) AS calibrated_huf_mn, true AS is_calibrated, false AS is_extrapolated
        FROM interpretation.regional_gva GROUP BY ALL;
    CREATE TABLE interpretation.value_added (reference_year INTEGER, legal_unit_id VARCHAR, imputation_method VARCHAR,
        is_imputed BOOLEAN, imputed_gva_huf_mn DOUBLE, gva_basic_prices_huf_mn DOUBLE);
    CREATE TABLE interpretation.imputation_spread (spread_code VARCHAR, distance INTEGER, is_member BOOLEAN,
        log_spread DOUBLE);
    CREATE TABLE source.local_unit (reference_year INTEGER, legal_unit_id VARCHAR, nuts3_code VARCHAR, employees DOUBLE,
        wages_huf_mn DOUBLE);
    CREATE TABLE interpretation.price_index AS FROM (VALUES
        (2023, '_T', 3200.0, 4000 / 3200.0), (2023, 'C', 1600.0, 1.25)
    ) AS t(reference_year, activity_code, previous_year_price_huf_mn, deflator_ratio);
    CREATE TABLE integration.national_account AS
        SELECT *, 2023 AS reference_year, 'B1G' AS sto_code FROM (VALUES
            ('HU', 'S1', '_T', 4000.0), ('HU', 'S11', '_T', 3000.0), ('HU', 'S1', 'C', 2000.0),
            ('HU', 'S1', 'J', 2000.0), ('HU', 'S1', 'C25', 1500.0), ('HU', 'S1', 'J62_J63', 80.0),
            ('HU11', 'S1', '_T', 2500.0), ('HU12', 'S1', '_T', 1500.0), ('HU11', 'S1', 'C', 1250.0)
        ) AS t(ref_area, sector_code, activity_code, value_huf_mn);
    CREATE TABLE interpretation.goal_1_cooperation AS SELECT 2023 AS reference_year, 'P1' AS cooperation_id;
    CREATE TABLE integration.participation AS
        SELECT *, row_number() OVER () AS record_id, row_number() OVER () AS link_group_id,
               DATE '2023-01-01' AS valid_from
        FROM (VALUES
            ('A', 'K1', 'accredited_membership', 'cluster', 'N1', NULL, 1.0, 'tax_number', NULL, NULL),
            ('A', 'P1', 'joint_project', 'rdi_project', 'N2', NULL, 1.0, 'tax_number', 10.0, 40.0),
            ('B', 'K1', 'accredited_membership', 'cluster', 'N1', DATE '2023-03-15', 1.0, 'tax_number', NULL, NULL),
            ('C', 'P1', 'joint_project', 'rdi_project', 'N2', NULL, 0.9, 'name_and_place', NULL, NULL)
        ) AS t(legal_unit_id, cooperation_id, basis, cooperation_type, numerator_code, valid_to, probability, method,
               eligible_cost_eur, total_cost_eur)
        CROSS JOIN (SELECT 'accepted' AS status);
"""
STEPS = (
    "variant_definition",
    "nace_conversion",
    "counted_participation",
    "cooperating_firm",
    "cooperating_firm_by_type",
    "member_attribution",
    "gva_interval",
    "cooperation_gva",
    "gva_by_cooperation",
    "cooperation_overlap",
)


def violations(economy: duckdb.DuckDBPyConnection, check: str) -> list[tuple[Any, ...]]:
    return run_sql(economy, sql_file(f"interpretation/checks/{check}.sql"), PARAMETERS).fetchall()


def computed_anew(economy: duckdb.DuckDBPyConnection, name: str) -> None:
    """One table of the interpretation layer, made of what the economy has now."""
    table = TABLES[f"interpretation.{name}"]
    result = table.compute(Build(table, economy, PARAMETERS))
    if isinstance(result, pd.DataFrame):
        economy.register(f"_made_{name}", result)
    else:
        result.create_view(f"_made_{name}", replace=True)
    economy.execute(f"CREATE OR REPLACE TABLE interpretation.{name} AS FROM _made_{name}")


@pytest.fixture(scope="module")
def computed() -> Iterator[duckdb.DuckDBPyConnection]:
    """The economy and all tables of the subject; do not change it but inside `changed`."""
    with open_engine(EngineLimits()) as connection:
        connection.execute(ECONOMY)
        for name in STEPS:
            computed_anew(connection, name)
        yield connection


@pytest.fixture
def changed(computed: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """The economy for a test that damages it."""
    computed.execute("BEGIN")
    yield computed
    computed.execute("ROLLBACK")


def cells(economy: duckdb.DuckDBPyConnection, where: str, *columns: str) -> list[tuple[Any, ...]]:
    query = f"SELECT {', '.join(columns)} FROM interpretation.cooperation_gva WHERE {where} ORDER BY ALL"
    return economy.execute(query).fetchall()


HEADLINE = "attribution_code = 'full' AND time_rule = 'any_day'"


def test_totals_of_every_numerator_and_variant(computed: duckdb.DuckDBPyConnection) -> None:
    found = cells(computed, "table_code = 'T1'", "numerator_code", "attribution_code", "time_rule", "calibrated_huf_mn")
    # B: 73 of 365 days, a fifth; C with probability 0.9; A's project carries a quarter of its cost, its cluster all
    assert found == [
        ("N1", "day_weighted", "day_weighted", pytest.approx(1080)),
        ("N1", "fractional", "day_weighted", pytest.approx(1080)),
        ("N1", "full", "any_day", 1400),
        ("N1", "full", "year_end", 1000),
        ("N1", "project_share", "_Z", 1400),
        ("N2", "day_weighted", "day_weighted", pytest.approx(1170)),
        ("N2", "fractional", "day_weighted", pytest.approx(1170)),
        ("N2", "full", "any_day", 1490),
        ("N2", "full", "year_end", 1090),
        ("N2", "project_share", "_Z", 1490),
        ("N3", "day_weighted", "day_weighted", pytest.approx(1090)),
        ("N3", "fractional", "day_weighted", pytest.approx(1090)),
        ("N3", "full", "any_day", 1090),
        ("N3", "full", "year_end", 1090),
        ("N3", "project_share", "_Z", 250 + 90),
    ]


def test_lines_bounds_and_denominators(computed: duckdb.DuckDBPyConnection) -> None:
    columns = (
        "proxy_huf_mn bridged_huf_mn lower_huf_mn upper_huf_mn share_pct share_s11_pct complement_huf_mn firm_count"
    )
    found = cells(computed, f"{HEADLINE} AND numerator_code = 'N2' AND table_code = 'T1'", *columns.split())
    assert found == [
        tuple(pytest.approx(v) for v in (0.9 * 1490, 0.8 * 1490, 1400, 1500, 149000 / 4000, 149000 / 3000, 2510, 3))
    ]


def test_every_table_breaks_the_total_down(computed: duckdb.DuckDBPyConnection) -> None:
    dimensions = "table_code, nace_version_code, activity_code, region_code, cooperation_type_code, size_class_code"
    found = cells(
        computed, f"{HEADLINE} AND numerator_code = 'N2'", dimensions, "calibrated_huf_mn", "national_gva_huf_mn"
    )
    near = pytest.approx
    assert found == [
        ("T1", "_Z", "_T", "_T", "_T", "_T", 1490, 4000),
        ("T2", "NACE_REV2", "C", "_T", "_T", "_T", 1000, 2000),
        ("T2", "NACE_REV2", "J", "_T", "_T", "_T", 490, 2000),
        ("T2", "NACE_REV21", "C", "_T", "_T", "_T", 1000, 2000),
        ("T2", "NACE_REV21", "J", "_T", "_T", "_T", 400, near(800)),
        ("T2", "NACE_REV21", "K", "_T", "_T", "_T", 90, near(1200)),
        ("T3", "_Z", "_T", "HU11", "_T", "_T", 750 + 400, 2500),
        ("T3", "_Z", "_T", "HU12", "_T", "_T", 250 + 90, 1500),
        ("T4", "_Z", "_T", "_T", "cluster", "_T", 1400, 4000),
        ("T4", "_Z", "_T", "_T", "rdi_project", "_T", 1090, 4000),
        ("T5", "_Z", "_T", "_T", "_T", "0-9", 400, None),
        ("T5", "_Z", "_T", "_T", "_T", "10-49", 1000, None),
        ("T6", "NACE_REV2", "C", "_T", "_T", "10-49", 1000, None),
        ("T6", "NACE_REV2", "J", "_T", "_T", "0-9", 400, None),
        ("T7", "NACE_REV2", "C", "HU11", "_T", "_T", 750, 1250),
        ("T7", "NACE_REV2", "C", "HU12", "_T", "_T", 250, None),
        ("T7", "NACE_REV2", "J", "HU11", "_T", "_T", 400, None),
        ("T7", "NACE_REV2", "J", "HU12", "_T", "_T", 90, None),
        ("T7", "NACE_REV21", "C", "HU11", "_T", "_T", 750, 1250),
        ("T7", "NACE_REV21", "C", "HU12", "_T", "_T", 250, None),
        ("T7", "NACE_REV21", "J", "HU11", "_T", "_T", 400, None),
        ("T7", "NACE_REV21", "K", "HU12", "_T", "_T", 90, None),
        ("T8", "NACE_REV2", "C25", "_T", "_T", "_T", 1000, 1500),
        ("T8", "NACE_REV2", "J58", "_T", "_T", "_T", 400, None),
        ("T8", "NACE_REV2", "J62_J63", "_T", "_T", "_T", 90, 80),
    ]


def test_contributions_add_up_where_shares_do_not(computed: duckdb.DuckDBPyConnection) -> None:
    where = f"{HEADLINE} AND numerator_code = 'N1' AND table_code IN ('T1', 'T5')"
    assert cells(computed, where, "table_code", "contribution_pct", "share_pct") == [
        ("T1", 35, 35),
        ("T5", 10, None),
        ("T5", 25, None),
    ]


def test_constant_price_shares(changed: duckdb.DuckDBPyConnection) -> None:
    where = f"{HEADLINE} AND table_code IN ('T1', 'T2', 'T3') AND pyp_huf_mn IS NOT NULL"
    columns = ("numerator_code", "table_code", "nace_version_code", "region_code", "pyp_huf_mn", "share_pyp_pct")
    # J has no deflator, so what contains a firm of J stays empty; deflators are national and in NACE Rev. 2
    of_c = [("T2", "NACE_REV2", "_T", 800, 50), ("T2", "NACE_REV21", "_T", 800, None)]
    assert cells(changed, f"{where} AND table_code <> 'T3'", *columns) == [
        (n, *cell) for n in ("N1", "N2", "N3") for cell in of_c
    ]
    changed.execute("UPDATE interpretation.firm_gva SET calibrated_pyp_huf_mn = 0.75 * gva WHERE activity_code = 'J'")
    changed.execute(
        "UPDATE interpretation.firm_gva SET calibrated_pyp_huf_mn = NULL, activity_code = NULL WHERE gva = 1000"
    )
    computed_anew(changed, "cooperation_gva")
    # A without a section takes the economy's deflator; HU11 has three quarters of it
    assert [
        row[1:] for row in cells(changed, where + " AND numerator_code = 'N2' AND table_code <> 'T2'", *columns)
    ] == [
        ("T1", "_Z", "_T", pytest.approx(800 + 0.75 * 490), pytest.approx(100 * (800 + 0.75 * 490) / 3200)),
        ("T3", "_Z", "HU11", pytest.approx(600 + 0.75 * 400), None),
        ("T3", "_Z", "HU12", pytest.approx(200 + 0.75 * 90), None),
    ]


def test_breaks_are_flagged(computed: duckdb.DuckDBPyConnection) -> None:
    flags = set(cells(computed, "true", "table_code", "nace_version_code", "is_break", "method_flag"))
    assert {f for f in flags if f[0] in ("T1", "T2", "T5")} == {
        ("T1", "_Z", False, "as_published"),
        ("T2", "NACE_REV2", False, "as_published"),
        ("T2", "NACE_REV21", True, "converted"),
        ("T5", "_Z", False, "no_denominator"),
    }


def test_types_and_cooperations_overlap(computed: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT breakdown_code, sum_huf_mn, overlap_huf_mn, union_huf_mn, overlap_firm_count
               FROM interpretation.cooperation_overlap
               WHERE numerator_code = 'N2' AND attribution_code = ? ORDER BY 1"""
    full = computed.execute(query, ["project_share"]).fetchall()
    assert full == [("cooperation", 1740, -250, 1490, -1), ("type", 1740, -250, 1490, -1)]
    fractional = computed.execute(query, ["fractional"]).fetchall()
    assert [row[2] for row in fractional] == [pytest.approx(0, abs=1e-6)] * 2
    by_cooperation = """SELECT cooperation_id, calibrated_huf_mn, member_count FROM interpretation.gva_by_cooperation
                        WHERE numerator_code = 'N2' AND attribution_code = 'fractional' ORDER BY 1"""
    assert computed.execute(by_cooperation).fetchall() == [
        ("K1", pytest.approx(500 + 80), 2),
        ("P1", pytest.approx(500 + 90), 2),
        ("_O", pytest.approx(0, abs=1e-6), -1),
        ("_T", pytest.approx(1170), 3),
    ]


def test_conversion_weighs_by_gva_and_keeps_totals(computed: duckdb.DuckDBPyConnection) -> None:
    query = """SELECT nace_rev2_code, nace_rev21_code, weight_ratio, method_flag, is_in_correspondence, vintage
               FROM interpretation.nace_conversion ORDER BY 1, 2"""
    assert computed.execute(query).fetchall() == [
        ("A", "A", 1.0, "one_to_one", True, "eurostat GVA 2023"),
        ("C", "C", 1.0, "one_to_one", True, "eurostat GVA 2023"),
        ("J", "J", 0.4, "gva_weighted", True, "eurostat GVA 2023"),
        ("J", "K", 0.6, "gva_weighted", True, "eurostat GVA 2023"),
        ("L", "I", 0.5, "evenly", True, "eurostat GVA 2023"),
        ("L", "M", 0.5, "evenly", True, "eurostat GVA 2023"),
        ("O", "P", 1.0, "one_to_one", False, "register GVA 2023"),
    ]


def test_a_section_is_converted_only_from_all_of_its_parts(changed: duckdb.DuckDBPyConnection) -> None:
    query = f"""WITH d AS ({sql_file("interpretation/denominator.sql")})
                SELECT activity_code, s1_huf_mn FROM d WHERE nace_version_code = 'NACE_REV21' AND ref_area = 'HU'
                ORDER BY 1"""
    assert changed.execute(query).fetchall() == [("C", 2000), ("J", pytest.approx(800)), ("K", pytest.approx(1200))]
    # half of S belongs to K, and national accounts have no S
    changed.execute(
        "INSERT INTO interpretation.nace_conversion BY NAME SELECT 2023 AS reference_year, "
        "'S' AS nace_rev2_code, 'K' AS nace_rev21_code, 0.5 AS weight_ratio"
    )
    assert [row[0] for row in changed.execute(query).fetchall()] == ["C", "J"]


def test_verdicts_are_those_of_the_rules(computed: duckdb.DuckDBPyConnection) -> None:
    where = f"{HEADLINE} AND numerator_code = 'N2' AND table_code IN ('T1', 'T2') AND nace_version_code <> 'NACE_REV21'"
    columns = (
        "table_code",
        "activity_code",
        "contributor_count",
        "top1_share_pct",
        "is_primary_unsafe",
        "primary_rule",
    )
    # T1: 100 is left without the two largest, 10 % of 1000: safe, the comparison is strict
    assert cells(computed, where, *columns) == [
        ("T1", "_T", 3, pytest.approx(100 * 1000 / 1500), False, "none"),
        ("T2", "C", 1, 100, True, "frequency"),
        ("T2", "J", 2, 80, True, "frequency"),
    ]
    empty = cells(
        computed, "table_code = 'T2' AND activity_code = 'J' AND numerator_code = 'N1'", "time_rule", *columns[2:]
    )
    assert ("year_end", 0, 0, True, "frequency") in empty


def test_verdicts_take_each_variant_on_its_own() -> None:
    frame = pd.DataFrame({"place_id": 7, "group_id": [1, 2, 3, 3], "calibrated_huf_mn": [50.0, 40.0, 6.0, 6.0]})
    for name in WEIGHTS.values():
        frame[f"{name}_weight"] = 1.0
    frame["year_end_weight"] = [1.0, 1.0, 0.0, 0.0]
    frame["day_weight"] = [0.5, 1.0, 1.0, 0.1]
    rules = PrimaryRules(frequency=3, p_percent=10.0)
    found = verdicts(frame, rules).set_index(["attribution_code", "time_rule"])
    for variant, name in WEIGHTS.items():
        values = frame["calibrated_huf_mn"] * frame[f"{name}_weight"]
        inside = frame[f"{name}_weight"] > 0
        expected = primary(values[inside].to_numpy(), list(frame["group_id"][inside]), rules=rules)
        assert bool(found.loc[variant, "is_primary"]) == expected.is_unsafe, variant
    assert found["rule"].to_dict() == {v: ("frequency" if v[1] == "year_end" else "none") for v in VARIANTS}


QUIET = (
    "n1_is_part_of_n2", "time_weights_within_any_day", "types_cover_firm", "fractions_add_up_to_union",
    "conversion_rows_sum_to_one", "every_code_is_defined", "every_definition_is_used", "total_is_immune",
    "n1_within_n2", "time_weight_within_any_day", "fractions_are_additive", "cooperations_and_overlap_make_union",
    "fractional_needs_no_overlap", "union_within_sum",
)  # fmt: skip


@pytest.mark.parametrize("check", QUIET)
def test_checks_are_quiet(computed: duckdb.DuckDBPyConnection, check: str) -> None:
    assert violations(computed, check) == []


def test_cells_over_national_accounts_are_listed(computed: duckdb.DuckDBPyConnection) -> None:
    found = {(row[1], row[2], row[4], row[6]) for row in violations(computed, "complement_not_negative")}
    over = {(n, "full", "T8", "J62_J63") for n in ("N2", "N3")}
    assert over <= found
    assert {row[2:] for row in found} == {("T8", "J62_J63")}


def test_every_variant_has_the_interval_of_its_own_weights(computed: duckdb.DuckDBPyConnection) -> None:
    columns = ("attribution_code", "time_rule", "calibrated_huf_mn", "ci_low_huf_mn", "ci_high_huf_mn")
    assert violations(computed, "interval_contains_estimate") == []
    found = {row[:2]: row[2:] for row in cells(computed, "numerator_code = 'N2' AND table_code = 'T1'", *columns)}
    # A and B are sure, C, worth 100, is in with probability 0.9: in 10 % of the draws it is not
    assert found["full", "any_day"] == pytest.approx((1490, 1400, 1500))
    # B left in March
    assert found["full", "year_end"] == pytest.approx((1090, 1000, 1100))
    assert found["day_weighted", "day_weighted"] == pytest.approx((1170, 1080, 1180))
    # no row of C in the type of cooperation it has nothing to do with
    of_types = f"{HEADLINE} AND numerator_code = 'N2' AND table_code = 'T4'"
    by_type = dict(cells(computed, of_types, "cooperation_type_code", "standard_error_huf_mn"))
    assert by_type["cluster"] == 0
    assert by_type["rdi_project"] == pytest.approx(30, abs=3)


def test_a_breakdown_that_lacks_firms_is_listed(computed: duckdb.DuckDBPyConnection) -> None:
    # C has no size class, and is 90 of 1490
    found = {(row[1], row[5]) for row in violations(computed, "breakdowns_sum_to_total")}
    assert found == {("N2", "T5"), ("N2", "T6"), ("N3", "T5"), ("N3", "T6")}


@pytest.mark.parametrize(
    ("table", "damage", "check"),
    [
        ("cooperation_gva", "SET time_rule = 'whenever' WHERE time_rule = '_Z'", "every_code_is_defined"),
        ("variant_definition", "WHERE code = 'N3'", "every_code_is_defined"),
        ("cooperation_gva", "WHERE table_code = 'T8'", "every_definition_is_used"),
        ("cooperation_gva", "WHERE time_rule = 'year_end'", "every_definition_is_used"),
        ("cooperation_gva", "WHERE nace_version_code = 'NACE_REV21' AND activity_code = 'C'",
         "total_is_immune"),
        ("cooperation_gva", "SET calibrated_huf_mn = 5000 WHERE numerator_code = 'N1'", "n1_within_n2"),
        ("cooperation_gva", "SET calibrated_huf_mn = 5000 WHERE attribution_code = 'day_weighted'",
         "time_weight_within_any_day"),
        ("cooperation_gva", "WHERE attribution_code = 'fractional' AND table_code = 'T4'",
         "fractions_are_additive"),
        ("gva_by_cooperation", "WHERE cooperation_id = 'K1'", "cooperations_and_overlap_make_union"),
        ("gva_by_cooperation", "WHERE cooperation_id = '_O'", "cooperations_and_overlap_make_union"),
        ("gva_by_cooperation", "SET calibrated_huf_mn = 1 WHERE cooperation_id = '_O'",
         "fractional_needs_no_overlap"),
        ("cooperation_gva", "SET ci_low_huf_mn = NULL WHERE time_rule = 'year_end' AND table_code = 'T7'",
         "interval_contains_estimate"),
        ("cooperation_gva", "SET ci_high_huf_mn = 1 WHERE attribution_code = 'fractional'",
         "interval_contains_estimate"),
        ("cooperation_overlap", "SET overlap_huf_mn = 9", "union_within_sum"),
        ("nace_conversion", "SET weight_ratio = 0.5 WHERE nace_rev21_code = 'K'",
         "conversion_rows_sum_to_one"),
        ("cooperating_firm", "WHERE numerator_code = 'N2' AND legal_unit_id = 'B'",
         "n1_is_part_of_n2"),
        ("cooperating_firm_by_type", "WHERE legal_unit_id = 'C'", "types_cover_firm"),
        ("cooperating_firm", "SET probability = 0.01", "time_weights_within_any_day"),
        ("member_attribution", "WHERE cooperation_id = 'P1'", "fractions_add_up_to_union"),
    ],
)  # fmt: skip
def test_checks_see_damage(changed: duckdb.DuckDBPyConnection, table: str, damage: str, check: str) -> None:
    verb = "UPDATE" if damage.startswith("SET") else "DELETE FROM"
    changed.execute(f"{verb} interpretation.{table} {damage}")
    assert violations(changed, check)


def test_definitions_say_what_is_measured() -> None:
    for dimension, rows in DEFINITIONS.items():
        codes = [row[0] for row in rows]
        assert len(codes) == len(set(codes)), dimension
        assert all(len(row) == 4 and all(row) for row in rows), dimension
    assert [code for code, *_ in DEFINITIONS["VARIANT"]] == ["/".join(v) for v in VARIANTS]


def test_projects_of_one_text_are_expected_for_no_more_than_the_firm(changed: duckdb.DuckDBPyConnection) -> None:
    # both of A's cooperations by one text of probability 0.6, each crediting it in full
    changed.execute("UPDATE interpretation.cooperating_firm SET probability = 0.6 WHERE legal_unit_id = 'A'")
    changed.execute("""
        UPDATE interpretation.member_attribution SET project_share_ratio = 1, probability = 0.6
        WHERE legal_unit_id = 'A'""")
    text = sql_file("interpretation/cooperating_member.sql")
    query = f"""SELECT project_weight, project_expected FROM ({text})
                WHERE legal_unit_id = 'A' AND cooperation_type_code = '_T' AND numerator_code = 'N2'"""
    assert changed.execute(query).fetchall() == [(1.0, 0.6)]
