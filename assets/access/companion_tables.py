"""Published tables beside cooperation-linked GVA: codes, outlook, goal 1, ties between regions, quality.

Belongs here: tables that hold no value of a firm, because they are made of published shares, of public lists of
projects and labels, or of definitions. Does not belong here: anything with money of firms, which needs the protection
of `assets.access.published_tables`; so the GVA at the ends of regional ties and of single cooperations stays inside.
"""

from __future__ import annotations

from assets.access.published_tables import cooperation_gva
from assets.table import SqlCheck, sql_table

code_definition = sql_table(
    "access.code_definition",
    inputs=("interpretation.variant_definition", "source.nace_code", "source.nuts_region"),
)

outlook = sql_table(
    "access.outlook",
    inputs=("interpretation.outlook", cooperation_gva.name),
    checks=(SqlCheck("outlook_rests_on_open_shares", "No projection rests on a share that is withheld"),),
)

goal_1 = sql_table("access.goal_1", inputs=("interpretation.goal_1",))

key_industry = sql_table(
    "access.key_industry",
    inputs=("interpretation.key_industry",),
    check_inputs=(goal_1.name,),
    checks=(SqlCheck("industries_make_goal_1", "The industries that pass are the K of goal 1"),),
)

interregional_cooperation = sql_table(
    "access.interregional_cooperation", inputs=("interpretation.interregional_cooperation",)
)

international_cooperation = sql_table(
    "access.international_cooperation", inputs=("interpretation.international_cooperation",)
)

quality_indicator = sql_table(
    "access.quality_indicator",
    inputs=(
        "interpretation.imputation_rate",
        "interpretation.reconciliation",
        "interpretation.cooperation_overlap",
        "integration.link_quality",
        cooperation_gva.name,
    ),
    tolerates_failed_checks=True,  # to show them is its purpose
)

TABLES = (
    code_definition,
    outlook,
    goal_1,
    key_industry,
    interregional_cooperation,
    international_cooperation,
    quality_indicator,
)
