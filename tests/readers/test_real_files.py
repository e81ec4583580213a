"""Every real sample file is read with exactly the rows its description counts."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.readers.conftest import Read, assert_sound, records

DELIMITED: list[tuple[str, dict[str, Any], int, int, int]] = [
    ("cordis/h2020_organizations_latest_2023-05-29.csv", {}, 25, 5153, 0),
    ("cordis/h2020_organizations_latest_2023-06-05.csv", {}, 25, 4936, 0),
    ("cordis/h2020_organizations_latest_2023-06-12.csv", {}, 25, 2722, 0),
    ("cordis/h2020_projects_latest_2022-07-18.csv", {"header": [f"field_{i}" for i in range(1, 21)]}, 20, 78, 0),
    ("cordis/fp7_test_projects.csv", {}, 15, 59, 0),
    ("cordis/horizon_eic_orgs_2026.csv", {}, 12, 250, 0),
    ("cordis/horizon_eic_projects_2026.csv", {}, 14, 48, 0),
    ("cordis/cordisref-countries.csv", {}, 4, 1503, 0),
    ("projects/kohesio_cee_beneficiaries.tsv", {"delimiter": "tab", "quote": "none"}, 8, 27222, 0),
    ("clusters/hu_published_aggregates.csv", {}, 7, 39, 0),
    ("clusters/hu_cluster_members_partial.csv", {}, 6, 29, 0),
    ("clusters/hu_clusters_named.csv", {}, 5, 12, 0),
    ("linkage/nama_canlobby_client_names_manual.csv", {}, 4, 5406, 0),
    ("linkage/hr_oib_beneficiary_name_variants_DERIVED.csv", {}, 4, 980, 0),
    ("linkage/emm_unittest_sample_namepairs.csv", {}, 19, 201, 0),
    ("classifications/NACE2.1_NACE2_Table.tsv", {}, 7, 1571, 0),
    ("classifications/NACE_Rev2.1_Heading_All_Languages.tsv", {}, 25, 1047, 0),
    ("classifications/nace2_long.csv", {}, 7, 996, 0),
    ("classifications/hu_lau2019_nuts3_2016.csv", {}, 9, 3155, 0),
    ("classifications/all_valid_nuts_codes.csv", {}, 3, 12272, 0),
    ("classifications/gleif_elf_code_list_v1.5.csv", {}, 16, 3819, 0),
    # Three records at the end are `;;`: 3,577 in all.
    ("classifications/iranyitoszamok.csv", {}, 4, 3574, 3),
    ("national_accounts/economy_nuts2_wide_gva_by_sector.csv", {}, 289, 303, 0),
]


@pytest.mark.parametrize(("path", "options", "columns", "rows", "rejects"), DELIMITED, ids=[d[0] for d in DELIMITED])
def test_delimited_files(
    read_real: Read, path: str, options: dict[str, Any], columns: int, rows: int, rejects: int
) -> None:
    raw = read_real("csv", path, **options)
    found = records(raw)
    assert (len(raw.columns), len(found), len(raw.rejects)) == (columns, rows, rejects)
    assert sorted([r["_row"] for r in found] + [r.row for r in raw.rejects]) == list(range(1, rows + rejects + 1))


@pytest.mark.parametrize("path", [d[0] for d in DELIMITED if not d[1] and d[0] != "classifications/iranyitoszamok.csv"])
def test_values_are_those_of_another_parser(read_real: Read, shared_data: Path, path: str) -> None:
    raw = read_real("csv", path)
    with (shared_data / path).open(encoding="utf-8-sig", newline="") as file:
        delimiter = max(",;|\t", key=file.readline().count)
        file.seek(0)
        expected = list(csv.reader(file, delimiter=delimiter))[1:]
    assert [[r[c] or "" for c in raw.columns] for r in records(raw)] == expected


def test_kohesio_keeps_stray_quotes_and_names_the_nameless_column(read_real: Read) -> None:
    raw = read_real("csv", "projects/kohesio_cee_beneficiaries.tsv", delimiter="tab", quote="none")
    found = records(raw)
    assert raw.columns[-1] == "column_8"
    assert not any(r["column_8"] for r in found)
    hungarian = [r for r in found if r["Country"] == "Hungary"]
    assert len(hungarian) == 4000
    assert sum(r["Beneficiary Name"].startswith('"') for r in hungarian) == 142


def test_kohesio_read_with_quotes_still_accounts_for_every_line(read_real: Read) -> None:
    raw = read_real("csv", "projects/kohesio_cee_beneficiaries.tsv", delimiter="tab")
    assert len(records(raw)) + len(raw.rejects) == 27222
    assert_sound(raw)


def test_eurostat_tsv(read_real: Read, shared_data: Path) -> None:
    path = "national_accounts/estat_nama_10r_3gdp.tsv"
    raw = read_real("eurostat_tsv", path)
    expected = {}
    with (shared_data / path).open(encoding="utf-8") as file:
        _, *periods = [name.strip() for name in next(file).rstrip("\n").split("\t")]
        for line in file:
            key, *cells = line.rstrip("\n").split("\t")
            for period, cell in zip(periods, cells, strict=True):
                value, _, flag = cell.strip().partition(" ")
                if value != ":" or flag:
                    expected[(*key.split(","), period)] = ("" if value == ":" else value, flag.strip())
    found = {
        (r["freq"], r["unit"], r["geo"], r["TIME_PERIOD"]): (r["OBS_VALUE"] or "", r["OBS_FLAG"] or "")
        for r in records(raw)
    }
    assert found == expected
    assert len(found) == 268_494
    assert sum(1 for key in found if key[2] == "HU") > 0
    everything = read_real("eurostat_tsv", path, keep_missing=True)
    assert len(everything.rows) == 12_453 * 23


def test_data_explorer(read_real: Read) -> None:
    raw = read_real("data_explorer_csv", "national_accounts/nama_10_gdp_1_Data.csv")
    found = records(raw)
    assert (len(found), raw.rejects) == (19_773, ())
    assert sum(r["OBS_VALUE"] is None for r in found) == 2_646
    flags = [r["OBS_FLAG"] for r in found]
    assert {flag: flags.count(flag) for flag in set(flags)} == {
        None: 18_953,
        "p": 650,
        "c": 77,
        "e": 39,
        "n": 26,
        "b": 15,
        "d": 13,
    }
    hungary = {r["na_item"]: r["OBS_VALUE"] for r in found if r["geo"] == "HU" and r["TIME_PERIOD"] == "2016"}
    assert hungary["B1G"] == "96,144.90"
    assert len(hungary) == 39
    # GDP = GVA + taxes less subsidies on products: the labels have the codes of the right items.
    amount = {item: float(value.replace(",", "")) for item, value in hungary.items() if value}
    assert amount["B1GQ"] == pytest.approx(amount["B1G"] + amount["D21X31"], abs=0.2)
    assert amount["D21X31"] == pytest.approx(amount["D21"] - amount["D31"], abs=0.2)
    assert amount["B1GQ"] == pytest.approx(amount["P3_P6"] - amount["P7"], abs=0.2)
    assert amount["P3_P6"] == pytest.approx(amount["P3_P5"] + amount["P6"], abs=0.2)
    assert amount["B1GQ"] == pytest.approx(amount["D1"] + amount["B2A3G"] + amount["D2X3"], abs=0.2)
    assert amount["P5G"] == pytest.approx(amount["P51G"] + amount["P52"] + amount["P53"], abs=0.2)


def test_cordis_participations(read_real: Read) -> None:
    path = "cordis/fp7_ict_projects_participants_1000.json"
    raw = read_real("cordis_json", path)
    found = records(raw)
    assert (len(found), len(raw.rejects)) == (6_345, 30)
    hungarian = [r for r in found if r["participant_country"] == "HU"]
    assert (len(hungarian), len({r["id"] for r in hungarian})) == (78, 64)
    assert len({r["participant_name"] for r in hungarian}) == 48
    projects = read_real("cordis_json", path, rows="projects")
    counts = [int(r["participant_count"]) for r in records(projects)]
    assert (len(counts), sum(counts), counts.count(0), projects.rejects) == (1_000, 6_345, 30, ())


@pytest.mark.parametrize(
    ("name", "rows", "only_here"),
    [
        ("2000-2006_data-nft-ESZA", 3_323, "OP név"),
        ("2007-2013_data-umft-KA", 3_575, "Támogatás pontszáma"),
        ("2014-2020_data-uszt-KA", 2_037, "Kitörési pont"),
    ],
)
def test_structural_funds(read_real: Read, shared_data: Path, name: str, rows: int, only_here: str) -> None:
    path = f"projects/eu_structural_funds_hu/{name}.json"
    raw = read_real("structural_funds_json", path)
    assert (len(records(raw)), raw.rejects) == (rows, ())
    assert only_here in raw.columns
    published = json.loads((shared_data / path).read_text(encoding="utf-8"))
    assert [{k: v for k, v in r.items() if k != "_row" and v is not None} for r in records(raw)] == [
        {k: v for k, v in record.items() if v} for record in published
    ]


def test_gleif(read_real: Read) -> None:
    raw = read_real("gleif_json", "registers/gleif_lei2_intraday_20240505.json")
    found = records(raw)
    assert (len(found), raw.rejects) == (577, ())
    assert len({r["lei"] for r in found}) == 577
    hungarian = [r for r in found if r["registration_authority_id"] == "RA000391"]
    assert len(hungarian) == 5
    assert "01-09-275638" in {r["registration_authority_entity_id"] for r in hungarian}
    assert {r["elf_code"] for r in hungarian} <= {"P9F2", "EO9F", "BKUX"}
    assert all(r["country"] == "HU" for r in hungarian)
    assert sum(r["registration_authority_entity_id"] is not None for r in found) == 553


def test_annual_accounts(read_real: Read, shared_data: Path) -> None:
    folder = shared_data / "accounts" / "ebeszamolo_hu"
    rows, rejects = [], []
    files = sorted(folder.glob("*.json"))
    for file in files:
        raw = read_real("ebeszamolo_json", str(file.relative_to(shared_data)))
        rows += records(raw)
        rejects += [(file.name[:8], r.row, r.reason) for r in raw.rejects]
        assert len(raw.rows) == (0 if raw.rejects else 2)
    assert rejects == [
        ("OTP_Bank", 1, "the profit and loss account has no items (banks and insurers report in another form)")
    ]
    assert len(rows) == 2 * (len(files) - 1)
    assert len({r["taxNumber"] for r in rows}) == 7
    for row in rows:
        income = [row["net_turnover"], row["capitalised_own_performance"], row["other_income"]]
        costs = [row["material_expenses"], row["personnel_expenses"], row["depreciation"], row["other_expenses"]]
        assert int(row["operating_result"]) == sum(map(int, income)) - sum(map(int, costs))
        if row["domestic_turnover"] is not None:
            assert int(row["net_turnover"]) == int(row["domestic_turnover"]) + int(row["export_turnover"])
            assert int(row["wages"]) <= int(row["personnel_expenses"])
        assert row["profit_before_tax"] is not None
        assert (row["layout"], row["currency"], row["unit"]) == ("total_cost", "HUF", "ezer")
        assert row["year"] in {"2022", "2023", "2024"}
    alza = next(r for r in rows if r["companyName"] == "Alza.hu Kft." and r["is_previous_year"] == "false")
    assert (alza["year"], alza["export_turnover"], alza["wages"], alza["reversals"]) == (
        "2024",
        "2627151",
        "898924",
        "0",
    )
    # Its `year` says 2022, its `targetYear` 2024.
    lumenet = [r for r in rows if r["companyName"].startswith("LUMENET") and r["is_previous_year"] == "false"]
    assert [(r["year"], r["net_turnover"]) for r in lumenet] == [("2024", "1227155")] * 2
    assert [r["taxNumber"] for r in rows if r["has_amendments"] == "true"] == ["25569421-2-41"] * 2


def test_settlements_in_an_old_workbook(read_real: Read) -> None:
    columns = [f"c{i}" for i in range(1, 27)]
    raw = read_real("xlsx", "classifications/ksh_hnt_letoltes_2015.xls", columns=columns, first_row=3)
    *found, total = records(raw)
    assert len({r["c2"] for r in found}) == len(found) == 3_178
    assert (total["c9"], total["c11"]) == ("Összesen", "9855571")
    # The districts of Budapest stand beside Budapest.
    budapest = next(r for r in found if r["c1"] == "Budapest")
    assert sum(int(r["c11"]) for r in found) == 9_855_571 + int(budapest["c11"])
    parts = read_real("xlsx", "classifications/ksh_hnt_letoltes_2015.xls", sheet=3)
    assert (len(records(parts)), parts.rejects) == (13_522, ())
    aba = next(r for r in found if r["c1"] == "Aba")
    assert (aba["c2"], aba["c4"], aba["c5"], aba["c10"]) == ("17376", "Fejér", "085 0", "8801")
    assert any(r["c2"].startswith("0") for r in found)
