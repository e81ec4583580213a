"""Steps of the interpretation layer on inputs written by hand: a cluster of four firms whose figures fit on a page.

2023, one cluster A of the ICT industry with the members F1 to F4 (F5 only under review), accredited from 1 July, and a
cluster B without anything.
"""

from __future__ import annotations

from typing import Any

import duckdb

from assets.catalogue import TABLES
from assets.table import Build
from resources.contract import load_contract
from resources.goal_1 import load_cluster_assessment, load_key_industries
from resources.home import REPOSITORY
from resources.parameters import load_parameters

YEAR = 2023
P1, P2 = "CORDIS:P1", "CORDIS:P2"
Rows = list[dict[str, Any]]


def participation(
    number: int, cooperation: str, basis: str, firm: str, first: str, end: str | None, **more: Any
) -> Any:
    return {
        "record_id": f"r{number}",
        "cooperation_id": cooperation,
        "basis": basis,
        "legal_unit_id": firm,
        "valid_from": first,
        "valid_to": end,
        "status": "accepted",
        **more,
    }


def firm(name: str, **more: Any) -> Any:
    values = {"reference_year": YEAR, "legal_unit_id": name, "size_class": "10-49", "activity_code": "J"}
    return values | {"nuts2_code": "HU11", "net_turnover_huf_mn": 100.0, "export_turnover_huf_mn": 0.0} | more


CONTENT: dict[str, Rows] = {
    "source.cluster": [
        {"cluster_id": "A", "name": "A", "management_organisation": "F1 Kft.", "founded_date": "2015-01-01"},
        {"cluster_id": "B", "name": "B", "management_organisation": " "},
    ],
    "source.cluster_label": [
        {"cluster_id": "A", "scheme": "accreditation", "level": "accredited", "valid_from": "2023-07-01"},
        {"cluster_id": "A", "scheme": "esca", "level": "Bronze", "valid_from": "2020-01-01", "valid_to": "2023-02-01"},
        {"cluster_id": "A", "scheme": "esca", "level": "silver", "valid_from": "2023-01-15", "valid_to": "2026-01-15"},
        {"cluster_id": "A", "scheme": "esca", "level": "gold", "valid_from": "2015-01-15", "valid_to": "2018-01-15"},
    ],
    "source.c2c_agreement": [
        {"agreement_id": "1", "cluster_id": "A", "partner_cluster_name": "X", "partner_country": "SK",
         "signed_date": "2023-05-01"},
        {"agreement_id": "2", "cluster_id": "A", "partner_cluster_name": "Y", "partner_country": "HU",
         "signed_date": "2020-05-01", "valid_to": "2023-06-01"},
        {"agreement_id": "3", "cluster_id": "A", "partner_cluster_name": "Z", "partner_country": "DE",
         "signed_date": "2020-05-01", "valid_to": "2023-01-01"},
    ],
    "source.cooperation_event": [
        {"event_id": "1", "name": "one", "event_date": "2023-03-01", "cluster_id": "A", "countries": "HU; AT;HU"},
        {"event_id": "2", "name": "two", "event_date": "2023-04-01", "cluster_id": "A", "countries": "HU;HU"},
    ],
    "source.event_participant": [
        {"event_id": "1", "organisation_name": "alpha", "organisation_country": "AT", "is_frontrunner": True},
        {"event_id": "1", "organisation_name": "Alpha ", "organisation_country": "AT", "is_frontrunner": True},
        {"event_id": "1", "organisation_name": "beta", "organisation_country": "HU", "is_frontrunner": True},
        {"event_id": "2", "organisation_name": "beta", "organisation_country": "HU", "is_frontrunner": False},
    ],
    "source.exchange_rate": [{"currency": "EUR", "year": YEAR, "huf_per_unit": 400.0}],
    "source.cordis_organisation": [
        {"project_id": "P1", "country": "HU", "net_ec_contribution": 731_000.0},
        {"project_id": "P1", "country": "AT", "net_ec_contribution": 5.0},
    ],
    "integration.legal_unit": [
        {"legal_unit_id": "F1", "nace_rev2_code": "62.01", "nace_rev2_section": "J"},
        {"legal_unit_id": "F2", "nace_rev2_code": "25.62", "nace_rev2_section": "C"},
        {"legal_unit_id": "F9", "nace_rev2_code": "6209", "nace_rev2_section": "J"},
    ],
    "integration.cooperation": [
        {"cooperation_id": "CLUSTER:A", "cooperation_type": "cluster", "key_industry": " ICT ",
         "valid_from": "2015-01-01"},
        {"cooperation_id": "CLUSTER:B", "cooperation_type": "cluster", "key_industry": "alchemy"},
        {"cooperation_id": "CLUSTER:C", "cooperation_type": "cluster", "valid_from": "2024-01-01"},
        {"cooperation_id": P1, "cooperation_type": "rdi_project", "valid_from": "2023-01-01",
         "valid_to": "2025-01-01"},
        {"cooperation_id": P2, "cooperation_type": "rdi_project", "valid_from": "2022-01-01",
         "valid_to": "2023-01-01"},
        {"cooperation_id": "I1", "cooperation_type": "interreg_project", "valid_from": "2020-01-01",
         "valid_to": "2023-02-01"},
    ],
    "integration.participant": [
        {"record_id": "a", "cooperation_id": P1, "cooperation_type": "rdi_project", "country_code": "AT", "pic": "9"},
        {"record_id": "b", "cooperation_id": P1, "cooperation_type": "rdi_project", "country_code": "HU", "pic": "1"},
        {"record_id": "c", "cooperation_id": P1, "cooperation_type": "rdi_project", "country_code": "HU", "pic": "2"},
        {"record_id": "d", "cooperation_id": "I1", "cooperation_type": "interreg_project", "country_code": "HU",
         "name_key": "F3"},
    ],
    "integration.participation": [
        participation(1, "CLUSTER:A", "membership", "F1", "2015-02-01", None),
        participation(2, "CLUSTER:A", "membership", "F2", "2016-01-01", "2023-02-01"),
        participation(3, "CLUSTER:A", "membership", "F3", "2016-01-01", None),
        participation(4, "CLUSTER:A", "membership", "F4", "2023-12-31", None),
        participation(5, "CLUSTER:A", "membership", "F5", "2016-01-01", None, status="review"),
        participation(6, "CLUSTER:A", "membership", "F6", "2016-01-01", "2023-01-01"),
        participation(1, "CLUSTER:A", "accredited_membership", "F1", "2023-07-01", None),
        participation(3, "CLUSTER:A", "accredited_membership", "F3", "2023-07-01", None),
        participation(11, P1, "joint_project", "F1", "2023-01-01", "2025-01-01", cooperation_type="rdi_project",
                      role="Coordinator", total_cost_eur=731_000.0, eligible_cost_eur=1.0),
        participation(12, P1, "joint_project", "F2", "2023-01-01", "2025-01-01", cooperation_type="rdi_project",
                      role="participant", eligible_cost_eur=73_100.0),
        participation(13, P2, "joint_project", "F1", "2022-01-01", "2023-01-01", cooperation_type="rdi_project",
                      total_cost_eur=9e9),
        participation(14, P2, "joint_project", "F2", "2022-01-01", "2023-01-01", cooperation_type="rdi_project"),
        participation(15, "I1", "single_project", "F3", "2020-01-01", "2023-02-01",
                      cooperation_type="interreg_project", role="lead partner"),
        participation(16, P1, "joint_project", "F4", "2023-01-01", "2025-01-01", cooperation_type="rdi_project",
                      status="review"),
        participation(17, "EVENT:1", "event", "F4", "2023-03-01", "2023-03-02", status="review"),
        participation(18, "EVENT:1", "event", "F3", "2023-03-01", "2023-03-02"),
        participation(19, "C2C:1", "c2c_agreement", "F1", "2023-05-01", None),
    ],
    "interpretation.firm_gva": [
        firm("F1", bridged_huf_mn=1000.0, calibrated_huf_mn=2000.0, average_employees=300.0, size_class="250+",
             export_turnover_huf_mn=60.0),
        firm("F2", bridged_huf_mn=400.0, calibrated_huf_mn=800.0, average_employees=20.0, activity_code="C",
             export_turnover_huf_mn=None),
        firm("F3", bridged_huf_mn=200.0, calibrated_huf_mn=400.0, average_employees=20.5),
        firm("F4", bridged_huf_mn=6.0, calibrated_huf_mn=12.0, net_turnover_huf_mn=None, average_employees=None),
        firm("F5", bridged_huf_mn=1e6, calibrated_huf_mn=1e6),
        firm("F9", bridged_huf_mn=1.0, calibrated_huf_mn=6000.0, export_turnover_huf_mn=30.0),
        firm("F1", reference_year=2022, bridged_huf_mn=7e6, calibrated_huf_mn=7e6),
    ],
    "interpretation.cooperating_firm": [
        {"reference_year": YEAR, "numerator_code": n, "legal_unit_id": f, "evidence": e}
        for n, f, e in (("N1", "F3", "identifier"), ("N2", "F3", "identifier"), ("N2", "F1", "name"),
                        ("N1", "F5", "candidate"), ("N2", "F5", "candidate"))
    ],
}  # fmt: skip


def make(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Compute a table as a refresh would, and show it under its name."""
    table = TABLES[name]
    choices = {
        **load_parameters().model_dump(),
        "first_reference_year": YEAR,
        "last_reference_year": YEAR,
        "key_industries": load_key_industries().model_dump(mode="json"),
        "cluster_assessment": load_cluster_assessment().model_dump(mode="json"),
    }
    result = table.compute(Build(table, connection, {p: choices[p] for p in table.parameters}))
    if not isinstance(result, duckdb.DuckDBPyRelation):
        connection.register("_made", result)
        result = connection.table("_made")
    contract = load_contract(REPOSITORY / "contracts" / f"{name.replace('.', '/')}.yaml")
    columns = ", ".join(contract.columns)
    relation = result
    connection.execute(f"CREATE SCHEMA IF NOT EXISTS {table.layer}")
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {columns} FROM relation")
    assert relation is result
