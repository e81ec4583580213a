"""Bringing firms' value added to the S.11 margins of national accounts, by activity and region.

Raking per year: rows are sections, columns are NUTS 2 regions. The margins bind; cooperations are not controlled, they
inherit the factor of their cell. A cell without any firm but with margins on both sides gets a small seed, flagged, so
that its share of the margin is not pushed onto neighbours that do have firms. Cells whose firms report less than
nothing are fitted by GRAS, which keeps signs. Margins that are not published yet are extrapolated from the accounts,
flagged, and never above the whole economy's figure for the activity.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.reconciliation import ReconciliationError, common_total, extrapolate_margins, gras, rake
from resources.errors import CoopgvaError

SEED_RATIO = 0.01
"""Seed of an empty cell as a share of what independence of activity and region would give it."""

MARGINS = """
    SELECT reference_year, ref_area, activity_code, value_huf_mn
    FROM integration.national_account
    WHERE sector_code = 'S11' AND sto_code = 'B1G'
      AND reference_year BETWEEN $first_reference_year AND $last_reference_year
      AND ((ref_area = $reference_area AND (activity_code = '_T' OR length(activity_code) = 1))
           OR (length(ref_area) = 4 AND activity_code = '_T'))
    ORDER BY ALL"""

ECONOMY = """
    SELECT reference_year, activity_code, value_huf_mn
    FROM integration.national_account
    WHERE sector_code = 'S1' AND sto_code = 'B1G' AND ref_area = $reference_area AND length(activity_code) = 1
    ORDER BY ALL"""

KEYS = ["activity_code", "nuts2_code"]
COLUMNS = [
    "reference_year",
    *KEYS,
    "unit_count",
    "proxy_huf_mn",
    "micro_huf_mn",
    "calibrated_huf_mn",
    "factor_ratio",
    "coverage_ratio",
    "method_flag",
    "is_calibrated",
    "is_extrapolated",
    "is_in_review",
]


@dataclass(frozen=True)
class Margins:
    """The margins of all years, published or extrapolated.

    Attributes:
        rows: (years, activities) HUF mn, missing where a year has none.
        columns: (years, regions) likewise.
        total: by year, the published S.11 total.
        economy: (years, activities) the whole economy (S.1), which an extrapolated margin does not exceed.
        extrapolated: the same two frames of booleans.
    """

    rows: pd.DataFrame
    columns: pd.DataFrame
    total: pd.Series
    economy: pd.DataFrame
    extrapolated: tuple[pd.DataFrame, pd.DataFrame]

    def of_year(self, year: int, rounding: float) -> tuple[pd.Series, pd.Series, pd.Series, pd.Series]:
        """Rows and columns of one total, and which of each are extrapolated; all empty where one of them lacks."""
        rows, columns = self.rows.T[year].dropna(), self.columns.T[year].dropna()
        if rows.empty or columns.empty:
            rows, columns = rows.iloc[:0], columns.iloc[:0]
        # without any margin the frames have no column and their values no type
        is_row: pd.Series = self.extrapolated[0].T[year].reindex(rows.index).astype(bool)
        is_column: pd.Series = self.extrapolated[1].T[year].reindex(columns.index).astype(bool)
        if len(rows):
            total = self.total.get(year)
            rows, columns = common_total(
                rows,
                columns,
                row_is_extrapolated=is_row,
                column_is_extrapolated=is_column,
                total=None if total is None else float(total),
                row_limit=self.economy.T[year] if year in self.economy.index else None,
                rounding=rounding,
            )
        return rows, columns, is_row, is_column


def complete_margins(
    margins: pd.DataFrame, economy: pd.DataFrame, cells: pd.DataFrame, reference_area: str, *, max_years: int
) -> Margins:
    """The margins of all years in which there are margins or cells.

    Args:
        margins: `reference_year`, `ref_area`, `activity_code`, `value_huf_mn`.
        economy: `reference_year`, `activity_code`, `value_huf_mn` of S.1.
        cells: `reference_year`, `activity_code`, `nuts2_code`, `micro_huf_mn`: the indicator of years without margins.
        reference_area: the country.
        max_years: how far from a published margin another may be extrapolated.
    """
    found = sorted(set(cells["reference_year"]) | set(margins["reference_year"]))
    years = pd.Index(range(found[0], found[-1] + 1) if found else [], dtype="int64", name="reference_year")
    national, whole = margins["ref_area"] == reference_area, margins["activity_code"] == "_T"
    completed = []
    for chosen, key, line in (
        (margins[national & ~whole], "activity_code", "activity_code"),
        (margins[~national & whole], "ref_area", "nuts2_code"),
    ):
        published = chosen.pivot(index="reference_year", columns=key, values="value_huf_mn").reindex(years)
        indicator = cells.pivot_table(index="reference_year", columns=line, values="micro_huf_mn", aggfunc="sum")
        completed.append(extrapolate_margins(published, indicator, max_years=max_years))
    (rows, is_row), (columns, is_column) = completed
    total = margins[national & whole].set_index("reference_year")["value_huf_mn"]
    whole_economy = economy.pivot(index="reference_year", columns="activity_code", values="value_huf_mn")
    return Margins(rows, columns, total, whole_economy, (is_row, is_column))


def reconcile_year(
    cells: pd.DataFrame,
    rows: pd.Series,
    columns: pd.Series,
    *,
    tolerance: float,
    max_iterations: int,
    review: float,
    negative_cells: str = "gras",
) -> pd.DataFrame:
    """Fit one year's cells to their margins.

    Args:
        cells: `activity_code`, `nuts2_code`, `unit_count`, `proxy_huf_mn`, `micro_huf_mn`.
        rows: margin by activity code, HUF mn; empty when there is none.
        columns: margin by region, HUF mn, same total as `rows`.
        tolerance: relative, for margins.
        max_iterations: of the fitting.
        review: coverage above which a cell is put under review; negative cells always are.
        negative_cells: `gras` keeps the signs of cells (flagged), `refuse` makes them an error.

    Returns:
        One row per cell in `COLUMNS` without the year and `is_extrapolated`.

    Raises:
        ReconciliationError: the two margins have different totals, cells cannot have the signs of their margins, or
            the fitting does not converge; lines are named by their codes.
    """
    if rows.empty or columns.empty:
        return cells.assign(
            calibrated_huf_mn=cells["micro_huf_mn"],
            factor_ratio=1.0,
            coverage_ratio=np.nan,
            method_flag="not_calibrated",
            is_calibrated=False,
            is_in_review=False,
        )
    grid = pd.MultiIndex.from_product([rows.index, columns.index], names=KEYS)
    known = cells.set_index(KEYS)
    outside = known.loc[~known.index.isin(grid)]
    table = known.reindex(grid)
    micro = table["micro_huf_mn"].fillna(0.0).to_numpy().reshape(len(rows), len(columns))
    empty = micro == 0
    seed = SEED_RATIO * np.outer(rows.clip(lower=0), columns.clip(lower=0)) / rows.sum()
    has_negative = bool((micro < 0).any() or (rows < 0).any() or (columns < 0).any())
    fit = gras if has_negative and negative_cells == "gras" else rake
    try:
        fitted = fit(np.where(empty, seed, micro), rows, columns, tolerance=tolerance, max_iterations=max_iterations)
    except ReconciliationError as error:
        raise ReconciliationError(_with_codes(str(error), rows, columns)) from None
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(empty, 1.0, fitted / micro)
        coverage = np.where(fitted != 0, micro / fitted, np.nan)
    result = pd.DataFrame(
        {
            "unit_count": table["unit_count"].fillna(0).astype(int).to_numpy(),
            "proxy_huf_mn": table["proxy_huf_mn"].fillna(0.0).to_numpy(),
            "micro_huf_mn": micro.ravel(),
            "calibrated_huf_mn": fitted.ravel(),
            "factor_ratio": factor.ravel(),
            "coverage_ratio": coverage.ravel(),
            "method_flag": np.where(empty, "seeded", "gras" if fit is gras else "raked").ravel(),
            "is_calibrated": ~empty.ravel(),
            "is_in_review": ((np.nan_to_num(coverage) > review) | (micro < 0)).ravel(),
        },
        index=grid,
    ).reset_index()
    result = result[(result["calibrated_huf_mn"] != 0) | (result["unit_count"] > 0)]
    if outside.empty:
        return result
    loose = reconcile_year(
        outside.reset_index(), rows.iloc[:0], columns, tolerance=tolerance, max_iterations=1, review=review
    )
    return pd.concat([result, loose], ignore_index=True)


def _with_codes(message: str, rows: pd.Series, columns: pd.Series) -> str:
    """A message that names activities and regions instead of positions."""

    def cell(match: re.Match[str]) -> str:
        return f"cell {rows.index[int(match[1])]} x {columns.index[int(match[2])]}"

    message = re.sub(r"cell \((\d+), (\d+)\)", cell, message)
    message = re.sub(r"\brow (\d+)", lambda m: f"activity {rows.index[int(m[1])]}", message)
    return re.sub(r"\bcolumn (\d+)", lambda m: f"region {columns.index[int(m[1])]}", message)


def reconcile(
    cells: pd.DataFrame, margins: pd.DataFrame, economy: pd.DataFrame, parameters: Mapping[str, Any]
) -> pd.DataFrame:
    """All years' cells fitted to their margins.

    Args:
        cells: as `reconcile_year`, with `reference_year`.
        margins: as `complete_margins`.
        economy: likewise.
        parameters: those the table declares.

    Raises:
        CoopgvaError: a year's margins cannot be met.
    """
    completed = complete_margins(
        margins, economy, cells, parameters["reference_area"], max_years=parameters["margin_extrapolation_max_years"]
    )
    results = []
    for year in completed.rows.index:
        try:
            rows, columns, is_row, is_column = completed.of_year(year, parameters["margin_rounding_huf_mn"])
            result = reconcile_year(
                cells[cells["reference_year"] == year].drop(columns="reference_year"),
                rows,
                columns,
                tolerance=parameters["reconciliation_tolerance"],
                max_iterations=parameters["reconciliation_max_iterations"],
                review=parameters["review_coverage_ratio"],
                negative_cells=parameters["reconciliation_negative_cells"],
            )
        except ReconciliationError as error:
            raise CoopgvaError(
                f"the S.11 margins of {year} cannot be met: {error}",
                where="interpretation.reconciliation",
                action="look at the S11 rows of source.national_account for that year",
            ) from None
        extrapolated = result["activity_code"].isin(is_row.index[is_row]) | result["nuts2_code"].isin(
            is_column.index[is_column]
        )
        extrapolated &= result["method_flag"] != "not_calibrated"
        flag = result["method_flag"].where(~extrapolated, result["method_flag"] + "_extrapolated")
        results.append(result.assign(reference_year=year, is_extrapolated=extrapolated, method_flag=flag))
    if not results:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    return pd.concat(results, ignore_index=True)[COLUMNS]


def _reconciliation(build: Build) -> Result:
    cells = build.sql("interpretation/micro_cell.sql").df()
    final = reconcile(cells, build.frame(MARGINS), build.frame(ECONOMY), build.parameters)
    fitted = final[final["method_flag"] != "not_calibrated"]
    if len(fitted):
        build.facts["coverage_ratio"] = float(fitted["micro_huf_mn"].sum() / fitted["calibrated_huf_mn"].sum())
    build.facts["cells_in_review"] = int(final["is_in_review"].sum())
    years = sorted(set(final.loc[final["is_extrapolated"].astype(bool), "reference_year"]))
    build.facts["years_with_extrapolated_margins"] = ", ".join(map(str, years))
    return final


reconciliation = python_table(
    "interpretation.reconciliation",
    _reconciliation,
    inputs=(
        "interpretation.value_added",
        "interpretation.regional_share",
        "integration.legal_unit",
        "integration.national_account",
    ),
    sql=("interpretation/micro_cell.sql",),
    parameters=(
        "first_reference_year",
        "last_reference_year",
        "reference_area",
        "reconciliation_tolerance",
        "reconciliation_max_iterations",
        "reconciliation_negative_cells",
        "margin_rounding_huf_mn",
        "margin_extrapolation_max_years",
        "review_coverage_ratio",
        "review_blocking_share_pct",
    ),
    checks=(
        SqlCheck("margins_are_met", "Calibrated cells sum to the S.11 margins of every activity and region"),
        SqlCheck(
            "rest_of_economy_not_negative",
            "Non-financial corporations produce no more than the whole economy in any activity",
        ),
        SqlCheck("margins_have_firms", "Every activity with a margin has firms with accounts", severity="warn"),
        SqlCheck(
            "year_within_its_margins",
            "Firms do not report more than their cells by over a given share of the year's S.11 GVA; look at the cells "
            "under review, one account in the wrong unit is enough",
        ),
    ),
)

TABLES = (reconciliation,)
