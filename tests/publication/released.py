"""A published table as the contract of `access.cooperation_gva` describes it, with numbers a test can recognise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from resources.contract import Contract, load_contract
from resources.home import REPOSITORY

YEARS = (2021, 2023)
REGIONS = ("HU11", "HU12")
SIZES = ("0-9", "250+")
TYPES = ("cluster", "rdi_project", "cohesion_project", "interreg_project", "c2c_agreement")
SECTIONS = {"NACE_REV2": ("C", "D", "K"), "NACE_REV21": ("C", "D", "K")}

HIDDEN = (
    "gva_huf_mn",
    "ci_low_huf_mn",
    "ci_high_huf_mn",
    "share_pct",
    "ci_low_share_pct",
    "ci_high_share_pct",
    "share_s11_pct",
    "contribution_pct",
    "share_pyp_pct",
    "proxy_huf_mn",
    "bridged_huf_mn",
    "share_lower_pct",
    "share_upper_pct",
    "firm_count",
)


def contract() -> Contract:
    """The contract of the table."""
    return load_contract(REPOSITORY / "contracts" / "access" / "cooperation_gva.yaml")


def cells() -> Iterator[dict[str, str]]:
    """The cells of T1 to T8 of one year and numerator."""
    total = {
        "nace_version_code": "_Z",
        "activity_code": "_T",
        "region_code": "_T",
        "cooperation_type_code": "_T",
        "size_class_code": "_T",
        "nuts_version_code": "_Z",
        "method_flag": "as_published",
    }
    regional = {"nuts_version_code": "NUTS_2021"}
    none = {"method_flag": "no_denominator"}
    yield total | {"table_code": "T1"}
    yield from (total | regional | {"table_code": "T3", "region_code": code} for code in REGIONS)
    yield from (total | {"table_code": "T4", "cooperation_type_code": code} for code in TYPES)
    yield from (total | none | {"table_code": "T5", "size_class_code": code} for code in SIZES)
    for version, sections in SECTIONS.items():
        flag = "as_published" if version == "NACE_REV2" else "converted"
        for section in sections:
            of = total | {"nace_version_code": version, "activity_code": section, "method_flag": flag}
            yield of | {"table_code": "T2"}
            yield from (of | regional | none | {"table_code": "T7", "region_code": code} for code in REGIONS)
            if version == "NACE_REV2":
                yield from (of | none | {"table_code": "T6", "size_class_code": code} for code in SIZES)
    rev2 = total | {"nace_version_code": "NACE_REV2", "table_code": "T8"}
    yield from (rev2 | none | {"activity_code": code} for code in ("C10-C12", "C31_C32", "J62_J63"))
    yield rev2 | {"activity_code": "D"}  # a section that is an A*64 group of its own


def numbers(cell: Mapping[str, Any], size: float) -> dict[str, Any]:
    """Every number that the cell can have; equal for equal cells of two tables."""
    has_share = cell["method_flag"] != "no_denominator"
    is_total = cell["table_code"] == "T1"
    share = size / 500
    return {
        "gva_huf_mn": size,
        "ci_low_huf_mn": size * 0.9,
        "ci_high_huf_mn": size * 1.1,
        "share_pct": share if has_share else None,
        "ci_low_share_pct": share * 0.9 if has_share else None,
        "ci_high_share_pct": share * 1.1 if has_share else None,
        "share_s11_pct": share * 2 if has_share and cell["table_code"] in ("T1", "T2", "T3", "T4") else None,
        "contribution_pct": size / 900,
        "share_pyp_pct": share * 0.98 if is_total else None,
        "proxy_huf_mn": size * 0.8 if is_total else None,
        "bridged_huf_mn": size * 0.85 if is_total else None,
        "share_lower_pct": share * 0.7 if is_total and cell["numerator_code"] == "N1" else None,
        "share_upper_pct": share * 1.3 if is_total and cell["numerator_code"] == "N1" else None,
        "national_gva_huf_mn": size * 50 if has_share else None,
        "firm_count": int(size) % 97 + 3,
    }


def rows(years: Sequence[int] = YEARS) -> list[dict[str, Any]]:
    """All rows, nothing withheld, in an order that is not the key's."""
    found: list[dict[str, Any]] = []
    sizes: dict[tuple[str, ...], float] = {}
    for year in years:
        for numerator in ("N2", "N1"):
            for cell in cells():
                row = cell | {"reference_year": year, "numerator_code": numerator}
                place = tuple(str(value) for name, value in sorted(row.items()) if name != "table_code")
                size = sizes.setdefault(place, 1000 + 7.123456789 * len(sizes))
                is_break = cell["nace_version_code"] == "NACE_REV21"
                row |= numbers(row, size)
                row |= {
                    "attribution_code": "full",
                    "time_rule": "any_day",
                    "is_break": is_break,
                    "is_withheld": False,
                    "obs_status": "B" if is_break else "A",
                    "conf_status": "F",
                }
                found.append(row)
    return found[::-1]


def is_secret(row: Mapping[str, Any]) -> bool:
    """Which cells the tests withhold: some of every table but T1, equal cells of two tables alike."""
    codes = (row["activity_code"], row["region_code"], row["cooperation_type_code"], row["size_class_code"])
    return row["reference_year"] == YEARS[0] and bool(
        set(codes) & {"D", "HU12", "cluster", "250+", "C31_C32"} and row["numerator_code"] != "N2"
    )


def withhold(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same rows with the secret ones emptied and marked."""
    status = {"is_withheld": True, "obs_status": "Q", "conf_status": "C"}
    return [row | dict.fromkeys(HIDDEN) | status if is_secret(row) else row for row in found]


def table(found: list[dict[str, Any]]) -> pd.DataFrame:
    """The rows as a frame with the contract's columns."""
    frame = pd.DataFrame(found, columns=list(contract().columns))
    return frame.astype({"firm_count": "Int64"})
