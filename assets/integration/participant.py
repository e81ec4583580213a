"""Participants as the sources name them, and how large the legal units are that they may mean."""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, python_table, sql_table
from methods.identifiers import normalise
from methods.names import normalise_names

PARTICIPANT_SOURCES = (
    "source.cluster_membership",
    "source.cordis_organisation",
    "source.cordis_project",
    "source.interreg_partner",
    "source.structural_fund_project",
    "source.event_participant",
    "source.cooperation_event",
)

NAMES = """
    SELECT DISTINCT name FROM (
        SELECT member_name AS name FROM source.cluster_membership
        UNION ALL SELECT name FROM source.cordis_organisation
        UNION ALL SELECT partner_name FROM source.interreg_partner
        UNION ALL SELECT beneficiary_name FROM source.structural_fund_project
        UNION ALL SELECT organisation_name FROM source.event_participant
    ) WHERE name IS NOT NULL ORDER BY name"""

IDENTIFIERS = """
    SELECT DISTINCT text FROM (
        SELECT tax_number AS text FROM source.cluster_membership
        UNION ALL SELECT vat_number FROM source.cordis_organisation
        UNION ALL SELECT tax_number FROM source.interreg_partner
        UNION ALL SELECT tax_number FROM source.event_participant
    ) WHERE text IS NOT NULL ORDER BY text"""


def _participant(build: Build) -> Result:
    names = build.frame(NAMES)
    keys = normalise_names(names["name"])
    build.connection.register("name_key", names.assign(name_key=keys["name_key"], legal_form=keys["legal_form"]))
    texts = build.frame(IDENTIFIERS)
    parsed = normalise(texts["text"])
    build.connection.register("identifier", pd.concat([texts, parsed], axis=1))
    return build.sql("integration/participant.sql")


participant = python_table(
    "integration.participant",
    _participant,
    inputs=PARTICIPANT_SOURCES,
    sql=("integration/participant.sql",),
    parameters=("cohesion_project_days",),
)

firm_size = sql_table(
    "integration.firm_size",
    inputs=("source.annual_account", "source.exchange_rate", "integration.legal_unit"),
)

TABLES = (participant, firm_size)
