"""Who cooperates in which year: the union of a legal unit's participations, so that a firm counts once."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.membership import day_share, year_end

PARTICIPATIONS = """
    SELECT legal_unit_id AS firm_id, numerator_code, cooperation_id, valid_from,
           least(valid_to, make_date($last_reference_year + 1, 1, 1)) AS valid_to, probability,
           CASE WHEN status = 'review' THEN 1
                WHEN method IN ('name_and_place', 'former_name_and_place') THEN 2 ELSE 3 END AS strength
    FROM integration.participation
    WHERE numerator_code IS NOT NULL AND (valid_to IS NULL OR valid_to > valid_from)
      AND valid_from < make_date($last_reference_year + 1, 1, 1)
    ORDER BY ALL"""

COLUMNS = {
    "reference_year": "int64",
    "numerator_code": "str",
    "legal_unit_id": "str",
    "day_share_ratio": "float64",
    "is_year_end": "bool",
    "cooperation_count": "int64",
    "probability": "float64",
    "evidence": "str",
}


def cooperating_firms(participations: pd.DataFrame, year: int) -> pd.DataFrame:
    """The firms of one numerator in one year.

    The strongest evidence decides which participations count: where a firm has accepted links, candidates under review
    add no days; a firm with candidates only is kept apart as such, for the upper bound.

    Args:
        participations: `firm_id`, `cooperation_id`, `valid_from`, `valid_to`, `probability`, `strength` (3 identifier,
            2 name, 1 candidate).
        year: reference year.

    Returns:
        One row per firm with at least one day in the year.
    """
    start, end = pd.Timestamp(year, 1, 1), pd.Timestamp(year + 1, 1, 1)
    valid_to = pd.to_datetime(participations["valid_to"]).fillna(end)
    inside = (pd.to_datetime(participations["valid_from"]) < end) & (valid_to > start)
    current = participations[inside]
    if current.empty:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items() if name != "numerator_code"})
    strongest = current.groupby("firm_id")["strength"].transform("max")
    counted = current[(current["strength"] >= 2) | (strongest == 1)]
    by_firm = counted.groupby("firm_id", sort=True)
    result = pd.DataFrame(
        {
            "day_share_ratio": day_share(counted, year),
            "is_year_end": year_end(counted, year),
            "cooperation_count": by_firm["cooperation_id"].nunique(),
            "probability": by_firm["probability"].max(),
            "strength": by_firm["strength"].max(),
        }
    )
    result["evidence"] = np.array(["candidate", "name", "identifier"])[result["strength"].to_numpy() - 1]
    return result.drop(columns="strength").rename_axis("legal_unit_id").reset_index().assign(reference_year=year)


def _cooperating_firm(build: Build) -> Result:
    participations = build.frame(PARTICIPATIONS)
    years = range(build.parameters["first_reference_year"], build.parameters["last_reference_year"] + 1)
    frames = [
        cooperating_firms(rows, year).assign(numerator_code=code)
        for code, rows in (
            ("N1", participations[participations["numerator_code"] == "N1"]),
            ("N2", participations),
        )
        for year in years
    ]
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


cooperating_firm = python_table(
    "interpretation.cooperating_firm",
    _cooperating_firm,
    inputs=("integration.participation",),
    parameters=("first_reference_year", "last_reference_year"),
    checks=(SqlCheck("n1_is_part_of_n2", "Whoever counts for N1 counts for N2"),),
)

TABLES = (cooperating_firm,)
