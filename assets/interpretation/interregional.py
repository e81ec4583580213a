"""Who cooperates with whom across regions and borders: the graph, its sums by pair of regions, its reach and shape.

Every table names the kind of tie: joint projects (`_T` and each kind), co-membership of clusters and agreements between
clusters are never added up. Formulas are `methods.network`; events and counts of agreements are in `instruments`.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from assets.charts import region_matrix_chart
from assets.table import Build, Chart, Result, SqlCheck, python_table, sql_table
from methods.network import ei_index, network_shape, region_ties

YEARS = ("first_reference_year", "last_reference_year")
PROJECT_TYPES = ("rdi_project", "interreg_project", "cohesion_project")
"""What `_T` means: cooperations with a common task, partners and an end."""

MEMBERS = """
    SELECT g.cooperation_type_code, g.cooperation_id AS project_id, g.organisation_id, g.location, g.region_code,
           f.calibrated_huf_mn AS gva
    FROM interpretation.organisation_project AS g
    LEFT JOIN interpretation.firm_gva AS f USING (legal_unit_id, reference_year)
    WHERE g.reference_year = {year}
    ORDER BY ALL"""

SHAPE_MEMBERS = """
    SELECT cooperation_type_code, cooperation_id AS project_id, organisation_id, location
    FROM interpretation.organisation_project WHERE reference_year = {year} ORDER BY ALL"""

PAIR_COLUMNS = {
    "reference_year": "int64",
    "cooperation_type_code": "str",
    "region_code_a": "str",
    "region_code_b": "str",
    "pair_kind": "str",
    "weight": "float64",
    "tie_count": "int64",
    "repeated_tie_count": "int64",
    "project_count": "int64",
    "organisation_count_a": "int64",
    "organisation_count_b": "int64",
    "gva_a_huf_mn": "float64",
    "gva_b_huf_mn": "float64",
}

PAIR_NAMES = {
    "region_a": "region_code_a",
    "region_b": "region_code_b",
    "gva_a": "gva_a_huf_mn",
    "gva_b": "gva_b_huf_mn",
}

SHAPE_COLUMNS = {
    "reference_year": "int64",
    "cooperation_type_code": "str",
    "organisation_count": "int64",
    "home_organisation_count": "int64",
    "project_count": "int64",
    "participation_count": "int64",
    "tie_count": "int64",
    "repeated_tie_count": "int64",
    "repeated_tie_share_pct": "float64",
    "weight": "float64",
    "average_degree": "float64",
    "component_count": "int64",
    "largest_component_count": "int64",
    "largest_component_share_pct": "float64",
}


def _by_year_and_type(build: Build, query: str) -> Iterator[tuple[int, str, pd.DataFrame]]:
    """Members of each network; one year at a time is in memory."""
    for year in range(build.parameters["first_reference_year"], build.parameters["last_reference_year"] + 1):
        members = build.frame(query.format(year=year))
        kind = members["cooperation_type_code"]
        joint = members[kind.isin(PROJECT_TYPES)]
        if len(joint):
            yield year, "_T", joint
        for code in sorted(kind.unique()):
            yield year, str(code), members[kind == code]


def region_pairs(members: pd.DataFrame, year: int, code: str) -> pd.DataFrame:
    """Pairs of regions with at least one end at home, of one year and kind of tie.

    Args:
        members: `project_id`, `organisation_id`, `region_code`, `location` (home, abroad, unknown), `gva` (HUF mn).
        year: reference year.
        code: kind of tie; the ends of agreements between clusters are no firms and have no GVA.

    Returns:
        Rows of `interpretation.interregional_cooperation`.
    """
    ties = region_ties(members[["project_id", "organisation_id", "region_code", "gva"]])
    location = members.drop_duplicates("region_code").set_index("region_code")["location"]
    at = {end: ties[f"region_{end}"].map(location) for end in "ab"}
    is_home = {end: at[end] == "home" for end in "ab"}
    partner = at["b"].where(is_home["a"], at["a"])
    for end in "ab":
        ties[f"gva_{end}"] = ties[f"gva_{end}"].where(is_home[end] & (code != "c2c_agreement")).round(6)
    named = ties.rename(columns=PAIR_NAMES).assign(
        pair_kind="home-" + partner, reference_year=year, cooperation_type_code=code
    )
    return named.loc[is_home["a"] | is_home["b"], list(PAIR_COLUMNS)]


def _interregional_cooperation(build: Build) -> Result:
    frames = [region_pairs(rows, year, code) for year, code, rows in _by_year_and_type(build, MEMBERS)]
    return pd.concat([pd.DataFrame(columns=list(PAIR_COLUMNS)), *frames], ignore_index=True).astype(PAIR_COLUMNS)


def _international_cooperation(build: Build) -> Result:
    build.sql("interpretation/international_cooperation.sql")
    rows = build.frame("SELECT * FROM _interpretation_international_cooperation ORDER BY ALL")
    index = ei_index(rows["external_weight"].to_numpy(), rows.pop("placed_internal_weight").to_numpy())
    rows["ei_index"] = np.round(np.asarray(index, dtype=np.float64), 9)
    newest = rows[rows["reference_year"] == build.parameters["last_reference_year"]]
    nation = newest[(newest["cooperation_type_code"] == "_T") & (newest["region_code"] == "_T")]
    if len(nation):
        shown = nation.iloc[0][["international_share_pct", "partner_country_count", "ei_index"]].dropna()
        build.facts |= {str(name): float(value) for name, value in shown.items()}
    return rows


def _cooperation_network(build: Build) -> Result:
    rows = []
    for year, code, members in _by_year_and_type(build, SHAPE_MEMBERS):
        shape = network_shape(members)
        home = members.loc[members["location"] == "home", "organisation_id"].nunique()
        rows.append(
            {
                "reference_year": year,
                "cooperation_type_code": code,
                "organisation_count": shape["organisations"],
                "home_organisation_count": home,
                "project_count": shape["projects"],
                "participation_count": shape["participations"],
                "tie_count": shape["ties"],
                "repeated_tie_count": shape["repeated_ties"],
                "repeated_tie_share_pct": round(100 * shape["repeated_ties"] / shape["ties"], 6),
                "weight": shape["weight"],
                "average_degree": round(shape["average_degree"], 6),
                "component_count": shape["components"],
                "largest_component_count": shape["largest_component"],
                "largest_component_share_pct": round(100 * shape["largest_component"] / shape["organisations"], 6),
            }
        )
    return pd.DataFrame(rows, columns=list(SHAPE_COLUMNS)).astype(SHAPE_COLUMNS)


# both halves of the newest year's matrix: regions at home (longer codes than countries) by regions and countries
MATRIX = """
    WITH newest AS (
        SELECT * FROM interpretation.interregional_cooperation
        WHERE cooperation_type_code = '_T' AND pair_kind <> 'home-unknown'
          AND reference_year = (SELECT max(reference_year) FROM interpretation.interregional_cooperation)
    ),
    cell AS (
        SELECT reference_year, region_code_a AS region_code, region_code_b AS partner_code, weight FROM newest
        UNION
        SELECT reference_year, region_code_b, region_code_a, weight FROM newest
    )
    SELECT reference_year, region_code, partner_code, length(partner_code) > 2 AS is_home, weight
    FROM cell WHERE length(region_code) > 2 ORDER BY ALL"""

organisation_project = sql_table(
    "interpretation.organisation_project",
    inputs=(
        "integration.participant",
        "integration.participant_organisation",
        "integration.organisation",
        "source.c2c_agreement",
        "source.cluster",
        "source.nuts_region",
    ),
    parameters=(*YEARS, "reference_area"),
    checks=(SqlCheck("every_member_is_listed", "A project has as many members as it says"),),
)

interregional_cooperation = python_table(
    "interpretation.interregional_cooperation",
    _interregional_cooperation,
    inputs=("interpretation.organisation_project", "interpretation.firm_gva"),
    parameters=YEARS,
    checks=(
        SqlCheck("organisations_weigh_their_projects", "A region's ties weigh what its organisations' projects do"),
        SqlCheck("project_types_make_all_ties", "The kinds of projects add up to all ties"),
        SqlCheck("gva_at_an_end_within_region", "No end of ties has more GVA than the region's firms"),
    ),
    charts=(Chart("region_matrix", MATRIX, region_matrix_chart),),
)

international_cooperation = python_table(
    "interpretation.international_cooperation",
    _international_cooperation,
    inputs=("interpretation.interregional_cooperation", "interpretation.organisation_project"),
    sql=("interpretation/international_cooperation.sql",),
    parameters=("last_reference_year", "reference_area"),
    checks=(SqlCheck("regions_make_the_nation", "The regions' ties make the nation's"),),
)

cooperation_network = python_table(
    "interpretation.cooperation_network",
    _cooperation_network,
    inputs=("interpretation.organisation_project",),
    parameters=YEARS,
)

TABLES = (organisation_project, interregional_cooperation, international_cooperation, cooperation_network)
