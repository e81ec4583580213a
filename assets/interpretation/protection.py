"""Which cells of the published tables are withheld, and the certificate that this protects every unsafe one.

Belongs here: reading contributions, handing out the years, what is stored. Does not belong here: how a year is
protected (`methods.disclosure.cooperation_protection`), what is printed (`assets.access.published_tables`).

What readers have is an input like any other: the protection and the contributions of the last published vintage, by
their keys (`Table.earlier`, chosen in `assets.readers_release`). The contributions are tables of the lake, so that the
next release can be compared with what this one was made of.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.disclosure import PrimaryRules, primary_cells
from methods.disclosure.cooperation_protection import protected_year
from methods.disclosure.cooperation_tables import CELL
from methods.disclosure.cooperation_vintages import Earlier
from resources.processes import in_processes

LINES = """
    SELECT reference_year, numerator_code, enterprise_group_id, unnest([proxy_huf_mn, bridged_huf_mn]) AS value,
           unnest(['proxy', 'bridged']) AS line
    FROM interpretation.protected_membership
    WHERE cooperation_type_code = '_T' AND proxy_huf_mn IS NOT NULL
    ORDER BY ALL"""

PARTS = """
    SELECT reference_year, legal_unit_id AS unit, enterprise_group_id AS "group", rev2_section, rev21_section, a64_code,
           size_class, nullif(nuts2_code, '_U') AS nuts2_code, value_huf_mn AS value, deflator_ratio AS deflator
    FROM {schema}.protected_part ORDER BY ALL"""

MEMBERSHIPS = """
    SELECT reference_year, legal_unit_id AS unit, numerator_code, cooperation_type_code, probability, is_accepted
    FROM {schema}.protected_membership ORDER BY ALL"""

EARLIER = ("interpretation.cell_protection", "interpretation.protected_part", "interpretation.protected_membership")
"""What is read of the release that readers have: its cells, and what they were made of."""


def line_verdicts(lines: pd.DataFrame, rules: PrimaryRules) -> pd.DataFrame:
    """Totals of which another published line is unsafe although the calibrated one may be safe.

    Args:
        lines: one row per contribution: `reference_year`, `numerator_code`, `line`, `enterprise_group_id`, `value`.
        rules: the rules in force.

    Returns:
        `reference_year`, `CELL`, `rule` (the name of the line) and `protection`, NaN: another line's level says nothing
        about this one.
    """
    known = lines.dropna(subset=["value"])
    cells = primary_cells(
        known,
        cell=["reference_year", "numerator_code", "line"],
        contributor="enterprise_group_id",
        value="value",
        rules=rules,
    ).reset_index()
    unsafe = cells[cells["is_primary"]]
    total = dict.fromkeys(CELL[3:], "_T") | {"table_code": "T1", "nace_version_code": "_Z"}
    return unsafe.assign(**total, rule=unsafe["line"], protection=np.nan)[
        ["reference_year", *CELL, "rule", "protection"]
    ]


def _cell_protection(build: Build) -> Result:
    chosen = build.parameters
    rules = PrimaryRules(frequency=chosen["disclosure_min_contributors"], p_percent=chosen["disclosure_p_percent"])
    for step in STEPS:
        build.sql(f"interpretation/{step}.sql")
    parts, memberships = (build.frame(query.format(schema="interpretation")) for query in (PARTS, MEMBERSHIPS))
    complement = build.frame("FROM _interpretation_complement ORDER BY ALL")
    verdicts = pd.concat([complement, line_verdicts(build.frame(LINES), rules)], ignore_index=True)
    before = _earlier(build)
    years = sorted(set(parts["reference_year"].tolist()))
    jobs = [
        (
            year,
            *(frame[frame["reference_year"] == year] for frame in (parts, memberships, verdicts)),
            rules,
            chosen["headline_numerator"],
            before.get(year),
        )
        for year in years
    ]
    # a year is a system of its own, so the order of work changes nothing
    frames = in_processes(protected_year, jobs)
    result = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=build_columns())
    build.facts |= dict(_facts(result))
    if build.earlier:
        build.facts["compared_with_contributions"] = all(e.parts is not None for e in before.values())
    return result


def _earlier(build: Build) -> dict[int, Earlier]:
    """What readers have, by reference year; contributions only where the earlier release recorded them."""
    cells, *made_of = EARLIER
    if cells not in build.earlier:
        return {}
    release = build.frame("FROM earlier.cell_protection ORDER BY reference_year, cell_name")
    frames = (
        [build.frame(query.format(schema="earlier")) for query in (PARTS, MEMBERSHIPS)]
        if build.earlier >= {*made_of}
        else None
    )

    def of_year(frame: pd.DataFrame, year: int) -> pd.DataFrame:
        return frame[frame["reference_year"] == year]

    return {
        year: Earlier(of_year(release, year), *([] if frames is None else [of_year(frame, year) for frame in frames]))
        for year in sorted(set(release["reference_year"].tolist()))
    }


def build_columns() -> list[str]:
    """Columns of `interpretation.cell_protection`, for a house in which nobody cooperates."""
    return [
        "reference_year", "cell_name", "is_published", *CELL, "price_code", "value_huf_mn", "contributor_count",
        "is_primary", "primary_rule", "protection_huf_mn", "status", "lower_huf_mn", "upper_huf_mn", "attacker",
        "was_open", "is_protected", "method", "solver", "system_sha256", "tables_sha256",
    ]  # fmt: skip


def _facts(cells: pd.DataFrame) -> Iterator[tuple[str, int]]:
    published = cells[cells["is_published"].eq(True)]
    yield "cells", len(published)
    for status in ("open", "primary", "secondary"):
        yield f"{status}_cells", int((published["status"] == status).sum())
    yield "hidden_differences", int((cells["status"] == "hidden").sum())
    for status in ("accepted_change", "given_up"):
        yield f"{status}_cells", int((cells["status"] == status).sum())
    yield "unprotected_cells", int(cells["is_protected"].eq(False).sum())


def _protected_part(build: Build) -> Result:
    build.sql("interpretation/cooperating_member.sql")
    return build.sql("interpretation/protected_part.sql")


def _protected_membership(build: Build) -> Result:
    build.sql("interpretation/cooperating_member.sql")
    return build.sql("interpretation/protected_membership.sql")


STEPS = ("complement",)

MEMBERS = (
    "interpretation.cooperating_firm",
    "interpretation.cooperating_firm_by_type",
    "interpretation.member_attribution",
    "interpretation.firm_gva",
    "interpretation.price_index",
    "integration.legal_unit",
)

protected_part = python_table(
    "interpretation.protected_part",
    _protected_part,
    inputs=(*MEMBERS, "interpretation.regional_gva"),
    sql=("interpretation/cooperating_member.sql", "interpretation/protected_part.sql"),
)

protected_membership = python_table(
    "interpretation.protected_membership",
    _protected_membership,
    inputs=MEMBERS,
    sql=("interpretation/cooperating_member.sql", "interpretation/protected_membership.sql"),
)

cell_protection = python_table(
    "interpretation.cell_protection",
    _cell_protection,
    inputs=(
        "interpretation.protected_part",
        "interpretation.protected_membership",
        "interpretation.cooperation_gva",
        "interpretation.cooperating_firm",
        "interpretation.firm_gva",
        "interpretation.regional_gva",
        "integration.legal_unit",
    ),
    sql=tuple(f"interpretation/{step}.sql" for step in STEPS),
    parameters=("disclosure_min_contributors", "disclosure_p_percent", "headline_numerator"),
    earlier=EARLIER,
    checks=(
        SqlCheck("every_primary_cell_is_protected", "The attack on the system leaves every unsafe cell uncertain"),
        SqlCheck("certificate_is_of_these_figures", "Every cell of the tables is in the certificate with its value"),
        SqlCheck(
            "changes_stay_hidden",
            "No change since what readers have reveals a contributor, and no unsafe cell is known from it",
            severity="warn",
        ),
    ),
)

protection_certificate = sql_table(
    "interpretation.protection_certificate",
    inputs=("interpretation.cell_protection",),
)

TABLES = (protected_part, protected_membership, cell_protection, protection_certificate)
