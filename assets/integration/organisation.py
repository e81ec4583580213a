"""Organisations behind the records: firms, universities, public bodies and partners from abroad, each once."""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table
from methods.organisation_names import compared_names
from methods.organisations import BASES, group_organisations

RECORD_SOURCES = (
    "integration.participant",
    "integration.firm_identity",
    "integration.legal_unit",
    "source.kohesio_beneficiary",
    "source.nuts_region",
)
RECORD = "integration/organisation_record.sql"
BENEFICIARY_UNIT = "integration/beneficiary_unit.sql"

SHARED_NAMES = """
    SELECT name_key FROM integration.legal_unit
    WHERE name_key IS NOT NULL GROUP BY name_key HAVING count(*) > 1 ORDER BY name_key"""


def _participant_organisation(build: Build) -> Result:
    build.sql(RECORD)
    records = build.frame('SELECT * FROM "_integration_organisation_record" ORDER BY record_id')
    is_beneficiary = records["record_source"] == "kohesio_beneficiary"
    domestic = records[is_beneficiary & (records["country"] == build.parameters["reference_area"])]
    # Nobody judged these names yet: what several firms of the register are called needs a place.
    names = compared_names(domestic["compared_name"], domestic["country"])
    build.connection.register(
        "beneficiary_name",
        domestic[["record_id", "region"]].assign(name_key=names["name_key"], legal_form_code=names["form"]),
    )
    build.sql(BENEFICIARY_UNIT)
    unit = build.frame('SELECT * FROM "_integration_beneficiary_unit"').set_index("record_id")["legal_unit_id"]
    accepted = records["legal_unit_id"].astype("str")
    records["legal_unit_id"] = accepted.where(accepted.notna(), records["record_id"].map(unit).astype("str"))

    shared = names.index[names["name_key"].isin(build.frame(SHARED_NAMES)["name_key"])]
    records.loc[shared, "is_ambiguous"] = True
    grouped = group_organisations(records.assign(name=records["compared_name"]))
    basis = grouped["basis"].where(~is_beneficiary | (grouped["basis"] != "legal_unit"), "name")
    best = records["probability"].groupby(grouped["organisation_id"]).transform("max").fillna(1.0)
    linked = records["probability"].fillna(best.where(~is_beneficiary, 1.0))
    build.facts |= {f"{name}_records": int((basis == name).sum()) for name in BASES}
    build.facts |= {"organisations": int(grouped["organisation_id"].nunique())}
    return pd.DataFrame(
        {
            "record_id": records["record_id"],
            "record_source": records["record_source"],
            "organisation_id": grouped["organisation_id"],
            "basis": basis,
            "probability": linked.astype(float),
        }
    )


def _organisation(build: Build) -> Result:
    build.sql(RECORD)
    return build.sql("integration/organisation.sql")


participant_organisation = python_table(
    "integration.participant_organisation",
    _participant_organisation,
    inputs=RECORD_SOURCES,
    sql=(RECORD, BENEFICIARY_UNIT),
    parameters=("reference_area",),
    checks=(
        SqlCheck("every_record_has_one_organisation", "Every participant's record has one organisation"),
        SqlCheck("accepted_link_is_the_organisation", "An organisation has at most one legal unit, the accepted one"),
        SqlCheck("pic_is_one_organisation", "Two organisations do not share a PIC, unless they are legal units"),
        SqlCheck("pic_is_one_legal_unit", "The accepted links of one PIC lead to one legal unit", severity="warn"),
    ),
)

organisation = python_table(
    "integration.organisation",
    _organisation,
    inputs=(*RECORD_SOURCES, "source.postal_code", "integration.participant_organisation"),
    sql=(RECORD, "integration/organisation.sql"),
    parameters=("reference_area",),
    checks=(SqlCheck("organisation_of_every_record", "Organisations are those that records mean, no more, no fewer"),),
)

TABLES = (participant_organisation, organisation)
