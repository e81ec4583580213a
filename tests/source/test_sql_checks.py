"""Checks across rows and tables: each finds its violation, and none speaks where a referenced table is empty."""

from __future__ import annotations

import datetime as dt
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from resources.engine import SQL, sql_file
from tests.source.conftest import CONTRACTS, contract_of

CHECKS = sorted(p.stem for p in (SQL / "source" / "checks").glob("*.sql"))
DAY = dt.date(2020, 1, 1)

Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture
def lake(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """All source tables, empty and without constraints."""
    connection.execute("CREATE SCHEMA source")
    connection.execute(sql_file("source/parse.sql"))
    for path in CONTRACTS:
        contract = contract_of(path.stem)
        fields = ", ".join(f'"{name}" {column.type}' for name, column in contract.columns.items())
        connection.execute(f"CREATE TABLE {contract.table} ({fields})")
    return connection


def fill(lake: duckdb.DuckDBPyConnection, rows: Rows) -> None:
    for table, records in rows.items():
        contract = contract_of(table)
        columns = [name for name in contract.columns if any(name in record for record in records)]
        arrays = [pa.array([r.get(c) for r in records], contract.schema.field(c).type) for c in columns]
        lake.register("_rows", pa.table(arrays, names=columns))
        lake.execute(f"INSERT INTO {contract.table} BY NAME FROM _rows")
        lake.unregister("_rows")


def violations(lake: duckdb.DuckDBPyConnection, check: str) -> list[tuple[Any, ...]]:
    return lake.execute(sql_file(f"source/checks/{check}.sql")).fetchall()


@pytest.mark.parametrize("check", CHECKS)
def test_nothing_to_judge_is_no_violation(lake: duckdb.DuckDBPyConnection, check: str) -> None:
    assert violations(lake, check) == []


YEARS = {
    # METHODS, TV-1: output, intermediate consumption, GVA, D21-D31, GDP, S.11 to S.15; million HUF
    2012: (58374700, 33965285, 24409415, 4587216, 28996631, 14879225, 1048341, 3925239, 4254755, 301855),
    2020: (93609007, 52734625, 40874382, 7551039, 48425421, 23720113, 1557737, 7321222, 7611752, 663558),
    2021: (109365202, 62718768, 46646434, 8479127, 55125561, 27202398, 1760440, 8086292, 8896824, 700480),
    2022: (141630168, 85443735, 56186433, 9888757, 66075190, 32604476, 1997609, 9644895, 11124762, 814691),
}


def national(year: int, sto: str, value: float, sector: str = "S1", unit: str = "CP_MNAC") -> dict[str, Any]:
    return {
        "source_id": "ksh",
        "freq": "A",
        "ref_area": "HU",
        "ref_sector": sector,
        "sto": sto,
        "direction": "_Z",
        "activity_code": "TOTAL",
        "unit_measure": unit,
        "prices": "_Z",
        "time_period": year,
        "obs_value": float(value),
    }


def published() -> list[dict[str, Any]]:
    rows = []
    for year, (p1, p2, b1g, taxes, gdp, *sectors) in YEARS.items():
        items = {"P1": p1, "P2": p2, "B1G": b1g, "D21X31": taxes, "B1GQ": gdp}
        rows += [national(year, sto, value) for sto, value in items.items()]
        rows += [national(year, "B1G", value, f"S{11 + at}") for at, value in enumerate(sectors)]
    return rows


IDENTITIES = ("national_account_production", "national_account_gdp", "national_account_sectors")


def test_published_national_accounts_keep_their_identities(lake: duckdb.DuckDBPyConnection) -> None:
    fill(lake, {"national_account": published()})
    assert {check: violations(lake, check) for check in IDENTITIES} == {check: [] for check in IDENTITIES}


@pytest.mark.parametrize(
    ("check", "sto", "sector"),
    [
        ("national_account_production", "P2", "S1"),
        ("national_account_gdp", "D21X31", "S1"),
        ("national_account_gdp", "B1GQ", "S1"),
        ("national_account_sectors", "B1G", "S14"),
    ],
)
def test_a_slip_breaks_its_identity(lake: duckdb.DuckDBPyConnection, check: str, sto: str, sector: str) -> None:
    rows = published()
    slip = next(r for r in rows if (r["time_period"], r["sto"], r["ref_sector"]) == (2021, sto, sector))
    slip["obs_value"] += 10_000
    fill(lake, {"national_account": rows})
    found = violations(lake, check)
    assert len(found) == 1
    assert 2021 in found[0]


def test_rounding_volumes_and_discrepancies_are_no_slips(lake: duckdb.DuckDBPyConnection) -> None:
    rows = [
        national(2021, sto, v) for sto, v in {"P1": 100.0, "P2": 60.0, "B1G": 41.0, "D21X31": 5.0, "B1GQ": 46.0}.items()
    ]
    rows += [national(2020, sto, v, unit="CLV10_MNAC") for sto, v in {"P1": 100, "P2": 60, "B1G": 70}.items()]
    rows += [national(2019, sto, v) for sto, v in {"B1G": 400, "D21X31": 50, "YA1": -20, "B1GQ": 430}.items()]
    fill(lake, {"national_account": rows})
    assert all(violations(lake, check) == [] for check in IDENTITIES)


def account(**changed: Any) -> dict[str, Any]:
    """METHODS, TV-2."""
    items = {
        "net_turnover": 1000,
        "capitalised_own_performance": 30,
        "other_income": 40,
        "other_income_nonoperating": 15,
        "material_expenses": 600,
        "personnel_expenses": 250,
        "wages": 200,
        "depreciation": 60,
        "other_expenses": 50,
        "taxes_on_production": 20,
        "operating_result": 110,
        "export_turnover": 600,
    }
    return {"tax_stem": "1", "fiscal_year": 2023, "layout": "total_cost", "currency": "HUF", **items, **changed}


MEMBER = {"source_id": "s", "file_name": "f", "cluster_id": "K1", "member_name": "A Kft.", "settlement": "Pécs"}
CASES: list[tuple[str, Rows, int]] = [
    ("account_operating_result", {"annual_account": [account()]}, 0),
    ("account_operating_result", {"annual_account": [account(operating_result=116)]}, 1),
    ("account_operating_result", {"annual_account": [account(operating_result=113)]}, 0),
    ("account_operating_result", {"annual_account": [account(operating_result=9, layout="cost_of_sales")]}, 0),
    ("account_operating_result", {"annual_account": [account(operating_result=9, material_expenses=None)]}, 0),
    ("account_parts", {"annual_account": [account()]}, 0),
    (
        "account_parts",
        {"annual_account": [account(export_turnover=1002), account(wages=300), account(taxes_on_production=60)]},
        3,
    ),
    ("account_parts", {"annual_account": [account(other_income_nonoperating=50), account(other_income=-5)]}, 1),
    ("account_unit_known", {"annual_account": [account()]}, 0),
    (
        "account_unit_known",
        {"annual_account": [account()], "business_registry": [{"legal_unit_id": "F", "tax_stem": "2"}]},
        1,
    ),
    (
        "account_unit_known",
        {"annual_account": [account()], "business_registry": [{"tax_stem": "1"}, {"tax_stem": None}]},
        0,
    ),
    ("account_unit_mostly_known", {"annual_account": [account()]}, 0),
    (
        "account_unit_mostly_known",
        {
            "annual_account": [account(), account(tax_stem="2"), account(tax_stem="3")],
            "business_registry": [{"tax_stem": "1"}, {"tax_stem": None}],
        },
        2,
    ),
    ("account_currency_known", {"annual_account": [account(currency="EUR")]}, 0),
    (
        "account_currency_known",
        {
            "annual_account": [account(currency="EUR"), account(currency="USD"), account()],
            "exchange_rate": [{"currency": "EUR", "year": 2023}, {"currency": "USD", "year": 2022}],
        },
        1,
    ),
    (
        "registry_activity_known",
        {
            "business_registry": [{"nace_rev2_code": "62.01", "nace_rev21_code": "62.10"}, {"nace_rev2_code": "99.99"}],
            "nace_code": [{"nace_version": "2.0", "code": "62.01"}],
        },
        1,
    ),
    (
        "registry_legal_form_known",
        {
            "business_registry": [
                {"legal_form": "Kft."},
                {"legal_form": "P9F2"},
                {"legal_form": "GmbH"},
                {"legal_form": None},
            ],
            "legal_form": [{"elf_code": "P9F2", "abbreviation": "kft.;KFT"}, {"elf_code": "X"}],
        },
        1,
    ),
    ("registry_legal_form_known", {"business_registry": [{"legal_form": "Kft."}]}, 0),
    ("registry_postcode_known", {"business_registry": [{"postcode": "1051"}]}, 0),
    (
        "registry_postcode_known",
        {"business_registry": [{"postcode": "1051"}], "postal_code": [{"postcode": "1052"}]},
        1,
    ),
    (
        "registry_tax_stem_unique",
        {"business_registry": [{"tax_stem": "1"}, {"tax_stem": "1"}, {"tax_stem": None}, {}]},
        1,
    ),
    (
        "registry_tax_stem_unique",
        {"business_registry": [{"tax_stem": "1"}, {"tax_stem": "1", "dissolved_date": DAY}]},
        0,
    ),
    ("name_history_unit_known", {"name_history": [{"legal_unit_id": "F9"}]}, 0),
    (
        "name_history_unit_known",
        {"name_history": [{"legal_unit_id": "F9"}], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    (
        "legal_unit_event_unit_known",
        {
            "legal_unit_event": [{"predecessor_id": "F1", "successor_id": s} for s in ("F2", "F3", "F1")],
            "business_registry": [{"legal_unit_id": "F1"}, {"legal_unit_id": "F2"}],
        },
        2,
    ),
    ("address_history_unit_known", {"address_history": [{"legal_unit_id": "F9"}]}, 0),
    (
        "address_history_unit_known",
        {"address_history": [{"legal_unit_id": "F9"}], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    ("vat_group_unit_known", {"vat_group": [{"legal_unit_id": "F9"}]}, 0),
    (
        "vat_group_unit_known",
        {"vat_group": [{"legal_unit_id": "F9"}], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    (
        "vat_group_one_at_a_time",
        {
            "vat_group": [
                {"legal_unit_id": "F1", "group_tax_number": "G1", "valid_from": DAY, "valid_to": dt.date(2021, 1, 1)},
                {"legal_unit_id": "F1", "group_tax_number": "G2", "valid_from": dt.date(2021, 1, 1)},
                {"legal_unit_id": "F1", "group_tax_number": "G3", "valid_from": dt.date(2022, 1, 1)},
                {"legal_unit_id": "F2", "group_tax_number": "G3"},
            ]
        },
        1,
    ),
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
        "cordis_organisation_repeated",
        {
            "cordis_organisation": [{"project_id": "1", "pic": "9", "role": "participant"}] * 2
            + [{"project_id": "1"}] * 2
        },
        1,
    ),
    ("cordis_organisation_project_known", {"cordis_organisation": [{"project_id": "1"}]}, 0),
    (
        "cordis_organisation_project_known",
        {"cordis_organisation": [{"project_id": "1"}, {"project_id": "2"}], "cordis_project": [{"project_id": "2"}]},
        1,
    ),
    (
        "kohesio_contribution_within_budget",
        {"kohesio_beneficiary": [{"total_budget_eur": 10, "eu_contribution_eur": e} for e in (9, 10.5, 12)]},
        1,
    ),
    ("structural_fund_project_repeated", {"structural_fund_project": [{"beneficiary_name": "A"}] * 2}, 1),
    (
        "structural_fund_project_repeated",
        {"structural_fund_project": [{"beneficiary_name": "A", "granted_huf": g} for g in (1, 2)]},
        0,
    ),
    (
        "interreg_cost_within_total",
        {"interreg_partner": [{"eligible_cost_eur": 5, "total_cost_eur": t} for t in (3, 5, 6)]},
        1,
    ),
    ("cluster_label_cluster_known", {"cluster_label": [{"cluster_id": "K9"}], "cluster": [{"cluster_id": "K1"}]}, 1),
    ("cluster_membership_cluster_known", {"cluster_membership": [MEMBER], "cluster": [{"cluster_id": "K2"}]}, 1),
    ("cluster_membership_cluster_known", {"cluster_membership": [MEMBER]}, 0),
    ("c2c_agreement_cluster_known", {"c2c_agreement": [{"cluster_id": "K9"}], "cluster": [{"cluster_id": "K1"}]}, 1),
    (
        "cooperation_event_cluster_known",
        {"cooperation_event": [{"cluster_id": "K9"}, {"cluster_id": None}], "cluster": [{"cluster_id": "K1"}]},
        1,
    ),
    (
        "event_participant_event_known",
        {"event_participant": [{"event_id": "E9"}], "cooperation_event": [{"event_id": "E1"}]},
        1,
    ),
    (
        "cluster_label_overlap",
        {
            "cluster_label": [
                {
                    "cluster_id": "K1",
                    "scheme": "national",
                    "level": "a",
                    "valid_from": DAY,
                    "valid_to": dt.date(2021, 1, 1),
                },
                {"cluster_id": "K1", "scheme": "national", "level": "a", "valid_from": dt.date(2021, 1, 1)},
                {"cluster_id": "K1", "scheme": "national", "level": "b", "valid_from": dt.date(2022, 1, 1)},
                {"cluster_id": "K1", "scheme": "european", "level": "b", "valid_from": dt.date(2022, 1, 1)},
            ]
        },
        1,
    ),
    (
        "cluster_membership_overlap",
        {
            "cluster_membership": [
                {**MEMBER, "row_number": 1, "valid_from": DAY, "valid_to": dt.date(2021, 1, 1)},
                {**MEMBER, "row_number": 2, "valid_from": dt.date(2021, 1, 1)},
                {**MEMBER, "row_number": 3, "valid_from": dt.date(2021, 6, 1)},
                {**MEMBER, "row_number": 4, "valid_from": DAY, "cluster_id": "K2"},
                {**MEMBER, "row_number": 5, "valid_from": DAY, "tax_number": "25745849-2-41"},
                {**MEMBER, "row_number": 6, "valid_from": DAY, "tax_number": "HU25745849", "member_name": "B"},
                {**MEMBER, "row_number": 7, "valid_from": None},
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
    (
        "local_unit_unit_known",
        {"local_unit": [{"legal_unit_id": f} for f in ("F1", "F9")], "business_registry": [{"legal_unit_id": "F1"}]},
        1,
    ),
    ("local_unit_unit_known", {"local_unit": [{"legal_unit_id": "F9"}]}, 0),
    ("nuts_level_fits_code", {"nuts_region": [{"code": "HU", "level": 0}, {"code": "HU1", "level": 2}]}, 1),
]


@pytest.mark.parametrize(("check", "rows", "expected"), CASES, ids=[f"{c}-{n}" for c, _, n in CASES])
def test_a_check_finds_what_it_is_for(lake: duckdb.DuckDBPyConnection, check: str, rows: Rows, expected: int) -> None:
    fill(lake, rows)
    assert len(violations(lake, check)) == expected


def test_every_check_is_seen_to_fail() -> None:
    assert {check for check, _, expected in CASES if expected} | set(IDENTITIES) == set(CHECKS)


def test_queries_are_one_select() -> None:
    for check in CHECKS:
        assert len(duckdb.extract_statements(sql_file(f"source/checks/{check}.sql"))) == 1
