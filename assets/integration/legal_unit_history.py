"""What a legal unit was called by in its time: identifiers with their intervals, and who continues whom.

Belongs here: typed identifiers, successions and former ids. Does not belong here: which unit a record means
(`assets.integration.firm_identity`).
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.identifiers import EU_VAT, HU_REGISTRATION_NUMBER, HU_TAX_NUMBER, LEI, euid, normalise
from methods.succession import final_successors

TEXTS = """
    SELECT DISTINCT identifier_kind, text FROM _integration_stated_identifier WHERE text IS NOT NULL ORDER BY ALL"""

PARSED_KIND = {
    "hu_tax_stem": HU_TAX_NUMBER,
    "vat_group": HU_TAX_NUMBER,
    "eu_vat": EU_VAT,
    "hu_registration_number": HU_REGISTRATION_NUMBER,
    "lei": LEI,
}
"""What `methods.identifiers` must find in a text of each kind for it to be valid."""


def parsed_identifiers(stated: pd.DataFrame) -> pd.DataFrame:
    """Values and validity of identifiers as stated.

    Args:
        stated: `identifier_kind` (key of `PARSED_KIND`), `text`.

    Returns:
        Those columns with `value` (normalised; a tax number or VAT group by its eight digits, an EU VAT number with its
        prefix; the text where it is no identifier of its kind; null for a dummy), `is_valid`, and `euid` for
        registration numbers.
    """
    found = normalise(stated["text"])
    kind, value = stated["identifier_kind"], found["value"]
    hungarian = found["kind"] == HU_TAX_NUMBER
    # a Hungarian EU VAT number is HU and the stem, and its check digit the stem's
    is_kind = (found["kind"] == kind.map(PARSED_KIND)) | (hungarian & (kind == "eu_vat"))
    stem = value.str.slice(0, 8)
    value = value.mask(hungarian & kind.isin(["hu_tax_stem", "vat_group"]), stem)
    value = value.mask(hungarian & (kind == "eu_vat"), "HU" + stem)
    is_valid = found["is_valid"] & is_kind
    registered = is_valid & (kind == "hu_registration_number")
    return stated.assign(value=value, is_valid=is_valid, euid=value.where(registered).map(euid, na_action="ignore"))


def _identifier(build: Build) -> Result:
    build.sql("integration/stated_identifier.sql")
    build.connection.register("parsed", parsed_identifiers(build.frame(TEXTS)))
    return build.sql("integration/legal_unit_identifier.sql")


def _succession(build: Build) -> Result:
    build.sql("integration/succession_event.sql")
    events = build.frame("SELECT * FROM _integration_succession_event ORDER BY event_number")
    followed = final_successors(events).assign(event_number=events["event_number"])
    build.connection.register("followed", followed)
    return build.sql("integration/legal_unit_succession.sql")


legal_unit_identifier = python_table(
    "integration.legal_unit_identifier",
    _identifier,
    inputs=("integration.legal_unit", "source.business_registry", "source.annual_account", "source.vat_group"),
    sql=("integration/stated_identifier.sql", "integration/legal_unit_identifier.sql"),
    checks=(
        SqlCheck(
            "identifier_of_one_unit",
            "An identifier of a kind that is not shared belongs to one unit at a time",
            severity="warn",
            max_failing_share=0.001,
        ),
        SqlCheck("identifier_interval", "An identifier ceases after it begins", severity="warn"),
    ),
)

legal_unit_succession = python_table(
    "integration.legal_unit_succession",
    _succession,
    inputs=("integration.legal_unit", "source.legal_unit_event", "source.link_decision"),
    sql=("integration/succession_event.sql", "integration/legal_unit_succession.sql"),
    checks=(
        SqlCheck("succession_without_cycle", "No chain of successions bites its tail", severity="warn"),
        SqlCheck(
            "succession_ends_at_a_unit",
            "Every chain of successions ends at a unit that is known",
            severity="warn",
            max_failing_share=0.05,
        ),
    ),
)

TABLES = (legal_unit_identifier, legal_unit_succession)
