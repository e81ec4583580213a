"""Cells fitted to margins: rounding, margins not published yet, negative cells, and every refusal in plain words."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assets.interpretation.reconciliation import reconcile, reconcile_year
from resources.errors import CoopgvaError
from tests.interpretation.steps import PARAMETERS

REGIONS = ("HU11", "HU21")


def cells_of(values: dict[int, dict[str, tuple[float, ...]]]) -> pd.DataFrame:
    """Cells from year -> section -> GVA by region."""
    rows = [
        (year, section, region, 3, value, value)
        for year, sections in values.items()
        for section, by_region in sections.items()
        for region, value in zip(REGIONS, by_region, strict=True)
        if value
    ]
    columns = ["reference_year", "activity_code", "nuts2_code", "unit_count", "proxy_huf_mn", "micro_huf_mn"]
    return pd.DataFrame(rows, columns=columns)


def margins_of(values: dict[int, dict[str, float]]) -> pd.DataFrame:
    """Margins from year -> section, region or `_T` -> value."""
    rows = [
        (year, code if code in REGIONS else "HU", "_T" if code in REGIONS else code, value)
        for year, lines in values.items()
        for code, value in lines.items()
    ]
    return pd.DataFrame(rows, columns=["reference_year", "ref_area", "activity_code", "value_huf_mn"])


CELLS = {year: {"C": (40.0, 20.0), "J": (30.0, 10.0)} for year in (2021, 2022, 2023)}
FULL = {"_T": 120.0, "C": 70.0, "J": 50.0, "HU11": 85.0, "HU21": 35.0}


def fitted(
    cells: dict[int, dict[str, tuple[float, ...]]],
    margins: dict[int, dict[str, float]],
    economy: dict[int, dict[str, float]] | None = None,
    **changes: Any,
) -> pd.DataFrame:
    whole = margins_of(economy or {}).drop(columns="ref_area")
    result = reconcile(cells_of(cells), margins_of(margins), whole, PARAMETERS | changes)
    return result.set_index(["reference_year", "activity_code", "nuts2_code"])


def sums(result: pd.DataFrame, year: int) -> dict[str, float]:
    """Calibrated sums of a year by section and by region."""
    of_year = result.loc[year]["calibrated_huf_mn"]
    return of_year.groupby("activity_code").sum().to_dict() | of_year.groupby("nuts2_code").sum().to_dict()


def test_published_margins_are_met() -> None:
    result = fitted(CELLS, dict.fromkeys(CELLS, FULL))
    assert sums(result, 2022) == pytest.approx({k: v for k, v in FULL.items() if k != "_T"})
    assert set(result["method_flag"]) == {"raked"}
    assert not result["is_extrapolated"].any()
    assert result["is_calibrated"].all()
    np.testing.assert_allclose(result["coverage_ratio"] * result["factor_ratio"], 1)


def test_margins_of_the_last_year_are_extrapolated_and_flagged() -> None:
    cells = CELLS | {2023: {"C": (44.0, 22.0), "J": (45.0, 15.0)}}
    result = fitted(cells, dict.fromkeys((2021, 2022), FULL))
    last = result.loc[2023]
    assert last["is_extrapolated"].all()
    assert set(last["method_flag"]) == {"raked_extrapolated"}
    # C grew by a tenth and J by half on both sides; the ratio to the published margins is carried
    assert sums(result, 2023)["C"] == pytest.approx(77)
    assert sums(result, 2023)["J"] == pytest.approx(75)
    assert not result.loc[2022, "is_extrapolated"].any()


def test_published_sections_bind_where_only_regions_are_late() -> None:
    late = {"_T": 150.0, "C": 90.0, "J": 60.0}
    result = fitted(CELLS, {2021: FULL, 2022: FULL, 2023: late})
    found = sums(result, 2023)
    assert (found["C"], found["J"]) == (pytest.approx(90), pytest.approx(60))
    assert found["HU11"] / found["HU21"] == pytest.approx(85 / 35)
    assert result.loc[2023, "is_extrapolated"].all()


def test_a_published_total_binds_extrapolated_margins() -> None:
    result = fitted(CELLS, {2021: FULL, 2022: FULL, 2023: {"_T": 240.0}})
    assert sums(result, 2023)["C"] == pytest.approx(140)


@pytest.mark.parametrize("cells", [{}, {2021: CELLS[2021]}])
def test_without_any_margins_nothing_is_calibrated(cells: dict[int, dict[str, tuple[float, ...]]]) -> None:
    result = fitted(cells, {})
    assert len(result) == 4 * len(cells)
    assert set(result["method_flag"]) <= {"not_calibrated"}
    assert len(fitted(cells, {2021: {"_T": 120.0}})) == len(result), "a total alone is no margin of cells"


def test_extrapolated_corporations_stay_within_the_economy() -> None:
    cells = CELLS | {2022: {"C": (80.0, 40.0), "J": (30.0, 10.0)}}
    cells.pop(2023)
    result = fitted(cells, {2021: FULL}, {2022: {"C": 100.0, "J": 500.0}})
    assert sums(result, 2022)["C"] == pytest.approx(100)
    assert sums(result, 2022)["J"] == pytest.approx(50)
    known = fitted(cells, {2021: FULL, 2022: {"_T": 250.0}}, {2022: {"C": 100.0, "J": 500.0}})
    assert (sums(known, 2022)["C"], sums(known, 2022)["J"]) == (pytest.approx(100), pytest.approx(150))
    with pytest.raises(CoopgvaError, match="row totals at their limits sum to 190, the table to 250"):
        fitted(cells, {2021: FULL, 2022: {"_T": 250.0}}, {2022: {"C": 100.0, "J": 90.0}})


def test_years_too_far_from_any_margin_are_not_calibrated() -> None:
    result = fitted(CELLS, {2021: FULL}, margin_extrapolation_max_years=1)
    assert result.loc[2022, "is_extrapolated"].all()
    assert set(result.loc[2023, "method_flag"]) == {"not_calibrated"}
    assert (result.loc[2023, "factor_ratio"] == 1).all()
    assert not result.loc[2023, "is_calibrated"].any()


def test_rounded_margins_are_consistent_and_others_are_named() -> None:
    result = fitted({2021: CELLS[2021]}, {2021: FULL | {"HU21": 36.0}})
    assert sums(result, 2021)["C"] == pytest.approx(70)
    with pytest.raises(CoopgvaError, match=r"margins of 2021 cannot be met: .*row totals sum to 120, .* sum to 135"):
        fitted({2021: CELLS[2021]}, {2021: FULL | {"HU21": 50.0}})


def test_negative_cells_keep_their_sign_are_flagged_and_reviewed() -> None:
    cells = {2021: {"C": (40.0, -8.0), "J": (30.0, 50.0)}}
    result = fitted(cells, {2021: FULL}).loc[2021]
    assert result.loc[("C", "HU21"), "calibrated_huf_mn"] < 0
    assert (result["factor_ratio"] > 0).all()
    assert set(result["method_flag"]) == {"gras"}
    assert result["is_in_review"].to_dict()[("C", "HU21")]
    assert result["calibrated_huf_mn"].groupby("activity_code").sum().to_dict() == pytest.approx({"C": 70, "J": 50})
    with pytest.raises(CoopgvaError, match=r"cell C x HU21 is -8.*plain raking would flip signs"):
        fitted(cells, {2021: FULL}, reconciliation_negative_cells="refuse")


def test_a_line_that_cannot_have_its_margins_sign_is_named() -> None:
    cells = {2021: {"C": (-4.0, -8.0), "J": (30.0, 50.0)}}
    with pytest.raises(CoopgvaError, match="activity C has no positive cell but its total is 70; signs are kept"):
        fitted(cells, {2021: FULL})


def test_margins_that_are_not_reached_are_named() -> None:
    with pytest.raises(CoopgvaError, match=r"did not converge in 1 iterations: (activity|region) \w+ sums to"):
        fitted({2021: {"C": (1.0, 20.0), "J": (30.0, 1.0)}}, {2021: FULL}, reconciliation_max_iterations=1)


def test_empty_cells_are_seeded_and_loose_cells_left_alone() -> None:
    cells = {2021: {"C": (40.0, 0.0), "J": (30.0, 10.0), "K": (5.0, 5.0)}}
    result = fitted(cells, {2021: FULL}).loc[2021]
    assert result.loc[("C", "HU21"), ["method_flag", "unit_count", "is_calibrated"]].tolist() == ["seeded", 0, False]
    assert set(result.loc["K", "method_flag"]) == {"not_calibrated"}
    assert (result.loc["K", "calibrated_huf_mn"] == 5).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_margins_are_met_signs_kept_and_order_changes_nothing(seed: int) -> None:
    random = np.random.default_rng(seed)
    sections, regions = list("ABCDEF")[: random.integers(2, 7)], [f"HU{i}1" for i in range(1, random.integers(3, 9))]
    cells = pd.DataFrame([(s, r) for s in sections for r in regions], columns=["activity_code", "nuts2_code"])
    micro = random.uniform(1, 100, len(cells)) * np.where(random.random(len(cells)) < 0.05, -0.2, 1)
    cells = cells.assign(unit_count=1, proxy_huf_mn=micro, micro_huf_mn=micro)
    truth = cells.assign(value=micro * random.uniform(0.6, 1.8, len(cells)))
    rows, columns = (truth.groupby(k)["value"].sum() for k in ("activity_code", "nuts2_code"))
    settings_ = {"tolerance": 1e-10, "max_iterations": 5000, "review": 1.0}
    result = reconcile_year(cells, rows, columns, **settings_)
    for key, margin in (("activity_code", rows), ("nuts2_code", columns)):
        met = result.groupby(key)["calibrated_huf_mn"].sum()
        gross = result["calibrated_huf_mn"].abs().groupby(result[key]).sum()
        np.testing.assert_allclose(met, margin, rtol=1e-9, atol=1e-12 * gross.max())
    assert (np.sign(result["calibrated_huf_mn"]) == np.sign(result["micro_huf_mn"])).all()
    assert (result["factor_ratio"] > 0).all()
    again = reconcile_year(cells.iloc[random.permutation(len(cells))], rows, columns, **settings_)
    pd.testing.assert_frame_equal(result, again)


def test_complement_and_coverage_are_checked(step: Any) -> None:
    result = fitted({2021: CELLS[2021] | {"P": (0.0, 0.0)}}, {2021: FULL | {"P": 20.0, "HU11": 105.0}}).reset_index()
    step.put("interpretation.reconciliation", result)
    published = {"C": 70.0, "J": 49.0, "P": 100.0}
    margins = [(2021, "HU", "S1", "B1G", k, v) for k, v in published.items()]
    margins += [(2021, "HU", "S11", "B1G", k, v) for k, v in {"C": 70.0, "J": 50.0, "P": 20.0}.items()]
    margins += [(2021, "HU11", "S11", "B1G", "_T", 95.0), (2021, "HU21", "S11", "B1G", "_T", 35.0)]
    names = ["reference_year", "ref_area", "sector_code", "sto_code", "activity_code", "value_huf_mn"]
    step.put("integration.national_account", pd.DataFrame(margins, columns=names))
    assert step.violations("rest_of_economy_not_negative")["activity_code"].tolist() == ["J"]
    assert step.violations("margins_have_firms")["activity_code"].tolist() == ["P"]
    assert step.violations("margins_are_met")["ref_area"].tolist() == ["HU11"]
