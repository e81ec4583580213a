"""Where the share may go by the target year: a projection, not an official statistic."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.charts_insight import outlook_chart
from assets.table import Build, Chart, Result, python_table
from methods.outlook import DIGITS, LABEL, MINIMUM_YEARS, outlook

SHARE = "interpretation/share_by_year.sql"

COLUMNS = [
    "numerator_code",
    "model_code",
    "reference_year",
    "base_year",
    "horizon_years",
    "observed_year_count",
    "point_pct",
    "low80_pct",
    "high80_pct",
    "target_share_pct",
    "target_year",
    "target_probability_ratio",
    "is_scenario_only",
    "label",
]


def outlook_rows(shares: pd.DataFrame, target_share_pct: float, target_year: int) -> pd.DataFrame:
    """Observed and projected shares of one numerator.

    Args:
        shares: `reference_year` and `share_pct`.
        target_share_pct: the target in %.
        target_year: last year to project.

    Returns:
        Rows in `COLUMNS` without the numerator; observed years have the model `observed` and no interval.
    """
    target = target_share_pct / 100.0
    projected = outlook(shares["share_pct"] / 100.0, shares["reference_year"], target=target, target_year=target_year)
    base_year, years = int(shares["reference_year"].max()), len(shares)
    if len(projected):
        years = int(projected["observed_years"].iloc[0])
    observed = pd.DataFrame(
        {
            "model_code": "observed",
            "reference_year": shares["reference_year"],
            "base_year": base_year,
            "horizon_years": shares["reference_year"] - base_year,
            "observed_years": years,
            "point_pct": shares["share_pct"].round(DIGITS),
            "low80_pct": np.nan,
            "high80_pct": np.nan,
            "target_probability": np.nan,
            "is_scenario_only": years < MINIMUM_YEARS,
        }
    )
    rows = pd.concat([observed.assign(label="observed"), projected.assign(label=LABEL)], ignore_index=True)
    return rows.assign(target_share_pct=target_share_pct, target_year=target_year).rename(
        columns={"observed_years": "observed_year_count", "target_probability": "target_probability_ratio"}
    )


def _outlook(build: Build) -> Result:
    target, target_year = build.parameters["target_share_pct"], build.parameters["target_year"]
    shares = build.sql(SHARE).df()
    frames = [
        outlook_rows(part, target, target_year).assign(numerator_code=numerator)
        for numerator, part in shares.groupby("numerator_code", sort=True)
    ]
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS})
    table = pd.concat(frames, ignore_index=True)
    goal = table[(table["model_code"] == "envelope") & (table["reference_year"] == target_year)]
    for numerator, chance in zip(goal["numerator_code"], goal["target_probability_ratio"], strict=True):
        build.facts[f"target_probability_{numerator}_ratio"] = float(chance)
    return table[COLUMNS]


outlook_table = python_table(
    "interpretation.outlook",
    _outlook,
    inputs=("interpretation.cooperating_firm", "interpretation.firm_gva", "integration.national_account"),
    sql=(SHARE,),
    parameters=("reference_area", "target_share_pct", "target_year"),
    charts=(
        Chart(
            "outlook",
            """SELECT numerator_code, model_code, reference_year, point_pct, low80_pct, high80_pct, target_share_pct
               FROM interpretation.outlook ORDER BY ALL""",
            outlook_chart,
        ),
    ),
)

TABLES = (outlook_table,)
