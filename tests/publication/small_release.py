"""Published tables of an invented economy, small enough to read: two years, three activities, two regions."""

from __future__ import annotations

from typing import Any

import pandas as pd

from resources.contract import load_contracts
from resources.home import REPOSITORY

CONTRACTS = load_contracts(REPOSITORY / "contracts")
YEARS = (2022, 2023)
SHARES = {("N1", 2022): 2.2, ("N1", 2023): 2.29, ("N2", 2022): 4.4, ("N2", 2023): 4.58}
SECRET = 98.7654321
"""What a withheld cell would hold."""


def frame(table: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows under the columns of the table's contract; what a row does not say is empty."""
    columns = list(CONTRACTS[table].columns)
    unknown = {name for row in rows for name in row} - set(columns)
    assert not unknown, f"{table} has no column {unknown}"
    return pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns)


def cell(table_code: str, numerator: str, year: int, share: float | None, **dimensions: str) -> dict[str, Any]:
    """A published cell; withheld where the share is None."""
    is_withheld = share is None
    measures = (
        {}
        if share is None
        else {
            "gva_huf_mn": 1000.0 * share,
            "share_pct": share,
            "ci_low_share_pct": share - 0.1,
            "ci_high_share_pct": share + 0.1,
            "contribution_pct": share,
            "firm_count": 12,
        }
    )
    return {
        "reference_year": year,
        "numerator_code": numerator,
        "table_code": table_code,
        "nace_version_code": "NACE_REV2" if table_code == "T2" else "_Z",
        "activity_code": "_T",
        "region_code": "_T",
        "cooperation_type_code": "_T",
        "size_class_code": "_T",
        "national_gva_huf_mn": 100_000.0,
        "attribution_code": "full",
        "time_rule": "any_day",
        "nuts_version_code": "NUTS_2021" if table_code == "T3" else "_Z",
        "method_flag": "as_published",
        "is_break": False,
        "is_withheld": is_withheld,
        "obs_status": "Q" if is_withheld else "A",
        "conf_status": "C" if is_withheld else "F",
        **measures,
        **dimensions,
    }


def small_release(region_name: str = "Pest") -> dict[str, pd.DataFrame]:
    """The tables that the page needs."""
    cells = [cell("T1", n, y, s) for (n, y), s in SHARES.items()]
    for year in YEARS:
        for numerator in ("N1", "N2"):
            for code, share in (("C", 5.0), ("F", 1.0), ("J", None)):
                cells.append(cell("T2", numerator, year, share, activity_code=code))
            for code, share in (("HU11", 3.0), ("HU12", None)):
                cells.append(cell("T3", numerator, year, share, region_code=code))
            for code, share in (("cluster", 2.0), ("rdi_project", None)):
                cells.append(cell("T4", numerator, year, share, cooperation_type_code=code))
            for code, share in (("0-9", 0.1), ("250+", 2.0)):
                cells.append(cell("T5", numerator, year, share, size_class_code=code))
    tracker = [
        {
            "numerator_code": n,
            "reference_year": y,
            "share_pct": s,
            "target_share_pct": 10.0,
            "target_year": 2030,
            "distance_pp": 10 - s,
            "years_left": 2030.0 - y,
            "required_pace_pp": (10 - s) / (2030 - y),
            "change_pp": None if y == YEARS[0] else 0.09,
            "published_baseline_pct": 2.29 if (n, y) == ("N1", 2023) else None,
            "is_headline": n == "N1",
            "is_withheld": False,
        }
        for (n, y), s in SHARES.items()
    ]
    ahead = {"numerator_code": "N1", "base_year": 2023, "target_share_pct": 10.0, "target_year": 2030}
    outlook = [
        {**ahead, "model_code": "observed", "reference_year": y, "point_pct": SHARES["N1", y], "label": "observed"}
        for y in YEARS
    ] + [
        {
            **ahead,
            "model_code": "envelope",
            "reference_year": y,
            "point_pct": 2.3 + 0.1 * (y - 2023),
            "low80_pct": 2.0,
            "high80_pct": 3.5,
            "target_probability_ratio": 0.001,
            "label": "projection, not an official statistic",
        }
        for y in range(2024, 2031)
    ]
    tie = {"reference_year": 2023, "cooperation_type_code": "_T"}
    codes = [("NACE_REV2", "C", "Manufacturing", "Feldolgozóipar"), ("NUTS_2021", "HU11", "Budapest", "Budapest")]
    codes += [("NACE_REV2", "F", "Construction", "Építőipar"), ("NUTS_2021", "HU12", region_name, region_name)]
    return {
        "access.cooperation_gva": frame("access.cooperation_gva", cells),
        "access.target_tracker": frame("access.target_tracker", tracker),
        "access.outlook": frame("access.outlook", outlook),
        "access.goal_1": frame(
            "access.goal_1",
            [
                {
                    "reference_year": 2023,
                    "passed_count": 1,
                    "industry_count": 2,
                    "draw_low_count": 0,
                    "draw_high_count": 2,
                }
            ],
        ),
        "access.key_industry": frame(
            "access.key_industry",
            [
                {
                    "reference_year": 2023,
                    "industry_code": code,
                    "name_hu": hu,
                    "name_en": en,
                    "is_passed": code == "ict",
                    "pass_share_ratio": 0.4,
                    "valid_count": 1,
                }
                for code, hu, en in (("ict", "IKT", "ICT"), ("food", "Élelmiszeripar", "Food industry"))
            ],
        ),
        "access.interregional_cooperation": frame(
            "access.interregional_cooperation",
            [
                {**tie, "region_code_a": "HU11", "region_code_b": "HU12", "pair_kind": "home-home", "weight": 7.5},
                {**tie, "region_code_a": "HU11", "region_code_b": "HU11", "pair_kind": "home-home", "weight": 9.0},
                {**tie, "region_code_a": "AT", "region_code_b": "HU11", "pair_kind": "home-abroad", "weight": 3.25},
                {**tie, "region_code_a": "HU11", "region_code_b": "SK", "pair_kind": "home-abroad", "weight": 4.5},
            ],
        ),
        "access.international_cooperation": frame(
            "access.international_cooperation",
            [{**tie, "region_code": "_T", "international_share_pct": 41.2, "partner_country_count": 2}],
        ),
        "access.code_definition": frame(
            "access.code_definition",
            [{"dimension_code": d, "code": c, "name": en, "name_hu": hu} for d, c, en, hu in codes],
        ),
        "access.quality_indicator": frame(
            "access.quality_indicator",
            [
                {
                    "indicator_code": "unit_non_response",
                    "reference_period_code": "2023",
                    "stratum_code": "_T",
                    "sims_concept_code": "S.13.3.3.1",
                    "name": "Unit non-response rate",
                    "value": 2.4,
                    "unit": "%",
                }
            ],
        ),
    }
