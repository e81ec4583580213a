"""How sure the share is: what is drawn from which rows, and how well a clerical sample corrects it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.interpretation.uncertainty import allocation_agreement, corrected, variant_weights
from tests.interpretation.steps import Step


def test_correction_needs_a_clerical_sample_that_says_something() -> None:
    known = pd.Series({"membership_recall": 0.9, "false_membership": 0.002})
    assert corrected(0.022564, known) == pytest.approx(0.0229, abs=1e-6)
    assert np.isnan(corrected(0.02, known.drop("false_membership")))
    assert np.isnan(corrected(0.02, pd.Series({"membership_recall": 0.1, "false_membership": 0.2})))


def test_agreement_of_keys_is_zero_where_no_unit_reports_both() -> None:
    columns = ["reference_year", "legal_unit_id", "employees", "wages_huf_mn"]
    assert allocation_agreement(pd.DataFrame(columns=columns)) == 0
    both = pd.DataFrame([(2023, "A", 50.0, 60.0), (2023, "A", 50.0, 40.0)], columns=columns)
    # ((0.6 - 0.5)^2 + (0.4 - 0.5)^2) / (0.25 + 0.25)
    assert allocation_agreement(both) == pytest.approx(0.04)


def test_spread_of_imputation_is_that_of_the_units_that_report(step: Step) -> None:
    rng = np.random.default_rng(4)
    units = [f"F{i}" for i in range(3000)]
    first = np.exp(rng.normal(3.0, 1.0, 3000))
    spread = np.repeat([0.2, 0.4], [2000, 1000])  # members' value added moves more
    rows = pd.concat(
        [
            pd.DataFrame(
                {
                    "legal_unit_id": units,
                    "reference_year": year,
                    "imputation_method": "none",
                    "year_coverage_ratio": 1.0,
                    "gva_basic_prices_huf_mn": value,
                    "net_turnover_huf_mn": value * np.exp(rng.normal(1.0, 0.4, 3000)),
                }
            )
            for year, value in ((2020, first), (2021, 1.1 * first * np.exp(rng.normal(0.0, 1.0, 3000) * spread)))
        ]
    )
    # an account in the wrong unit says nothing of growth, and must not decide
    rows.loc[(rows["reference_year"] == 2021) & (rows["legal_unit_id"] < "F10"), "gva_basic_prices_huf_mn"] *= 1e5
    step.put("interpretation.value_added", rows)
    step.put(
        "integration.legal_unit",
        pd.DataFrame({"legal_unit_id": units, "tax_stem": units, "nace_rev2_section": "C"}),
    )
    wages = np.exp(rng.normal(2.0, 1.0, 3000))
    accounts = pd.DataFrame(
        {
            "tax_stem": units,
            "fiscal_year": 2020,
            "operating_result": 0.0,
            "wages": wages,
            "personnel_expenses": wages * np.exp(rng.normal(0.2, 0.1, 3000)),
            "depreciation": 0.0,
            "net_turnover": 5 * wages,
            "is_consolidated": False,
            "is_previous_year": False,
        }
    )
    step.put("source.annual_account", accounts)
    step.put("interpretation.cooperating_firm", pd.DataFrame({"legal_unit_id": units[2000:]}))
    both = step.run("imputation_spread")
    apart = both.set_index(["spread_code", "distance", "is_member"])["log_spread"]
    assert apart["neighbour", 1, True] == pytest.approx(0.4, rel=0.08)
    found = both[~both["is_member"]].set_index(["spread_code", "distance"])["log_spread"]
    assert set(found.index) == {("neighbour", 1), ("ratio", 0), ("notes", 0)}
    assert found["neighbour", 1] == pytest.approx(0.2, rel=0.06)
    assert found["ratio", 0] == pytest.approx(0.4, rel=0.06)
    assert found["notes", 0] == pytest.approx(0.1, rel=0.06)


def test_imputed_units_know_how_far_away_their_account_is(step: Step) -> None:
    columns = ["legal_unit_id", "reference_year", "imputation_method", "is_imputed", "gva", "imputed"]
    rows = pd.DataFrame(
        [
            ("A", 2020, "none", False, 10.0, 0.0),
            ("A", 2021, "previous_year", True, 10.0, 10.0),
            ("A", 2022, "previous_year", True, 10.0, 10.0),
            ("B", 2022, "partial_year", True, 10.0, 4.0),
            ("C", 2022, "notes", True, -5.0, -5.0),
            ("D", 2020, "none", False, 10.0, 0.0),
            ("D", 2021, "neighbour_mean", True, 10.0, 10.0),
            ("D", 2023, "none", False, 10.0, 0.0),
        ],
        columns=columns,
    ).rename(columns={"gva": "gva_basic_prices_huf_mn", "imputed": "imputed_gva_huf_mn"})
    step.put("interpretation.value_added", rows)
    spread = pd.DataFrame(
        [
            ("neighbour", 1, False, 0.1),
            ("neighbour", 2, False, 0.2),
            ("neighbour", 1, True, 0.3),
            ("ratio", 0, True, 0.4),
        ],
        columns=["spread_code", "distance", "is_member", "log_spread"],
    )
    step.put("interpretation.cooperating_firm", pd.DataFrame({"legal_unit_id": ["B", "B"]}))
    step.put("interpretation.imputation_spread", spread)
    found = step.run("imputed_unit").set_index(["legal_unit_id", "reference_year"]).sort_index()
    assert found["distance"].to_dict() == {
        ("A", 2021): 1,
        ("A", 2022): 2,
        ("B", 2022): 1,
        ("C", 2022): 0,
        ("D", 2021): 1,
    }
    assert found["imputed_ratio"].tolist() == [1, 1, 0.4, 1, 1]
    assert found["spread_code"].tolist() == ["neighbour", "neighbour", "neighbour", "notes", "neighbour"]
    # nobody knows how wrong notes are: as wrong as the worst; members are wrong by their own spread
    assert found["log_spread"].tolist() == [0.1, 0.2, 0.3, 0.2, 0.1]


def test_uncertain_cells_hold_what_others_than_members_may_be_wrong_by(step: Step) -> None:
    unit = [
        "reference_year",
        "legal_unit_id",
        "nuts2_code",
        "activity_code",
        "bridged_huf_mn",
        "calibrated_huf_mn",
        "flag",
    ]
    units = pd.DataFrame(
        [
            (2023, "M", "HU11", "C", 30.0, 36.0, "calibrated"),
            (2023, "O", "HU11", "C", 10.0, 12.0, "calibrated"),
            (2023, "P", "HU11", "C", 20.0, 24.0, "calibrated"),
            (2023, "X", "HU11", "C", 99.0, 99.0, "not_calibrated"),
        ],
        columns=unit,
    ).rename(columns={"flag": "calibration_flag"})
    step.put("interpretation.regional_gva", units)
    step.put("interpretation.cooperating_firm", pd.DataFrame({"reference_year": [2023], "legal_unit_id": ["M"]}))
    cell = pd.DataFrame(
        {
            "reference_year": 2023,
            "activity_code": ["C", "J"],
            "nuts2_code": "HU11",
            "micro_huf_mn": [60.0, 0.0],
            "calibrated_huf_mn": [72.0, 5.0],
            "is_calibrated": [True, False],
            "is_extrapolated": False,
        }
    )
    step.put("interpretation.reconciliation", cell)
    imputed = pd.DataFrame(
        [(2023, "O", 0.5, 0.3), (2023, "M", 1.0, 0.3)],
        columns=["reference_year", "legal_unit_id", "imputed_ratio", "log_spread"],
    )
    step.put("_interpretation_imputed_unit", imputed)
    (found,) = step.run("uncertain_cell").to_dict("records")
    assert found["activity_code"] == "C"
    assert found["outside_square"] == pytest.approx(10.0**2 + 20.0**2)
    assert found["outside_imputed_variance"] == pytest.approx(5.0**2 * np.expm1(0.09))
    assert found["square_huf_mn2"] == pytest.approx(36.0**2 + 12.0**2 + 24.0**2)


def test_cells_are_crossed_with_groups_that_corporations_make_up(step: Step) -> None:
    cell = ["reference_year", "activity_code", "region_code", "calibrated_huf_mn", "square_huf_mn2", "is_extrapolated"]
    step.put(
        "_interpretation_uncertain_cell",
        pd.DataFrame(
            [
                (2023, "B", "HU11", 10.0, 50.0, False),
                (2023, "D", "HU11", 20.0, 175.0, False),
                (2023, "A", "HU11", 30.0, 9.0, False),
                (2024, "C", "HU11", 90.0, 9.0, True),
            ],
            columns=cell,
        ),
    )
    national = [
        (2023, "B-E", 140.0),
        (2023, "C", 100.0),
        (2023, "A", 100.0),
        (2024, "C", 100.0),
    ]
    step.put(
        "integration.national_account",
        pd.DataFrame(national, columns=["reference_year", "activity_code", "value_huf_mn"]).assign(
            ref_area="HU11", sector_code="S1", sto_code="B1G"
        ),
    )
    # agriculture is mostly nobody's corporation, 2024 has no margins, mining and energy are what manufacturing leaves
    (found,) = step.run("crossed_cell").to_dict("records")
    assert found["activity_code"] == "BDE"
    assert found["log_ratio"] == pytest.approx(np.log(30 / 40))
    assert found["concentration_ratio"] == pytest.approx(225 / 900)


def test_pieces_are_divided_where_only_employment_says_how(step: Step) -> None:
    columns = ["legal_unit_id", "nuts2_code", "allocation_flag", "share_ratio", "calibration_flag"]
    rows = pd.DataFrame(
        [
            ("A", "HU11", "employment", 0.25, "calibrated"),
            ("A", "HU11", "employment", 0.25, "calibrated"),
            ("A", "HU12", "employment", 0.5, "calibrated"),
            ("B", "HU11", "wages", 0.5, "calibrated"),
            ("B", "HU12", "wages", 0.5, "not_calibrated"),
            ("C", "HU11", "employment", 1.0, "calibrated"),
        ],
        columns=columns,
    ).assign(reference_year=2023, activity_code="C", bridged_huf_mn=4.0, calibrated_huf_mn=5.0)
    step.put("interpretation.regional_gva", rows)
    step.put(
        "interpretation.cooperating_firm", pd.DataFrame({"reference_year": 2023, "legal_unit_id": ["A", "B", "C"]})
    )
    found = step.run("member_piece").set_index(["firm_id", "region_code"]).sort_index()
    assert found["is_divided"].to_dict() == {
        ("A", "HU11"): True,
        ("A", "HU12"): True,
        ("B", "HU11"): False,
        ("B", "HU12"): False,
        ("C", "HU11"): False,
    }
    assert found.loc[("A", "HU11"), "calibrated_huf_mn"] == 10.0
    assert found["activity_code"].isna().tolist() == [False, False, False, True, False]


def test_weights_are_those_of_a_firm_that_takes_part() -> None:
    rows = pd.DataFrame(
        {
            "expected_ratio": [0.5, 0.0, 0.4],
            "any_day_expected": [0.5, 0.0, 0.4],
            "year_end_expected": [0.25, 0.0, 0.4],
            "day_expected": [0.125, 0.0, 0.2],
            "fractional_expected": [0.125, 0.0, 0.2],
            # two texts of two projects, each in full: more than the firm
            "project_expected": [np.nan, 0.0, 0.8],
        }
    )
    assert variant_weights(rows).tolist() == [[1, 0.5, 0.25, 0.25, 0], [0, 0, 0, 0, 0], [1, 1, 0.5, 0.5, 1]]
