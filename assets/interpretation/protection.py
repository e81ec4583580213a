"""Which cells of the published tables are withheld, and the certificate that this protects every unsafe one.

Belongs here: reading contributions, one linked system per reference year, its protection and its attack, stored cell by
cell. Does not belong here: how cells are tied (`methods.disclosure.cooperation_tables`), how they are protected
(`methods.disclosure`), what is printed (`assets.access.published_tables`).

Earlier vintages are not looked at: a lake table is a function of its inputs, and an earlier release is none. The seam
is `protected_year`: cells that an earlier release withheld would be `preferred`, those it opened `is_public`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd

from assets.table import Build, Result, SqlCheck, python_table, sql_table
from methods.disclosure import PrimaryRules, certify, primary_cells, protect
from methods.disclosure.certificate import OUTSIDER
from methods.disclosure.cooperation_tables import CELL, CooperationSystem, cooperation_system
from methods.disclosure.protection import Suppression
from methods.errors import MethodError

CURRENT, PREVIOUS_YEAR = "V", "Y"
"""Codes of SDMX PRICES: current prices, prices of the previous year."""

KEPT_OPEN: tuple[tuple[str, ...], ...] = (("N1", "N2", "N3"), ("N1", "N2"), ("N1",), ())
"""Numerators whose totals are held open, attempt after attempt."""

PARTS = "FROM _interpretation_protected_part ORDER BY ALL"

MEMBERSHIPS = """
    SELECT reference_year, legal_unit_id AS unit, numerator_code, cooperation_type_code,
           any_day_expected AS probability, evidence IN ('identifier', 'name') AS is_accepted
    FROM _interpretation_cooperating_member
    ORDER BY ALL"""

LINES = """
    SELECT reference_year, numerator_code, enterprise_group_id, unnest([proxy_huf_mn, bridged_huf_mn]) AS value,
           unnest(['proxy', 'bridged']) AS line
    FROM (SELECT reference_year, numerator_code, enterprise_group_id,
                 any_day_expected * proxy_huf_mn AS proxy_huf_mn, any_day_expected * bridged_huf_mn AS bridged_huf_mn
          FROM _interpretation_cooperating_member
          WHERE cooperation_type_code = '_T' AND any_day_expected > 0)
    ORDER BY ALL"""


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


def _protect(linked: CooperationSystem) -> Suppression:
    """A pattern that leaves the totals open wherever that is possible: a release without its headline is none.

    The totals at current prices are held open, of all numerators, then of N1 and N2, then of N1 alone; where even that
    cannot be protected, they are withheld like any other cell.
    """
    system, cells = linked.system, linked.cells
    totals = cells[(cells["table_code"] == "T1") & ~cells["is_constant_prices"].astype(bool)]
    for kept in KEPT_OPEN:
        numbers = totals.loc[totals["numerator_code"].isin(kept), "number"].to_numpy(np.int64)
        fixed = system.is_public.copy()
        fixed[numbers[~system.is_primary[numbers]]] = True
        try:
            chosen = protect(replace(system, is_public=fixed), method="joint")  # hundreds of cells and contributors
        except MethodError:
            if not kept:
                raise
            continue
        return chosen
    raise AssertionError("the last attempt holds nothing open")


def protected_year(
    parts: pd.DataFrame, memberships: pd.DataFrame, verdicts: pd.DataFrame, rules: PrimaryRules, headline: str
) -> pd.DataFrame:
    """The cells of one year with their status and what an attacker learns of the unsafe ones.

    Args:
        parts: as `methods.disclosure.cooperation_tables.cooperation_system` takes them.
        memberships: likewise.
        verdicts: likewise.
        rules: the rules in force.
        headline: the numerator that is given up last.

    Returns:
        The columns of `interpretation.cell_protection` but the year; first the published cells, then the differences
        that open cells would publish.
    """
    linked = cooperation_system(parts, memberships, rules=rules, verdicts=verdicts, headline=headline)
    system, cells = linked.system, linked.cells
    chosen = _protect(linked)
    certificate = certify(system, chosen.suppressed, chosen.witnesses)
    # of all attackers the one who learns most stands for the cell
    certificate = certificate.assign(width=certificate["upper"] - certificate["lower"])
    worst = certificate.sort_values(["is_protected", "width", "attacker"], kind="stable").groupby("name").first()
    number, is_difference = cells["number"].to_numpy(), cells["is_difference"].to_numpy(bool)
    found = worst.reindex(np.asarray(system.names, dtype=object)[number]).reset_index(drop=True)
    is_primary = system.is_primary[number]
    rule = cells["primary_rule"].fillna("difference")
    return pd.DataFrame(
        {
            "cell_name": cells["name"],
            "is_published": ~is_difference,
            **{column: cells[column] for column in CELL},
            "price_code": cells["is_constant_prices"].map({True: PREVIOUS_YEAR, False: CURRENT}),
            "value_huf_mn": cells["value"],
            "contributor_count": cells["contributor_count"],
            "is_primary": is_primary,
            # the same sum under another code may have been found by a rule that knows of national accounts
            "primary_rule": rule.where(cells["is_primary"] | ~is_primary, "same_cell"),
            "protection_huf_mn": system.protection[number],
            "status": np.select(
                [is_difference, is_primary, chosen.suppressed[number]], ["hidden", "primary", "secondary"], "open"
            ),
            **{f"{end}_huf_mn": _finite(found[end] + cells["known"]) for end in ("lower", "upper")},
            "attacker": found["attacker"].where(
                found["attacker"].isin([OUTSIDER]) | found["attacker"].isna(), "contributor"
            ),
            "is_protected": found["is_protected"].astype("boolean"),
            "method": chosen.method,
            "solver": found["solver"],
            "system_sha256": system.sha256(),
        }
    )


def _finite(values: pd.Series) -> pd.Series:
    return values.where(np.isfinite(values.to_numpy(np.float64)))


def _cell_protection(build: Build) -> Result:
    chosen = build.parameters
    rules = PrimaryRules(frequency=chosen["disclosure_min_contributors"], p_percent=chosen["disclosure_p_percent"])
    for step in STEPS:
        build.sql(f"interpretation/{step}.sql")
    parts, memberships = build.frame(PARTS), build.frame(MEMBERSHIPS)
    complement = build.frame("FROM _interpretation_complement ORDER BY ALL")
    verdicts = pd.concat([complement, line_verdicts(build.frame(LINES), rules)], ignore_index=True)

    def of_year(year: int) -> pd.DataFrame:
        part, member, verdict = (frame[frame["reference_year"] == year] for frame in (parts, memberships, verdicts))
        return protected_year(part, member, verdict, rules, chosen["headline_numerator"]).assign(reference_year=year)

    years = sorted(set(parts["reference_year"].tolist()))
    # the solver lets go of the interpreter; a year is a system of its own, so the order of work changes nothing
    with ThreadPoolExecutor(max_workers=2) as workers:
        frames = list(workers.map(of_year, years))
    result = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=build_columns())
    build.facts |= dict(_facts(result))
    return result


def build_columns() -> list[str]:
    """Columns of `interpretation.cell_protection`, for a house in which nobody cooperates."""
    return [
        "reference_year", "cell_name", "is_published", *CELL, "price_code", "value_huf_mn", "contributor_count",
        "is_primary", "primary_rule", "protection_huf_mn", "status", "lower_huf_mn", "upper_huf_mn", "attacker",
        "is_protected", "method", "solver", "system_sha256",
    ]  # fmt: skip


def _facts(cells: pd.DataFrame) -> Iterator[tuple[str, int]]:
    published = cells[cells["is_published"].eq(True)]
    yield "cells", len(published)
    for status in ("open", "primary", "secondary"):
        yield f"{status}_cells", int((published["status"] == status).sum())
    yield "hidden_differences", len(cells) - len(published)
    yield "unprotected_cells", int(cells["is_protected"].eq(False).sum())


STEPS = ("cooperating_member", "protected_part", "complement")

cell_protection = python_table(
    "interpretation.cell_protection",
    _cell_protection,
    inputs=(
        "interpretation.cooperation_gva",
        "interpretation.cooperating_firm",
        "interpretation.cooperating_firm_by_type",
        "interpretation.member_attribution",
        "interpretation.firm_gva",
        "interpretation.regional_gva",
        "interpretation.price_index",
        "integration.legal_unit",
    ),
    sql=tuple(f"interpretation/{step}.sql" for step in STEPS),
    parameters=("disclosure_min_contributors", "disclosure_p_percent", "headline_numerator"),
    checks=(
        SqlCheck("every_primary_cell_is_protected", "The attack on the system leaves every unsafe cell uncertain"),
        SqlCheck("certificate_is_of_these_figures", "Every cell of the tables is in the certificate with its value"),
    ),
)

protection_certificate = sql_table(
    "interpretation.protection_certificate",
    inputs=("interpretation.cell_protection",),
)

TABLES = (cell_protection, protection_certificate)
