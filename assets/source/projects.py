"""Projects that firms carry out together: EU framework programmes, cohesion policy, structural funds, Interreg.

Belongs here: projects and their participants as the funders publish them. Does not belong here: clusters and events
(`assets.source.clusters`, `assets.source.events`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table("source.cordis_project"),
    source_table(
        "source.cordis_organisation",
        checks=(
            SqlCheck(
                "cordis_organisation_repeated",
                "An organisation is listed once per project, role and position",
                "warn",
                max_failing_share=0.001,
            ),
            SqlCheck(
                "cordis_organisation_project_known",
                "Participations belong to delivered projects",
                "warn",
                max_failing_share=0.05,
            ),
        ),
        check_inputs=("source.cordis_project",),
    ),
    source_table(
        "source.kohesio_beneficiary",
        checks=(
            SqlCheck(
                "kohesio_contribution_within_budget",
                "The EU contribution is not above the budget",
                "warn",
                max_failing_share=0.01,
            ),
        ),
    ),
    source_table(
        "source.structural_fund_project",
        checks=(
            SqlCheck(
                "structural_fund_project_repeated",
                "A project is listed once; repeated entries are kept and shown here",
                "warn",
                max_failing_share=0.02,
            ),
        ),
    ),
    source_table(
        "source.interreg_partner",
        checks=(
            SqlCheck(
                "interreg_cost_within_total",
                "The eligible cost of a partner is not above its total cost",
                "warn",
                max_failing_share=0.01,
            ),
        ),
    ),
)
