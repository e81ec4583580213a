"""Where legal units work: their value added divided among regions by wages, employment or the seat.

`regional_share` lists only units whose local units say more than the seat does, so that it is small, and empty where no
local units are delivered. The cells of the reconciliation are built from it.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.regional import allocate_enterprises

COLUMNS = {
    "reference_year": "int64",
    "legal_unit_id": "str",
    "nuts3_code": "str",
    "nuts2_code": "str",
    "share_ratio": "float64",
    "allocation_flag": "str",
    "survey_year": "int64",
}


def regional_shares(local_units: pd.DataFrame) -> pd.DataFrame:
    """Shares of the counties in each legal unit of one year.

    Args:
        local_units: `legal_unit_id`, `nuts3_code`, `is_seat`, `employees`, `wages_huf_mn`, one row per unit and county.

    Returns:
        `legal_unit_id`, `nuts3_code`, `nuts2_code`, `share_ratio`, `allocation_flag` of units that can be divided by
        wages or employment; counties without a share are left out.
    """
    renamed = local_units.rename(
        columns={
            "legal_unit_id": "enterprise_id",
            "nuts3_code": "region",
            "employees": "employment",
            "wages_huf_mn": "wages",
        }
    )
    whole = pd.Series(1.0, index=pd.Index(renamed["enterprise_id"].unique()))
    divided = allocate_enterprises(whole, renamed)
    divided = divided[divided["allocation_method"].isin(["wages", "employment"]) & (divided["weight_ratio"] > 0)]
    result = divided.rename(
        columns={
            "enterprise_id": "legal_unit_id",
            "region": "nuts3_code",
            "weight_ratio": "share_ratio",
            "allocation_method": "allocation_flag",
        }
    )
    return result.assign(nuts2_code=result["nuts3_code"].str[:4]).drop(columns="gva")


def _regional_share(build: Build) -> Result:
    local_units = (
        build.sql("interpretation/local_unit_year.sql").order("reference_year, legal_unit_id, nuts3_code").df()
    )
    frames = []
    for year, of_year in local_units.groupby("reference_year", sort=True):
        surveyed = of_year.drop_duplicates("legal_unit_id").set_index("legal_unit_id")["survey_year"]
        shares = regional_shares(of_year)
        frames.append(shares.assign(reference_year=year, survey_year=shares["legal_unit_id"].map(surveyed)))
    build.facts["units_in_several_regions"] = int(local_units["legal_unit_id"].nunique())
    if not frames:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    return pd.concat(frames, ignore_index=True)[list(COLUMNS)].astype(COLUMNS)


regional_share = python_table(
    "interpretation.regional_share",
    _regional_share,
    inputs=("source.local_unit", "interpretation.value_added", "integration.legal_unit"),
    sql=("interpretation/local_unit_year.sql",),
)

regional_gva = sql_table(
    "interpretation.regional_gva",
    inputs=(
        "interpretation.firm_gva",
        "interpretation.regional_share",
        "interpretation.reconciliation",
        "integration.legal_unit",
    ),
    checks=(
        SqlCheck(
            "calibrated_firms_sum_to_cells",
            "Calibrated firms, by the regions they work in, add up to the cells they were calibrated to",
        ),
        SqlCheck("parts_sum_to_unit", "The regional parts of a legal unit add up to it"),
    ),
)

TABLES = (regional_share, regional_gva)
