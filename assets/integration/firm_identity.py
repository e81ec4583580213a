"""Which legal unit each participant's record means: candidates of the record linkage, then people's decisions.

The linkage itself is `methods.linkage`; here its frames are gathered and its result is made a table. Two tables, so
that a decision of tonight does not link a hundred thousand records again.
"""

from __future__ import annotations

import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.linkage import Settings, link
from methods.linkage.people import apply_decisions

REGISTRY = """
    SELECT legal_unit_id AS firm_id, name, short_name, tax_stem AS tax_number, eu_vat, registration_number, lei,
           legal_form, postcode, settlement, address, county, nuts3_code, nace_rev2_code AS nace_code, employees,
           year(founded_date) AS founded_year,
           CASE WHEN dissolved_date IS NULL THEN 'active' ELSE 'dissolved' END AS status
    FROM integration.legal_unit ORDER BY legal_unit_id"""

RECORDS = """
    SELECT record_id, source_id AS source, name, country_code AS country, identifier_text AS tax_number, postcode,
           settlement, nuts3_code, year(valid_from) AS year
    FROM integration.participant
    WHERE may_be_domestic(name, country_code, identifier_kind, identifier_value, $reference_area)
    ORDER BY record_id"""

NAME_HISTORY = """
    SELECT DISTINCT legal_unit_id AS firm_id, name, year(valid_from) AS valid_from, year(valid_to) AS valid_to
    FROM source.name_history ORDER BY ALL"""

ADDRESS_HISTORY = """
    SELECT DISTINCT legal_unit_id AS firm_id, postcode, settlement, address, year(valid_to) AS valid_to
    FROM source.address_history ORDER BY ALL"""

EVENTS = """
    SELECT DISTINCT predecessor_id, successor_id, event_kind AS kind, year(event_date) AS year
    FROM source.legal_unit_event ORDER BY ALL"""

VAT_GROUPS = "SELECT DISTINCT group_tax_number, legal_unit_id AS firm_id FROM source.vat_group ORDER BY ALL"

PROPOSALS = """
    SELECT record_id, legal_unit_id AS firm_id, probability, method, status, reason
    FROM integration.link_candidate WHERE rank = 1 ORDER BY record_id"""

CANDIDATES = """
    SELECT record_id, legal_unit_id AS firm_id, probability FROM integration.link_candidate
    WHERE legal_unit_id IS NOT NULL ORDER BY record_id, rank"""

# an id that a decision names may be an older one of the same unit: the register's is meant
# "same as" a unit confirms that unit
DECISIONS = """
    SELECT d.record_id,
           CASE WHEN d.decision = 'same_as' AND d.other_record_id IS NULL THEN 'confirm' ELSE d.decision END
               AS decision,
           coalesce(a.successor_id, d.legal_unit_id) AS firm_id, d.other_record_id,
           d.decided_by AS who, CAST(d.decided_date AS VARCHAR) AS "when", d.reason AS why
    FROM source.link_decision AS d
    LEFT JOIN integration.legal_unit_succession AS a
      ON a.predecessor_id = d.legal_unit_id AND a.event_kind = 'registered'
    ORDER BY d.record_id, d.decided_date, d.source_id, d.file_name, d.row_number"""

COLUMNS = ["record_id", "rank", "legal_unit_id", "probability", "method", "status", "reason"]


def ranked(links: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """The linkage's links and candidates as one frame, `rank` 1 being the best.

    Args:
        links: `record_id`, `method`, `status`, `reason`; one row per record.
        candidates: `record_id`, `firm_id`, `probability`.

    Returns:
        `COLUMNS`; a record without any candidate has one row without a legal unit. Method, status and reason of the
        proposal stand at rank 1; where it is `none`, the unit there is only the nearest.
    """
    order = candidates.assign(key=-candidates["probability"]).sort_values(["record_id", "key", "firm_id"])
    order = order.assign(rank=order.groupby("record_id").cumcount() + 1).drop(columns="key")
    rest = order[order["rank"] > 1]
    best = links[["record_id", "method", "status", "reason"]].merge(
        order.loc[order["rank"] == 1, ["record_id", "firm_id", "probability"]], on="record_id", how="left"
    )
    frame = pd.concat([best.assign(rank=1), rest], ignore_index=True).rename(columns={"firm_id": "legal_unit_id"})
    return frame.assign(probability=frame["probability"].fillna(0.0), rank=frame["rank"].astype("int32"))[COLUMNS]


def _link_candidate(build: Build) -> Result:
    settings = Settings(
        country=build.parameters["reference_area"],
        accept=build.parameters["linkage_accept_probability"],
        review=build.parameters["linkage_review_probability"],
    )
    records = build.frame(RECORDS)
    found = link(
        build.frame(REGISTRY),
        records,
        name_history=build.frame(NAME_HISTORY),
        address_history=build.frame(ADDRESS_HISTORY),
        events=build.frame(EVENTS),
        vat_groups=build.frame(VAT_GROUPS),
        settings=settings,
    )
    for measure, value in found.quality.itertuples(index=False):
        build.facts[f"{measure}_pct"] = 100.0 * float(value)
    frame = ranked(found.links, found.candidates)
    others = build.frame("SELECT record_id, country_code FROM integration.participant ORDER BY record_id")
    others = others[~others["record_id"].isin(records["record_id"])]
    abroad = others["country_code"].fillna(settings.country) != settings.country
    rest = pd.DataFrame(
        {
            "record_id": others["record_id"],
            "rank": 1,
            "legal_unit_id": None,
            "probability": 0.0,
            "method": "none",
            "status": "none",
            "reason": abroad.map({True: "participant from abroad", False: "no name"}),
        }
    )
    return pd.concat([frame, rest.astype(frame.dtypes.to_dict())], ignore_index=True)


def _firm_identity(build: Build) -> Result:
    links, candidates, decisions = build.frame(PROPOSALS), build.frame(CANDIDATES), build.frame(DECISIONS)
    none = links["status"] == "none"
    links = links.assign(firm_id=links["firm_id"].mask(none), probability=links["probability"].mask(none, 0.0))
    # a unit that is in no delivery cannot be counted: what names it waits, and the linkage's own link stands
    known = build.frame("SELECT legal_unit_id FROM integration.legal_unit")["legal_unit_id"]
    waits = decisions["firm_id"].notna() & ~decisions["firm_id"].isin(known)
    if not waits.all():
        links = apply_decisions(links, candidates, decisions[~waits])
    waiting = links["record_id"].isin(decisions.loc[waits, "record_id"])
    says = "; a decision waits: it names no legal unit of the register"
    links = links.assign(reason=links["reason"].where(~waiting, links["reason"] + says))
    build.facts["decisions_in_force"] = int((links["method"] == "decision").sum())
    build.facts["decisions_for_unknown_units"] = int(waits.sum())
    for status, share in (100.0 * links["status"].value_counts(normalize=True)).sort_index().items():
        build.facts[f"{status}_share_pct"] = float(share)
    count = candidates.groupby("record_id").size()
    return links.rename(columns={"firm_id": "legal_unit_id"}).assign(
        candidate_count=links["record_id"].map(count).fillna(0).astype("int32")
    )


link_candidate = python_table(
    "integration.link_candidate",
    _link_candidate,
    inputs=(
        "integration.participant",
        "integration.legal_unit",
        "source.name_history",
        "source.address_history",
        "source.legal_unit_event",
        "source.vat_group",
    ),
    parameters=("reference_area", "linkage_accept_probability", "linkage_review_probability"),
    checks=(
        SqlCheck("candidate_refers_to_legal_unit", "Every candidate is a legal unit that exists"),
        SqlCheck("candidates_share_one_record", "The probabilities of a record's candidates sum to at most one"),
    ),
)

firm_identity = python_table(
    "integration.firm_identity",
    _firm_identity,
    inputs=(
        "integration.link_candidate",
        "integration.legal_unit",
        "integration.legal_unit_succession",
        "source.link_decision",
    ),
    checks=(
        SqlCheck("link_refers_to_legal_unit", "Every link refers to a legal unit that exists"),
        SqlCheck("every_participant_is_decided", "Every participant's record has one decision"),
        SqlCheck(
            "decision_names_a_known_record",
            "Every decision names a record that is there; otherwise the record changed and the decision rests",
            severity="warn",
        ),
        SqlCheck(
            "decision_names_a_known_unit",
            "Every decision names a legal unit that is there, or a former id of one; otherwise it waits",
            severity="warn",
        ),
    ),
    check_inputs=("integration.participant",),
)

link_review = sql_table(
    "integration.link_review",
    inputs=(
        "integration.participant",
        "integration.link_candidate",
        "integration.firm_identity",
        "integration.legal_unit",
        "integration.firm_size",
        "source.cluster_label",
    ),
    parameters=("clerk_resolved_units",),
)

unmatched_participant = sql_table(
    "integration.unmatched_participant", inputs=("integration.participant", "integration.firm_identity")
)

TABLES = (link_candidate, firm_identity, link_review, unmatched_participant)
