"""Cooperation-linked GVA per cell and variant, with the verdict of the primary disclosure rules on each; overlaps."""

from __future__ import annotations

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.attribution import VARIANTS
from methods.disclosure import PrimaryRules, primary_cells

VARIANT = ["attribution_code", "time_rule"]
WEIGHTS = dict(zip(VARIANTS, ("any_day", "year_end", "day", "fractional", "project"), strict=True))
"""Columns `<name>_weight` and `<name>_expected` that hold the weights of each variant."""

# A number stands for the group: the rules need to know who is the same, not who it is.
CONTRIBUTIONS = """
    SELECT place_id, dense_rank() OVER (ORDER BY enterprise_group_id) AS group_id, calibrated_huf_mn,
           COLUMNS('_weight$')
    FROM _interpretation_contribution
    WHERE evidence IN ('identifier', 'name')
    ORDER BY ALL"""


def _show_variants(build: Build) -> None:
    """Makes the variants of `methods.attribution` visible to SQL as `published_variant`."""
    variants = pd.DataFrame([(*variant, name) for variant, name in WEIGHTS.items()], columns=[*VARIANT, "weight_name"])
    build.connection.register("_variant", variants)
    build.connection.execute("CREATE OR REPLACE TEMP TABLE published_variant AS FROM _variant")


def verdicts(contributions: pd.DataFrame, rules: PrimaryRules) -> pd.DataFrame:
    """What the primary rules say of every place of every table, variant by variant.

    Args:
        contributions: accepted links: `place_id`, `group_id`, `calibrated_huf_mn` and a column `<name>_weight` for each
            of `WEIGHTS`; a weight of zero is no contribution.
        rules: the rules in force.

    Returns:
        The columns of `methods.disclosure.primary_cells` with `place_id`, the variant and `rule`.
    """
    frames = []
    for variant, name in WEIGHTS.items():
        weight = contributions[f"{name}_weight"]
        inside = contributions.loc[weight > 0, ["place_id", "group_id"]].assign(
            value=weight * contributions["calibrated_huf_mn"]
        )
        cells = primary_cells(inside, cell="place_id", contributor="group_id", value="value", rules=rules)
        frames.append(cells.reset_index().assign(**dict(zip(VARIANT, variant, strict=True))))
    result = pd.concat(frames, ignore_index=True)
    result["rule"] = np.select([result["is_frequency"], result["is_p_percent"]], ["frequency", "p_percent"], "none")
    return result


def _cooperation_gva(build: Build) -> Result:
    _show_variants(build)
    for step in ("cooperating_member", "contribution", "cooperation_cell", "denominator"):
        build.sql(f"interpretation/{step}.sql")
    rules = PrimaryRules(
        frequency=build.parameters["disclosure_min_contributors"],
        p_percent=build.parameters["disclosure_p_percent"],
    )
    build.connection.register("verdict", verdicts(build.frame(CONTRIBUTIONS), rules))
    return build.sql("interpretation/cooperation_gva.sql")


def _gva_by_cooperation(build: Build) -> Result:
    _show_variants(build)
    return build.sql("interpretation/gva_by_cooperation.sql")


cooperation_gva = python_table(
    "interpretation.cooperation_gva",
    _cooperation_gva,
    inputs=(
        "interpretation.cooperating_firm",
        "interpretation.cooperating_firm_by_type",
        "interpretation.member_attribution",
        "interpretation.firm_gva",
        "interpretation.regional_gva",
        "interpretation.nace_conversion",
        "interpretation.price_index",
        "interpretation.gva_interval",
        "integration.legal_unit",
        "integration.national_account",
    ),
    check_inputs=("interpretation.variant_definition",),
    sql=(
        "interpretation/cooperating_member.sql",
        "interpretation/contribution.sql",
        "interpretation/cooperation_cell.sql",
        "interpretation/denominator.sql",
        "interpretation/cooperation_gva.sql",
    ),
    parameters=(
        "reference_area",
        "nace_rev21_first_year",
        "disclosure_min_contributors",
        "disclosure_p_percent",
    ),
    checks=(
        SqlCheck("every_code_is_defined", "Every code of a variant is in interpretation.variant_definition"),
        SqlCheck("every_definition_is_used", "Every variant that is defined is computed", severity="warn"),
        SqlCheck("interval_contains_estimate", "Every cell has an interval, and it contains the estimate"),
        SqlCheck("complement_not_negative", "Cooperating firms produce no more than the whole cell", severity="warn"),
        SqlCheck(
            "breakdowns_sum_to_total",
            "T2, T3 and T5 add up to T1, T6 and T7 to T2, for firms whose code is known",
            severity="warn",
        ),
        SqlCheck("total_is_immune", "Both versions of NACE break down the same total", severity="warn"),
        SqlCheck("n1_within_n2", "No cell of N1 is above the same cell of N2", severity="warn"),
        SqlCheck("time_weight_within_any_day", "No day-weighted cell is above the cell of any day", severity="warn"),
        SqlCheck("fractions_are_additive", "By type of cooperation, fractional attribution adds up to the union"),
    ),
)

gva_by_cooperation = python_table(
    "interpretation.gva_by_cooperation",
    _gva_by_cooperation,
    inputs=(
        "interpretation.member_attribution",
        "interpretation.firm_gva",
        "interpretation.cooperation_gva",
    ),
    sql=("interpretation/gva_by_cooperation.sql",),
    checks=(
        SqlCheck("cooperations_and_overlap_make_union", "Cooperations and the overlap line add up to the total"),
        SqlCheck("fractional_needs_no_overlap", "Fractional attribution leaves nothing to the overlap line"),
    ),
)

cooperation_overlap = sql_table(
    "interpretation.cooperation_overlap",
    inputs=("interpretation.cooperation_gva", "interpretation.gva_by_cooperation"),
    checks=(
        SqlCheck("union_within_sum", "The union is no more than the sum over cooperations or types", severity="warn"),
    ),
)

TABLES = (cooperation_gva, gva_by_cooperation, cooperation_overlap)
