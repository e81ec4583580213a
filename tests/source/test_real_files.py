"""The real files of publishers under the real contracts: nothing lost, and every rejected row has a sensible reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest

from resources.intake import SourcePart
from resources.readers.base import Part
from tests.source.conftest import Taken, contract_of, rows_of, taken_in

TAB = {"delimiter": "tab"}
H2020 = "cordis/h2020_organizations_latest_"
FUNDS = "projects/eu_structural_funds_hu/"


def take_files(
    shared_data: Path, connection: duckdb.DuckDBPyConnection, table: str, format: str, pattern: str, **more: Any
) -> Taken:
    """Take in all files that fit a pattern; accounting holds in every case."""
    files = sorted(shared_data.glob(pattern))
    assert files, pattern
    parts = [
        SourcePart(
            "real", Part(p.name, p, "", p.stat().st_size), format, more.get("options", {}), more.get("constants", {})
        )
        for p in files
    ]
    taken = taken_in(connection, contract_of(table), parts)
    assert taken.is_accounted_for
    assert not taken.intake.unknown_columns
    return taken


@pytest.mark.parametrize(
    ("table", "format", "file", "more", "read", "quarantined"),
    [
        ("cordis_organisation", "csv", f"{H2020}2023-05-29.csv", {}, 5153, 0),
        ("cordis_organisation", "csv", f"{H2020}2023-06-05.csv", {}, 4936, 0),
        ("cordis_organisation", "csv", f"{H2020}2023-06-12.csv", {}, 2722, 0),
        ("cordis_organisation", "csv", "cordis/horizon_eic_orgs_2026.csv", {}, 250, 0),
        ("cordis_project", "csv", "cordis/horizon_eic_projects_2026.csv", {}, 48, 0),
        ("cordis_project", "csv", "cordis/fp7_test_projects.csv", {}, 59, 0),
        (
            "kohesio_beneficiary",
            "csv",
            "projects/kohesio_cee_beneficiaries.tsv",
            {"options": {**TAB, "quote": "none"}},
            27222,
            0,
        ),
        ("structural_fund_project", "structural_funds_json", f"{FUNDS}2000-2006_data-nft-ESZA.json", {}, 3323, 0),
        ("structural_fund_project", "structural_funds_json", f"{FUNDS}2007-2013_data-umft-KA.json", {}, 3575, 0),
        ("structural_fund_project", "structural_funds_json", f"{FUNDS}2014-2020_data-uszt-KA.json", {}, 2037, 0),
        ("national_account", "data_explorer_csv", "national_accounts/nama_10_gdp_1_Data.csv", {}, 19773, 0),
        ("nace_code", "csv", "classifications/nace2_long.csv", {"constants": {"nace_version": "2"}}, 996, 0),
        (
            "nace_code",
            "csv",
            "classifications/NACE_Rev2.1_Heading_All_Languages.tsv",
            {"options": TAB, "constants": {"nace_version": "2.1"}},
            1047,
            0,
        ),
        ("nace_correspondence", "csv", "classifications/NACE2.1_NACE2_Table.tsv", {"options": TAB}, 1571, 1),
        ("nuts_region", "csv", "classifications/all_valid_nuts_codes.csv", {}, 12272, 152),
        ("legal_form", "csv", "classifications/gleif_elf_code_list_v1.5.csv", {}, 3819, 7),
        ("postal_code", "csv", "classifications/iranyitoszamok.csv", {"options": {"delimiter": ";"}}, 3577, 3),
        ("cluster", "csv", "clusters/hu_clusters_named.csv", {}, 12, 0),
        ("cluster_membership", "csv", "clusters/hu_cluster_members_partial.csv", {}, 29, 0),
    ],
)
def test_every_row_is_accepted_or_quarantined(
    shared_data: Path,
    connection: duckdb.DuckDBPyConnection,
    table: str,
    format: str,
    file: str,
    more: dict[str, Any],
    read: int,
    quarantined: int,
) -> None:
    taken = take_files(shared_data, connection, table, format, file, **more)
    assert (taken.intake.read, taken.quarantined) == (read, quarantined)
    contract = contract_of(table)
    assert (quarantined - taken.intake.repeated) / read <= contract.max_quarantined_share
    assert taken.intake.repeated / read <= contract.max_repeated_share


def test_fp7_participants(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    file = "cordis/fp7_ict_projects_participants_1000.json"
    taken = take_files(shared_data, connection, "cordis_organisation", "cordis_json", file)
    assert (taken.intake.read, len(taken.accepted)) == (6375, 6344)
    reasons = Counter(tuple(r.items()) for r in taken.reasons.values())
    assert reasons == {
        (("_record", "the project has no participants"),): 30,
        (("participant_name", "starts like a spreadsheet formula"),): 1,
    }
    countries = Counter(row["country"] for row in taken.accepted)
    assert (countries["HU"], countries["UK"], countries["EL"], countries["GB"]) == (78, 654, 245, 0)


def test_fp7_projects_start_on_the_day_that_was_meant(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    file = "cordis/fp7_ict_projects_participants_1000.json"
    taken = take_files(shared_data, connection, "cordis_project", "cordis_json", file, options={"rows": "projects"})
    assert (taken.intake.read, len(taken.accepted)) == (1000, 1000)
    first = next(row for row in taken.accepted if row["project_id"] == "115873")
    # published as 23:00 UTC of the day before, which is midnight in Brussels
    assert (str(first["start_date"]), str(first["end_date"])) == ("2008-01-01", "2011-11-30")


def test_cordis_values(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    taken = take_files(shared_data, connection, "cordis_organisation", "csv", f"{H2020}2023-05-29.csv")
    assert sum(row["vat_number"] is None for row in taken.accepted) == 495 + 17
    assert sum(row["country"] == "HU" for row in taken.accepted) == 45
    assert any(row["vat_number"] == "HU30058697151" for row in taken.accepted), "a wrong number costs no row"
    assert 523437.5 in {row["total_cost"] for row in taken.accepted}


def test_structural_funds_amounts(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    taken = take_files(shared_data, connection, "structural_fund_project", "structural_funds_json", f"{FUNDS}*.json")
    assert (taken.intake.read, len(taken.accepted)) == (3323 + 3575 + 2037, 3323 + 3575 + 2037)
    assert sum(row["granted_huf"] is None for row in taken.accepted) == 17
    assert all(row["decision_date"] for row in taken.accepted)


def test_every_filing_is_read_or_rejected_with_its_reason(
    shared_data: Path, connection: duckdb.DuckDBPyConnection
) -> None:
    taken = take_files(shared_data, connection, "annual_account", "ebeszamolo_json", "accounts/ebeszamolo_hu/*.json")
    assert (taken.intake.read, len(taken.accepted), taken.intake.repeated) == (21, 16, 4)
    rejected = rows_of(
        connection, "SELECT file_name, reasons FROM _quarantined WHERE reasons NOT LIKE '%duplicate key%'"
    )
    assert [row["file_name"].split("_2025")[0] for row in rejected] == ["OTP_Bank_Nyrt."]
    assert "banks and insurers" in rejected[0]["reasons"]
    lumenet = [r for r in taken.accepted if r["tax_stem"] == "23460694" and not r["is_previous_year"]]
    assert [(r["fiscal_year"], r["net_turnover"], r["operating_result"], r["unit"]) for r in lumenet] == [
        (2024, 1227155.0, 560.0, "thousand")
    ]
    assert str(lumenet[0]["filing_date"]) == "2025-05-30"


def test_eurostat_regional_accounts_keep_their_flags(shared_data: Path, connection: duckdb.DuckDBPyConnection) -> None:
    taken = take_files(
        shared_data,
        connection,
        "national_account",
        "eurostat_tsv",
        "national_accounts/estat_nama_10r_3gdp.tsv",
        constants={"na_item": "B1GQ"},
    )
    assert not taken.reasons
    assert taken.intake.read == 268494
    flagged = rows_of(
        connection,
        "SELECT obs_value, obs_flag FROM _accepted "
        "WHERE ref_area = 'AL' AND unit_measure = 'EUR_HAB' AND time_period = 2021",
    )
    assert flagged == [{"obs_value": 5400.0, "obs_flag": "p"}]
