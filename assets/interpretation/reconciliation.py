"""Bringing firms' value added to the S.11 margins of national accounts, by activity and region.

Raking per year: rows are sections, columns are NUTS 2 regions. The margins bind; cooperations are not controlled, they
inherit the factor of their cell. A cell without any firm but with margins on both sides gets a small seed, flagged, so
that its share of the margin is not pushed onto neighbours that do have firms.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.reconciliation import ReconciliationError, rake
from resources.errors import CoopgvaError

SEED_RATIO = 0.01
"""Seed of an empty cell as a share of what independence of activity and region would give it."""

MARGINS = """
    SELECT reference_year, ref_area, activity_code, value_huf_mn
    FROM integration.national_account
    WHERE sector_code = 'S11' AND sto_code = 'B1G'
      AND reference_year BETWEEN $first_reference_year AND $last_reference_year
      AND ((ref_area = $reference_area AND activity_code <> '_T' AND length(activity_code) = 1)
           OR (length(ref_area) = 4 AND activity_code = '_T'))
    ORDER BY ALL"""

COLUMNS = [
    "reference_year",
    "activity_code",
    "nuts2_code",
    "unit_count",
    "proxy_huf_mn",
    "micro_huf_mn",
    "calibrated_huf_mn",
    "factor_ratio",
    "coverage_ratio",
    "method_flag",
    "is_in_review",
]


def reconcile_year(
    cells: pd.DataFrame, rows: pd.Series, columns: pd.Series, *, tolerance: float, max_iterations: int, review: float
) -> pd.DataFrame:
    """Rake one year's cells.

    Args:
        cells: `activity_code`, `nuts2_code`, `unit_count`, `proxy_huf_mn`, `micro_huf_mn`.
        rows: margin by activity code, HUF mn; empty when there is none.
        columns: margin by region, HUF mn, same total as `rows`.
        tolerance: relative, for margins.
        max_iterations: of the raking.
        review: coverage above which a cell is put under review.

    Returns:
        One row per cell in `COLUMNS` without the year.

    Raises:
        ReconciliationError: the two margins have different totals, or raking does not converge.
    """
    keys = ["activity_code", "nuts2_code"]
    if rows.empty or columns.empty:
        return cells.assign(
            calibrated_huf_mn=cells["micro_huf_mn"],
            factor_ratio=1.0,
            coverage_ratio=np.nan,
            method_flag="not_calibrated",
            is_in_review=False,
        )
    grid = pd.MultiIndex.from_product([rows.index, columns.index], names=keys)
    known = cells.set_index(keys)
    outside = known.loc[~known.index.isin(grid)]
    table = known.reindex(grid)
    micro = table["micro_huf_mn"].fillna(0.0).to_numpy().reshape(len(rows), len(columns))
    seed = SEED_RATIO * np.outer(rows, columns) / rows.sum()
    empty = micro <= 0
    raked = rake(np.where(empty, seed, micro), rows, columns, tolerance=tolerance, max_iterations=max_iterations)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.where(empty, 1.0, raked / micro)
        coverage = np.where(raked > 0, micro / raked, np.nan)
    result = pd.DataFrame(
        {
            "unit_count": table["unit_count"].fillna(0).astype(int).to_numpy(),
            "proxy_huf_mn": table["proxy_huf_mn"].fillna(0.0).to_numpy(),
            "micro_huf_mn": table["micro_huf_mn"].fillna(0.0).to_numpy(),
            "calibrated_huf_mn": raked.ravel(),
            "factor_ratio": factor.ravel(),
            "coverage_ratio": coverage.ravel(),
            "method_flag": np.where(empty, "seeded", "raked").ravel(),
            "is_in_review": (np.nan_to_num(coverage) > review).ravel(),
        },
        index=grid,
    ).reset_index()
    result = result[(result["calibrated_huf_mn"] > 0) | (result["unit_count"] > 0)]
    if outside.empty:
        return result
    loose = reconcile_year(
        outside.reset_index(), rows.iloc[:0], columns, tolerance=tolerance, max_iterations=1, review=review
    )
    return pd.concat([result, loose], ignore_index=True)


def _reconciliation(build: Build) -> Result:
    cells = build.sql("interpretation/micro_cell.sql").df()
    margins = build.frame(MARGINS)
    national = margins["ref_area"] == build.parameters["reference_area"]
    years = sorted(set(cells["reference_year"]) | set(margins["reference_year"]))
    results = []
    for year in years:
        of_year = margins["reference_year"] == year
        rows = margins[of_year & national].set_index("activity_code")["value_huf_mn"]
        columns = margins[of_year & ~national].set_index("ref_area")["value_huf_mn"]
        try:
            result = reconcile_year(
                cells[cells["reference_year"] == year].drop(columns="reference_year"),
                rows,
                columns,
                tolerance=build.parameters["reconciliation_tolerance"],
                max_iterations=build.parameters["reconciliation_max_iterations"],
                review=build.parameters["review_coverage_ratio"],
            )
        except ReconciliationError as error:
            raise CoopgvaError(
                f"the S.11 margins of {year} cannot be met: {error}",
                where="interpretation.reconciliation",
                action="look at the S11 rows of source.national_account for that year",
            ) from None
        results.append(result.assign(reference_year=year))
    if not results:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    final = pd.concat(results, ignore_index=True)[COLUMNS]
    raked = final[final["method_flag"] != "not_calibrated"]
    if len(raked):
        build.facts["coverage_ratio"] = float(raked["micro_huf_mn"].sum() / raked["calibrated_huf_mn"].sum())
    build.facts["cells_in_review"] = int(final["is_in_review"].sum())
    return final


reconciliation = python_table(
    "interpretation.reconciliation",
    _reconciliation,
    inputs=("interpretation.value_added", "integration.legal_unit", "integration.national_account"),
    sql=("interpretation/micro_cell.sql",),
    parameters=(
        "first_reference_year",
        "last_reference_year",
        "reference_area",
        "reconciliation_tolerance",
        "reconciliation_max_iterations",
        "review_coverage_ratio",
        "review_blocking_share_pct",
    ),
    checks=(
        SqlCheck("margins_are_met", "Calibrated cells sum to the S.11 margin of every activity"),
        SqlCheck(
            "year_within_its_margins",
            "Firms do not report more than their cells by over a given share of the year's S.11 GVA; look at the cells "
            "under review, one account in the wrong unit is enough",
        ),
    ),
)

TABLES = (reconciliation,)
