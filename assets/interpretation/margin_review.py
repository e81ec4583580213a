"""Cells that exceed their margin, named, with who makes them up: a list for a person, never scaled away (METHODS 3).

Calibration meets the S.11 margins by section and by region. The other figures of national accounts (S.1 by section and
region, A*64) bind nothing, so the firms of a cell may come to more than them. Nothing is changed here.
"""

from __future__ import annotations

from assets.table import Build, Result, SqlCheck, python_table

STEPS = ("cooperating_member", "contribution", "cell_above_margin", "review_contribution", "margin_review")
"""Who cooperates where; which cells exceed their margin; who is in those; the list."""


def _margin_review(build: Build) -> Result:
    for step in STEPS[:-1]:
        build.sql(f"interpretation/{step}.sql")
    return build.sql(f"interpretation/{STEPS[-1]}.sql")


margin_review = python_table(
    "interpretation.margin_review",
    _margin_review,
    inputs=(
        "interpretation.cooperation_gva",
        "interpretation.cooperating_firm",
        "interpretation.cooperating_firm_by_type",
        "interpretation.member_attribution",
        "interpretation.firm_gva",
        "interpretation.regional_gva",
        "interpretation.reconciliation",
        "interpretation.price_index",
        "integration.legal_unit",
        "integration.national_account",
    ),
    sql=tuple(f"interpretation/{step}.sql" for step in STEPS),
    parameters=("reference_area", "review_coverage_ratio"),
    checks=(
        SqlCheck(
            "cells_above_margin_are_listed",
            "Every cell under review and every cell whose cooperating firms exceed national accounts is on the list",
        ),
    ),
)

TABLES = (margin_review,)
