"""Classifications: activities in both NACE versions, regions, legal forms, postal codes.

Belongs here: codelists as their owners publish them. Does not belong here: conversion weights between versions, which
are estimates.
"""

from __future__ import annotations

from assets.table import SqlCheck, Table, source_table

TABLES: tuple[Table, ...] = (
    source_table(
        "source.nace_code",
        checks=(SqlCheck("nace_parent_known", "The code one level up exists in the same version", "error"),),
    ),
    source_table(
        "source.nace_correspondence",
        checks=(
            SqlCheck("nace_correspondence_known", "Both codes exist in their version of the classification", "error"),
        ),
        check_inputs=("source.nace_code",),
    ),
    source_table(
        "source.nuts_region",
        checks=(
            SqlCheck("nuts_level_fits_code", "The length of a code fits its level", "error", max_failing_share=0.001),
        ),
    ),
    source_table("source.legal_form"),
    source_table("source.postal_code"),
)
