"""Slips in lists of projects, clusters, agreements and events."""

from __future__ import annotations

import datetime as dt

from tests.source.checking import Case

DAY = dt.date(2020, 1, 1)
MEMBER = {"source_id": "s", "file_name": "f", "cluster_id": "K1", "member_name": "A Kft.", "settlement": "Pécs"}
CASES: list[Case] = [
    (
        "cordis_organisation_repeated",
        {
            "cordis_organisation": [{"project_id": "1", "pic": "9", "role": "participant"}] * 2
            + [{"project_id": "1"}] * 2
        },
        1,
    ),
    ("cordis_organisation_project_known", {"cordis_organisation": [{"project_id": "1"}]}, 0),
    (
        "cordis_organisation_project_known",
        {"cordis_organisation": [{"project_id": "1"}, {"project_id": "2"}], "cordis_project": [{"project_id": "2"}]},
        1,
    ),
    (
        "kohesio_contribution_within_budget",
        {"kohesio_beneficiary": [{"total_budget_eur": 10, "eu_contribution_eur": e} for e in (9, 10.5, 12)]},
        1,
    ),
    ("structural_fund_project_repeated", {"structural_fund_project": [{"beneficiary_name": "A"}] * 2}, 1),
    (
        "structural_fund_project_repeated",
        {"structural_fund_project": [{"beneficiary_name": "A", "granted_huf": g} for g in (1, 2)]},
        0,
    ),
    (
        "interreg_cost_within_total",
        {"interreg_partner": [{"eligible_cost_eur": 5, "total_cost_eur": t} for t in (3, 5, 6)]},
        1,
    ),
    ("cluster_label_cluster_known", {"cluster_label": [{"cluster_id": "K9"}], "cluster": [{"cluster_id": "K1"}]}, 1),
    ("cluster_membership_cluster_known", {"cluster_membership": [MEMBER], "cluster": [{"cluster_id": "K2"}]}, 1),
    ("cluster_membership_cluster_known", {"cluster_membership": [MEMBER]}, 0),
    ("c2c_agreement_cluster_known", {"c2c_agreement": [{"cluster_id": "K9"}], "cluster": [{"cluster_id": "K1"}]}, 1),
    (
        "cooperation_event_cluster_known",
        {"cooperation_event": [{"cluster_id": "K9"}, {"cluster_id": None}], "cluster": [{"cluster_id": "K1"}]},
        1,
    ),
    (
        "event_participant_event_known",
        {"event_participant": [{"event_id": "E9"}], "cooperation_event": [{"event_id": "E1"}]},
        1,
    ),
    (
        "cluster_label_overlap",
        {
            "cluster_label": [
                {
                    "cluster_id": "K1",
                    "scheme": "national",
                    "level": "a",
                    "valid_from": DAY,
                    "valid_to": dt.date(2021, 1, 1),
                },
                {"cluster_id": "K1", "scheme": "national", "level": "a", "valid_from": dt.date(2021, 1, 1)},
                {"cluster_id": "K1", "scheme": "national", "level": "b", "valid_from": dt.date(2022, 1, 1)},
                {"cluster_id": "K1", "scheme": "european", "level": "b", "valid_from": dt.date(2022, 1, 1)},
            ]
        },
        1,
    ),
    (
        "cluster_membership_overlap",
        {
            "cluster_membership": [
                {**MEMBER, "row_number": 1, "valid_from": DAY, "valid_to": dt.date(2021, 1, 1)},
                {**MEMBER, "row_number": 2, "valid_from": dt.date(2021, 1, 1)},
                {**MEMBER, "row_number": 3, "valid_from": dt.date(2021, 6, 1)},
                {**MEMBER, "row_number": 4, "valid_from": DAY, "cluster_id": "K2"},
                {**MEMBER, "row_number": 5, "valid_from": DAY, "tax_number": "25745849-2-41"},
                {**MEMBER, "row_number": 6, "valid_from": DAY, "tax_number": "HU25745849", "member_name": "B"},
                {**MEMBER, "row_number": 7, "valid_from": None},
            ]
        },
        2,
    ),
]
