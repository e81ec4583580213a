"""What is drawn anew, and what that does to the totals of places, on firms whose figures fit on a page."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from assets.interpretation.uncertainty import Part, allocation_agreement, corrected, drawn_totals
from tests.interpretation.steps import Step

DRAWS = 4000
TOTAL, OF_A, OF_B, OF_CLUSTERS, OF_PROJECTS = 1, 2, 3, 4, 5


def part(
    links: list[tuple[str, str, str, float, bool]],
    cells: list[tuple[int, str, str, str, float, float]],
    imputed: list[tuple[str, float, float]] | None = None,
    divided: list[tuple[str, str, float, float]] | None = None,
    agreement: float = 0.0,
) -> Part:
    return Part(
        2023,
        pd.DataFrame(links, columns=["group_id", "firm_id", "type_code", "probability", "is_counted_firm"]),
        pd.DataFrame(
            cells, columns=["place_id", "type_code", "firm_id", "region_code", "expected_ratio", "calibrated_huf_mn"]
        ),
        pd.DataFrame(imputed or [], columns=["firm_id", "imputed_ratio", "log_spread"]),
        pd.DataFrame(divided or [], columns=["firm_id", "region_code", "share_ratio", "calibrated_huf_mn"]),
        agreement,
    )


def totals(chosen: Part, sources: str = "links imputation allocation") -> dict[int, np.ndarray]:
    places, drawn = drawn_totals(chosen, DRAWS, 11, frozenset(sources.split()))
    return dict(zip(places, drawn, strict=True))


def test_a_text_means_one_firm_in_every_place_of_every_table() -> None:
    drawn = totals(
        part(
            [("g", "A", "cluster", 0.7, True), ("g", "B", "cluster", 0.3, True)],
            [
                (TOTAL, "_T", "A", "_T", 0.7, 100.0),
                (TOTAL, "_T", "B", "_T", 0.3, 40.0),
                (OF_A, "_T", "A", "_T", 0.7, 100.0),
                (OF_B, "_T", "B", "_T", 0.3, 40.0),
            ],
        )
    )
    assert set(np.unique(drawn[TOTAL])) == {40.0, 100.0}
    assert (drawn[OF_A] + drawn[OF_B] == drawn[TOTAL]).all()
    assert (drawn[OF_A] > 0).mean() == pytest.approx(0.7, abs=0.03)


def test_a_firm_counts_once_and_in_a_type_only_by_its_records_there() -> None:
    links = [
        ("g1", "A", "cluster", 0.5, True),
        ("g1", "A", "rdi_project", 0.5, True),
        ("g2", "A", "rdi_project", 0.5, True),
        ("g3", "A", "interreg_project", 0.9, False),
    ]
    cells = [(p, t, "A", "_T", e, 10.0) for p, t, e in ((TOTAL, "_T", 0.75), (OF_CLUSTERS, "cluster", 0.5))]
    drawn = totals(part(links, [*cells, (OF_PROJECTS, "rdi_project", "A", "_T", 0.75, 10.0)]))
    assert set(np.unique(drawn[TOTAL])) == {0.0, 10.0}
    assert (drawn[TOTAL] == drawn[OF_PROJECTS]).all()
    assert (drawn[OF_CLUSTERS] <= drawn[TOTAL]).all()
    assert drawn[TOTAL].mean() == pytest.approx(7.5, abs=0.3)
    assert drawn[OF_CLUSTERS].mean() == pytest.approx(5.0, abs=0.3)


def test_only_the_imputed_part_moves_and_its_mean_stays() -> None:
    chosen = part(
        [("g", "A", "cluster", 1.0, True), ("h", "B", "cluster", 1.0, True)],
        [(TOTAL, "_T", "A", "_T", 1.0, 100.0), (OF_B, "_T", "B", "_T", 1.0, 50.0)],
        imputed=[("A", 0.4, 0.5)],
    )
    drawn = totals(chosen)
    assert drawn[TOTAL].mean() == pytest.approx(100.0, abs=1.5)
    assert drawn[TOTAL].std() == pytest.approx(40.0 * np.sqrt(np.expm1(0.25)), rel=0.08)
    assert drawn[TOTAL].min() > 60.0
    assert (drawn[OF_B] == 50.0).all()
    assert (totals(chosen, "links")[TOTAL] == 100.0).all()


def test_what_is_not_drawn_counts_with_its_expectation() -> None:
    chosen = part([("g", "A", "cluster", 0.3, True)], [(TOTAL, "_T", "A", "_T", 0.3, 100.0)])
    assert totals(chosen, "imputation")[TOTAL] == pytest.approx(30.0)


def test_regions_move_against_each_other_and_the_unit_by_their_factors() -> None:
    cells = [
        (TOTAL, "_T", "A", "_T", 1.0, 110.0),
        (OF_A, "_T", "A", "HU11", 1.0, 60.0),
        (OF_B, "_T", "A", "HU12", 1.0, 50.0),
        (OF_B, "_T", "B", "HU12", 1.0, 7.0),
    ]
    links = [("g", "A", "cluster", 1.0, True), ("h", "B", "cluster", 1.0, True)]
    # half the unit in each region, calibrated by 1.2 in the one and by 1.0 in the other
    chosen = part(links, cells, divided=[("A", "HU11", 0.5, 60.0), ("A", "HU12", 0.5, 50.0)], agreement=0.05)
    drawn = totals(chosen)
    assert drawn[OF_A] / 60.0 + (drawn[OF_B] - 7.0) / 50.0 == pytest.approx(2.0)
    assert drawn[OF_A] + drawn[OF_B] - 7.0 == pytest.approx(drawn[TOTAL])
    assert drawn[OF_A].std() == pytest.approx(120 * np.sqrt(0.05 * 0.25), rel=0.06)
    assert (totals(chosen, "links")[OF_A] == 60.0).all()


def test_order_of_rows_changes_nothing() -> None:
    links = [("g", "A", "cluster", 0.4, True), ("g", "B", "cluster", 0.5, True), ("h", "B", "cluster", 0.2, True)]
    cells = [(p, "_T", f, "_T", 0.5, v) for p, f, v in ((TOTAL, "A", 3.0), (TOTAL, "B", 5.0), (OF_B, "B", 5.0))]
    first, second = totals(part(links, cells)), totals(part(links[::-1], cells[::-1]))
    assert all((first[place] == second[place]).all() for place in first)


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
            for year, value in ((2020, first), (2021, 1.1 * first * np.exp(rng.normal(0.0, 0.2, 3000))))
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
    found = step.run("imputation_spread").set_index(["spread_code", "distance"])["log_spread"]
    assert set(found.index) == {("neighbour", 1), ("ratio", 0), ("notes", 0)}
    assert found["neighbour", 1] == pytest.approx(0.2, rel=0.06)
    assert found["ratio", 0] == pytest.approx(0.4, rel=0.06)
    assert found["notes", 0] == pytest.approx(0.1, rel=0.06)


def test_imputed_members_know_how_far_away_their_account_is(step: Step) -> None:
    columns = ["legal_unit_id", "reference_year", "imputation_method", "is_imputed", "gva", "imputed"]
    rows = pd.DataFrame(
        [
            ("A", 2020, "none", False, 10.0, 0.0),
            ("A", 2021, "previous_year", True, 10.0, 10.0),
            ("A", 2022, "previous_year", True, 10.0, 10.0),
            ("B", 2022, "partial_year", True, 10.0, 4.0),
            ("C", 2022, "notes", True, -5.0, -5.0),
            ("D", 2022, "ratio", True, 10.0, 10.0),
        ],
        columns=columns,
    ).rename(columns={"gva": "gva_basic_prices_huf_mn", "imputed": "imputed_gva_huf_mn"})
    step.put("interpretation.value_added", rows)
    members = rows[["legal_unit_id", "reference_year"]][rows["legal_unit_id"] != "D"]
    step.put("interpretation.cooperating_firm", members)
    found = step.run("imputed_member").set_index(["legal_unit_id", "reference_year"])
    assert found["distance"].to_dict() == {("A", 2021): 1, ("A", 2022): 2, ("B", 2022): 1, ("C", 2022): 0}
    assert found["imputed_ratio"].to_dict() == {("A", 2021): 1, ("A", 2022): 1, ("B", 2022): 0.4, ("C", 2022): 1}
    assert found["spread_code"].tolist() == ["neighbour", "neighbour", "neighbour", "notes"]
