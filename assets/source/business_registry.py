"""Business register: legal units, their former names and seats, VAT groups, and the events that turn one into another.

Belongs here: what the register publishes. Does not belong here: deciding which unit a name elsewhere means
(`assets.integration.firm_identity`).
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.business_registry",
        checks=(
            SqlCheck(
                "registry_activity_known",
                "NACE codes of the register exist in the classification of their version",
                "warn",
                max_failing_share=0.01,
            ),
            SqlCheck(
                "registry_legal_form_known",
                "Legal forms of the register are codes or abbreviations of known legal forms",
                "warn",
                max_failing_share=0.01,
            ),
            SqlCheck("registry_postcode_known", "Postal codes of the register exist", "warn", max_failing_share=0.02),
            SqlCheck(
                "registry_tax_stem_unique",
                "No two legal units that exist share a tax number",
                "warn",
                max_failing_share=0.01,
            ),
        ),
        check_inputs=("source.nace_code", "source.legal_form", "source.postal_code"),
    ),
    source_table(
        "source.name_history",
        checks=(
            SqlCheck(
                "name_history_unit_known",
                "Former names belong to units of the register",
                "warn",
                max_failing_share=0.01,
            ),
        ),
        check_inputs=("source.business_registry",),
    ),
    source_table(
        "source.legal_unit_event",
        checks=(
            SqlCheck(
                "legal_unit_event_unit_known",
                "Predecessors and successors are units of the register, and not the same one",
                "warn",
                max_failing_share=0.05,
            ),
        ),
        check_inputs=("source.business_registry",),
    ),
    source_table(
        "source.address_history",
        checks=(
            SqlCheck(
                "address_history_unit_known",
                "Former seats belong to units of the register",
                "warn",
                max_failing_share=0.01,
            ),
        ),
        check_inputs=("source.business_registry",),
    ),
    source_table(
        "source.vat_group",
        checks=(
            SqlCheck(
                "vat_group_unit_known",
                "Members of VAT groups are units of the register",
                "warn",
                max_failing_share=0.01,
            ),
            SqlCheck("vat_group_one_at_a_time", "A unit is a member of one VAT group at a time", "warn"),
        ),
        check_inputs=("source.business_registry",),
    ),
    source_table(
        "source.local_unit",
        checks=(
            SqlCheck(
                "local_unit_unit_known",
                "Local units belong to units of the register",
                "warn",
                max_failing_share=0.05,
            ),
        ),
        check_inputs=("source.business_registry",),
    ),
)
