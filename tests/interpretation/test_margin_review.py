"""Cells above their margin: which are listed, why, and who makes them up; computed by hand.

2023, all in S.11 but C: A (C19, HU11) 90, B (C19, HU12) 40, C (C25, HU11) 30, D (J62, HU12 3/4, HU11 1/4) 80, K (R93,
HU11) 8, L (R93, HU11) -1; calibrated twice the accounts but for C, K and L. A and B are one enterprise group. Margins
of S.1: C 280 (accounts 160, calibrated 290), J 200, HU11 400, HU12 190, C19 100, C25 31, J62_J63 160, R 5.
"""

from __future__ import annotations

import pandas as pd
import pytest

from assets.catalogue import TABLES
from assets.table import Build
from tests.interpretation.steps import Step

PARTS = [
    # unit, region, section, accounts, calibrated
    ("A", "HU11", "C", 90.0, 180.0), ("B", "HU12", "C", 40.0, 80.0), ("C", "HU11", "C", 30.0, 30.0),
    ("D", "HU11", "J", 20.0, 40.0), ("D", "HU12", "J", 60.0, 120.0), ("K", "HU11", "R", 8.0, 8.0),
    ("L", "HU11", "R", -1.0, -1.0),
    ("K", "_U", None, 1.0, 1.0),
]  # fmt: skip
MARGINS = {("HU", "C"): 280.0, ("HU", "J"): 200.0, ("HU11", "_T"): 400.0, ("HU12", "_T"): 190.0, ("HU", "C19"): 100.0,
           ("HU", "C25"): 31.0, ("HU", "J62_J63"): 160.0, ("HU", "R"): 5.0, ("HU12", "C"): 75.0}  # fmt: skip


@pytest.fixture
def review(step: Step) -> Step:
    """The table made from the figures above and a cube of three cells."""
    year = {"reference_year": 2023}
    parts = pd.DataFrame(
        PARTS, columns=["legal_unit_id", "nuts2_code", "activity_code", "bridged_huf_mn", "calibrated_huf_mn"]
    )
    step.put("interpretation.regional_gva", parts.assign(**year))
    step.put(
        "integration.legal_unit",
        pd.DataFrame(
            {
                "legal_unit_id": ["A", "B", "C", "D", "K", "L"],
                "enterprise_group_id": ["G1", "G1", "G2", "G3", "G4", "G5"],
                "institutional_sector": ["S11", "S11", "S15", "S11", "S11", "S11"],
                "nace_rev2_code": ["19.20", "1920", "25.11", "62.01", "93.12", "93.12"],
            }
        ),
    )
    accounts = pd.DataFrame(
        [(area, activity, value) for (area, activity), value in MARGINS.items()],
        columns=["ref_area", "activity_code", "value_huf_mn"],
    )
    noise = accounts.assign(sector_code="S11", sto_code="B1G", value_huf_mn=1.0)
    step.put(
        "integration.national_account",
        pd.concat([accounts.assign(sector_code="S1", sto_code="B1G"), noise], ignore_index=True).assign(**year),
    )
    step.put(
        "interpretation.reconciliation",
        pd.DataFrame(
            {
                "activity_code": ["C", "J", "C"],
                "nuts2_code": ["HU11", "HU12", "HU12"],
                "micro_huf_mn": [120.0, -60.0, 40.0],
                "calibrated_huf_mn": [110.0, 1.0, 80.0],
                "is_in_review": [True, True, False],
            }
        ).assign(**year),
    )
    cell = {
        "numerator_code": "N2",
        "nace_version_code": "NACE_REV2",
        "region_code": "_T",
        "cooperation_type_code": "_T",
    }
    cube = pd.DataFrame(
        {
            "attribution_code": ["full", "day_weighted", "full"],
            "time_rule": ["any_day", "day_weighted", "any_day"],
            "table_code": "T8",
            "activity_code": ["C19", "C19", "C25"],
            "bridged_huf_mn": [65.0, 55.0, 15.0],
            "calibrated_huf_mn": [130.0, 110.0, 30.0],
            "national_gva_huf_mn": [100.0, 100.0, 31.0],
            "complement_huf_mn": [-30.0, -10.0, 1.0],
        }
    ).assign(**year, **cell)
    step.put("interpretation.cooperation_gva", cube)
    # who cooperates is computed elsewhere: A for sure, B by half, the rest of the steps as the table runs them
    for name, rows in (
        ("cooperating_member", pd.DataFrame({"nothing": [0]})),
        (
            "contribution",
            pd.DataFrame(
                {
                    "table_code": "T8",
                    "activity_code": "C19",
                    "size_class_code": "_T",
                    "legal_unit_id": ["A", "B"],
                    "enterprise_group_id": "G1",
                    "any_day_expected": [0.5, 0.5],
                    "calibrated_huf_mn": [180.0, 80.0],
                }
            ).assign(**year, **cell),
        ),
    ):
        step.put(f"_interpretation_{name}", rows)
    for name in ("cell_above_margin", "review_contribution"):
        step.run(name)
    step.put("interpretation.margin_review", step.run("margin_review"))
    return step


def listed(step: Step, columns: str) -> list[tuple[object, ...]]:
    return step.connection.execute(
        f"SELECT {columns} FROM interpretation.margin_review ORDER BY numerator_code, table_code, activity_code, "
        "region_code, sector_code"
    ).fetchall()


def test_cells_above_their_margin_are_named(review: Step) -> None:
    found = listed(
        review,
        "numerator_code, table_code, activity_code, region_code, sector_code, reason_code, micro_huf_mn, "
        "calibrated_huf_mn, margin_huf_mn, excess_huf_mn, excess_pct",
    )
    near = pytest.approx
    assert found == [
        # C25 and J stay below; J62_J63 calibrates to its margin exactly
        ("N2", "T8", "C19", "_T", "S1", "calibration", 65, 130, 100, 30, 30),
        ("_T", "T2", "C", "_T", "S1", "calibration", 160, 290, 280, 10, near(1000 / 280)),
        ("_T", "T2", "R", "_T", "S1", "accounts", 7, 7, 5, 2, near(40)),
        ("_T", "T3", "_T", "HU12", "S1", "calibration", 100, 200, 190, 10, near(100 / 19)),
        ("_T", "T7", "C", "HU11", "S11", "accounts", 120, 110, 110, 10, near(1000 / 110)),
        ("_T", "T7", "C", "HU12", "S1", "calibration", 40, 80, 75, 5, near(100 / 15)),
        ("_T", "T7", "J", "HU12", "S11", "negative", -60, 1, 1, None, None),
        ("_T", "T8", "C19", "_T", "S1", "accounts", 130, 260, 100, 160, 160),
    ]


def test_contributors_are_groups_and_the_largest_unit_is_named(review: Step) -> None:
    found = listed(review, "legal_unit_count, group_count, top1_share_pct, top5_share_pct, largest_legal_unit_id")
    near = pytest.approx
    assert found == [
        (2, 1, 100, 100, "A"),
        (3, 2, near(100 * 260 / 290), near(100), "A"),
        (2, 2, near(100 * 8 / 9), near(100), "K"),
        (2, 2, near(60), near(100), "D"),
        (1, 1, 100, 100, "A"),
        (1, 1, 100, 100, "B"),
        (1, 1, 100, 100, "D"),
        (2, 1, 100, 100, "A"),
    ]


@pytest.mark.parametrize("forgotten", ["numerator_code = 'N2'", "sector_code = 'S11' AND activity_code = 'J'"])
def test_a_forgotten_cell_is_seen(review: Step, forgotten: str) -> None:
    assert review.violations("cells_above_margin_are_listed").empty
    review.connection.execute(f"DELETE FROM interpretation.margin_review WHERE {forgotten}")
    assert len(review.violations("cells_above_margin_are_listed")) == 1


def test_codes_of_reasons_are_defined(review: Step) -> None:
    table = TABLES["interpretation.variant_definition"]
    defined = table.compute(Build(table, review.connection, {}))
    assert isinstance(defined, pd.DataFrame)
    reasons = defined.loc[defined["dimension_code"] == "REVIEW_REASON", "code"]
    assert set(reasons) == {code for (code,) in listed(review, "reason_code")}
