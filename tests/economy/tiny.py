"""An economy of ten firms whose cooperation share was computed by hand.

| firm | section | region | value added | cooperates |
|---|---|---|---|---|
| F1 F2 F3 | C | HU11 | 400 300 200 | accredited cluster, by tax number |
| F4 | C | HU11 | 100 | joint RDI project, by VAT number |
| F5 F6 | J | HU12 | 300 200 | accredited cluster, by tax number |
| F7 F8 | J | HU12 | 100 400 | no |
| F9 | C | HU12 | 500 | member of a cluster whose accreditation lapsed before the year |
| F10 | J | HU11 | 500 | accredited cluster, by name and town only (probability p of the record linkage) |

Firms report 1500 in each section and each region, S.11 margins are 1650 each: every factor is 1.1. GVA of the total
economy is 6600. N1 = 1.1 x (900 + 500 + p x 500), that is 2062.5 or 31.25 % at p = 0.95; by identifiers only 1540
(23 1/3 %), all candidates 2090 (31 2/3 %). N2 adds F4 alone: publishing N2 beside N1 would reveal F4. The linkage
believes an equal tax number and an equal name to all but a few in a hundred thousand, so figures hold to 0.01 %.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import yaml

YEAR = 2023
FIRMS: dict[str, tuple[str, str, float]] = {
    "F1": ("25.62", "HU110", 400),
    "F2": ("25.62", "HU110", 300),
    "F3": ("25.62", "HU110", 200),
    "F4": ("25.62", "HU110", 100),
    "F5": ("62.01", "HU120", 300),
    "F6": ("62.01", "HU120", 200),
    "F7": ("62.01", "HU120", 100),
    "F8": ("62.01", "HU120", 400),
    "F9": ("25.62", "HU120", 500),
    "F10": ("62.01", "HU110", 500),
}
WEIGHTS = (9, 7, 3, 1, 9, 7, 3)


def tax_stem(number: int) -> str:
    """A valid eight-digit stem made of a serial number."""
    digits = f"{1000000 + number:07d}"
    check = (10 - sum(w * int(d) for w, d in zip(WEIGHTS, digits, strict=True)) % 10) % 10
    return f"{digits}{check}"


STEMS = {firm: tax_stem(i) for i, firm in enumerate(FIRMS, start=1)}


def write_csv(path: Path, header: str, rows: list[list[Any]], delimiter: str = ",") -> None:
    """One CSV file with a header."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, delimiter=delimiter, lineterminator="\n")
        writer.writerow(header.split(","))
        writer.writerows(rows)


def write_tiny_economy(out: Path) -> Path:
    """Write deliveries, `sources.yaml` and `parameters.yaml`; returns the folder, a home directory."""
    deliveries = out / "deliveries"
    towns = {"HU110": "Budapest", "HU120": "Vác"}
    write_csv(
        deliveries / "business_registry.csv",
        "firm_id,name,tax_number,postcode,settlement,county,nuts3_code,nace_rev2_code,nace_rev21_code,"
        "institutional_sector,enterprise_id,enterprise_group_id,employees,founded_date,dissolved_date,status",
        [
            [f, f"Próba {f} Kft.", f"{STEMS[f]}-2-41", "1011" if n == "HU110" else "2600", towns[n], "", n, c, c, "S11",
             f, f, 60, "2010-01-01", "", "active"]
            for f, (c, n, _) in FIRMS.items()
        ],
    )  # fmt: skip
    write_csv(deliveries / "annual_accounts.csv", ACCOUNT_HEADER, [account(f, va) for f, (_, _, va) in FIRMS.items()])
    write_national_accounts(deliveries)
    write_cooperations(deliveries)
    (out / "sources.yaml").write_text(yaml.safe_dump({"sources": SOURCES}, sort_keys=False), encoding="utf-8")
    years = {"first_reference_year": YEAR, "last_reference_year": YEAR}
    (out / "parameters.yaml").write_text(yaml.safe_dump(years), encoding="utf-8")
    return out


ACCOUNT_HEADER = (
    "tax_number,fiscal_year,period_from,period_to,layout,is_consolidated,currency,unit,net_turnover,"
    "capitalised_own_performance,other_income,other_income_nonoperating,material_expenses,personnel_expenses,wages,"
    "depreciation,other_expenses,taxes_on_production,operating_result,export_turnover,average_employees,filing_date"
)


def account(firm: str, value_added_huf_mn: float) -> list[Any]:
    """Accounts in thousand HUF whose value added at factor cost and at basic prices is the given one."""
    va = int(value_added_huf_mn * 1000)
    personnel, depreciation = va * 6 // 10, va * 2 // 10
    return [
        f"{STEMS[firm]}-2-41", YEAR, f"{YEAR}-01-01", f"{YEAR}-12-31", "total_cost", 0, "HUF", "thousand", 2 * va, 0, 0,
        0, va, personnel, personnel // 2, depreciation, 0, 0, va - personnel - depreciation, va // 2, 60,
        f"{YEAR + 1}-05-31",
    ]  # fmt: skip


def write_national_accounts(deliveries: Path) -> None:
    """S.1 and S.11 totals and the S.11 margins as SDMX-CSV 2.0."""
    cells = [("HU", "S1", "_T", 6600), ("HU", "S11", "_T", 3300), ("HU", "S1", "C", 4000), ("HU", "S1", "J", 2600)]
    cells += [
        ("HU", "S11", "C", 1650),
        ("HU", "S11", "J", 1650),
        ("HU11", "S11", "_T", 1650),
        ("HU12", "S11", "_T", 1650),
    ]
    write_csv(
        deliveries / "national_accounts.csv",
        "STRUCTURE,STRUCTURE_ID,ACTION,FREQ,REF_AREA,REF_SECTOR,STO,ACTIVITY,UNIT_MEASURE,PRICES,TIME_PERIOD,OBS_VALUE,"
        "OBS_STATUS",
        [["dataflow", "KSH:NA(1.0)", "I", "A", a, s, "B1G", k, "XDC_MN", "V", YEAR, v, "A"] for a, s, k, v in cells],
    )


def write_cooperations(deliveries: Path) -> None:
    """Two clusters, one of them no longer accredited, and one joint RDI project."""
    write_csv(
        deliveries / "clusters.csv",
        "cluster_id,name,key_industry,management_organisation,management_tax_number,settlement,nuts3_code,founded_date",
        [["K1", "Próba Klaszter", "IT", "Próba F1 Kft.", "", "Budapest", "HU110", "2015-01-01"],
         ["K2", "Régi Klaszter", "IT", "", "", "Vác", "HU120", "2015-01-01"]],
    )  # fmt: skip
    write_csv(
        deliveries / "cluster_labels.csv",
        "cluster_id,scheme,level,valid_from,valid_to",
        [["K1", "accreditation", "accredited", "2020-01-01", ""],
         ["K2", "accreditation", "accredited", "2018-01-01", "2022-01-01"]],
    )  # fmt: skip
    members = [
        ["K1", f"Próba {f} Kft.", "firm", f"{STEMS[f]}-2-41", "", "", "HU", "member", "2021-01-01", ""]
        for f in ("F1", "F2", "F3", "F5", "F6")
    ]
    members.append(["K1", "PROBA F10 KFT", "firm", "", "Budapest", "", "HU", "member", "2021-01-01", ""])
    members.append(["K2", "Próba F9 Kft.", "firm", f"{STEMS['F9']}-2-41", "", "", "HU", "member", "2019-01-01", ""])
    write_csv(
        deliveries / "cluster_memberships.csv",
        "cluster_id,member_name,member_type,tax_number,settlement,postcode,country,role,valid_from,valid_to",
        members,
    )
    write_csv(
        deliveries / "project.csv",
        "id,acronym,status,title,startDate,endDate,totalCost,ecMaxContribution,legalBasis,topics,frameworkProgramme,"
        "fundingScheme",
        [["900001", "TINY", "SIGNED", "A tiny project", "2022-01-01", "2024-12-31", "1000000,5", "900000", "", "",
          "HORIZON", "RIA"]],
        ";",
    )  # fmt: skip
    write_csv(
        deliveries / "organization.csv",
        "projectID,organisationID,vatNumber,name,city,country,order,role,ecContribution,netEcContribution,totalCost",
        [["900001", "999900001", f"HU{STEMS['F4']}", "PROBA F4 LTD", "BUDAPEST", "HU", "1", "partner", "1", "1", "2"],
         ["900001", "999900002", "MISSING", "UNI WIEN", "WIEN", "AT", "2", "coordinator", "1", "1", "2"]],
        ";",
    )  # fmt: skip


def _source(name: str, table: str, file: str, format_: str = "csv", **more: Any) -> dict[str, Any]:
    return {"id": name, "table": table, "format": format_, "url": f"deliveries/{file}", **more}


SOURCES: list[dict[str, Any]] = [
    _source("registry", "business_registry", "business_registry.csv"),
    _source("accounts", "annual_account", "annual_accounts.csv"),
    _source("national_accounts", "national_account", "national_accounts.csv", "sdmx_csv"),
    _source("clusters", "cluster", "clusters.csv"),
    _source("cluster_labels", "cluster_label", "cluster_labels.csv"),
    _source("cluster_memberships", "cluster_membership", "cluster_memberships.csv"),
    _source("cordis_projects", "cordis_project", "project.csv"),
    _source("cordis_organisations", "cordis_organisation", "organization.csv"),
]


def describe() -> str:
    """The economy as JSON, for messages of failing tests."""
    return json.dumps({f: {"stem": STEMS[f], "va": va} for f, (_, _, va) in FIRMS.items()})
