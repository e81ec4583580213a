"""Participants as the sources name them, and which legal unit each of them means.

The deterministic pass: valid identifiers first, then exact normalised name with place. What fits several firms equally
well, or fits by name alone, is sent to review and does not count in a point estimate.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
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


def _named(names: pd.DataFrame, column: str) -> pd.DataFrame:
    """The frame with `name_key` and `legal_form` of one of its columns."""
    keys = normalise_names(names[column])
    return names.assign(name_key=keys["name_key"], legal_form=keys["legal_form"])


def _participant(build: Build) -> Result:
    build.connection.register("name_key", _named(build.frame(NAMES), "name"))
    texts = build.frame(IDENTIFIERS)
    parsed = normalise(texts["text"])
    build.connection.register("identifier", pd.concat([texts, parsed], axis=1))
    return build.sql("integration/participant.sql")


def _firm_identity(build: Build) -> Result:
    former = build.frame("SELECT DISTINCT legal_unit_id, name FROM source.name_history ORDER BY ALL")
    current = build.frame(
        "SELECT legal_unit_id, name_key, legal_form_code, false AS is_former FROM integration.legal_unit "
        "WHERE name_key IS NOT NULL ORDER BY legal_unit_id"
    )
    renamed = _named(former, "name").rename(columns={"legal_form": "legal_form_code"}).assign(is_former=True)
    build.connection.register("unit_name", pd.concat([current, renamed[list(current.columns)]], ignore_index=True))
    result = build.sql("integration/firm_identity.sql")
    counts = build.frame(
        'SELECT status, count(*) AS n FROM "_integration_firm_identity" GROUP BY status ORDER BY status'
    )
    total = int(counts["n"].sum())
    build.facts |= {
        f"{status}_share_pct": 100.0 * n / total for status, n in zip(counts["status"], counts["n"], strict=True)
    }
    return result


participant = python_table(
    "integration.participant",
    _participant,
    inputs=PARTICIPANT_SOURCES,
    sql=("integration/participant.sql",),
    parameters=("cohesion_project_days",),
)

firm_identity = python_table(
    "integration.firm_identity",
    _firm_identity,
    inputs=("integration.participant", "integration.legal_unit", "source.name_history"),
    sql=("integration/firm_identity.sql",),
    parameters=("identifier_match_probability", "name_match_probability", "name_only_probability"),
    checks=(
        SqlCheck("link_refers_to_legal_unit", "Every link refers to a legal unit that exists"),
        SqlCheck("every_participant_is_decided", "Every participant's record has one decision"),
    ),
)

unmatched_participant = sql_table(
    "integration.unmatched_participant", inputs=("integration.participant", "integration.firm_identity")
)

TABLES = (participant, firm_identity, unmatched_participant)
