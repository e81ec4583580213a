"""Cooperations and the dated participations of legal units in them."""

from __future__ import annotations

from assets.table import SqlCheck, sql_table

cooperation = sql_table(
    "integration.cooperation",
    inputs=(
        "integration.participant",
        "source.cluster",
        "source.cordis_project",
        "source.interreg_partner",
        "source.structural_fund_project",
        "source.c2c_agreement",
        "source.cooperation_event",
    ),
    parameters=("cohesion_project_days",),
)

participation = sql_table(
    "integration.participation",
    inputs=(
        "integration.participant",
        "integration.firm_identity",
        "integration.link_candidate",
        "source.link_decision",
        "integration.cooperation",
        "source.cluster_label",
        "source.c2c_agreement",
    ),
    checks=(SqlCheck("participation_interval", "A participation ends after it begins", severity="warn"),),
)

TABLES = (cooperation, participation)
