"""Verdicts over a table version: accounting of rows, primary key, the contract's suite, cross-table SQL checks.

The names of a table's checks are known before anything runs (`check_names`), because Dagster wants them declared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pandas as pd

from assets.table import SqlCheck, Table
from resources.contract import Contract, Expectation
from resources.engine import run_sql, sql_file
from resources.expectations import is_statistic, validate
from resources.intake import Intake
from resources.lake import CheckOutcome, Version
from resources.row_rules import checked_columns, literal, quoted

LARGE, FEW = 500_000, 250
"""Rows of a table from which on a text of so few values is judged as a category."""


@dataclass(frozen=True)
class CheckName:
    """A check as Dagster declares it."""

    name: str
    description: str
    is_blocking: bool


def check_names(table: Table, contract: Contract) -> list[CheckName]:
    """Every check a materialisation of the table reports, in order."""
    names = []
    if table.takes_in:
        names += [
            CheckName("rows_accounted_for", "accepted + quarantined = read", True),
            CheckName("quarantined_share", "Share of rows that break the contract stays below its limit", True),
            CheckName("repeated_share", "Share of rows that deliver a key again stays below its limit", True),
            CheckName("known_columns", "The delivery has no column that the contract does not know", False),
        ]
    names.append(CheckName("primary_key", f"{', '.join(contract.grain)} is unique and never null", True))
    names += [
        CheckName(e.name, e.description or e.expect.replace("_", " "), e.severity == "error")
        for e in contract.expectations
    ]
    names += [CheckName(c.name, c.description, c.severity == "error") for c in table.checks]
    return names


def intake_checks(contract: Contract, intake: Intake, accepted: int, quarantined: int) -> tuple[CheckOutcome, ...]:
    """Checks that every source table carries: nothing lost, not too much rejected or repeated, no unknown column."""
    limit, repeats_limit = contract.max_quarantined_share, contract.max_repeated_share
    share = (quarantined - intake.repeated) / intake.read if intake.read else 0.0
    repeats = intake.repeated / intake.read if intake.read else 0.0
    counts = {"read": intake.read, "accepted": accepted, "quarantined": quarantined, "repeated": intake.repeated}
    return (
        CheckOutcome(
            "rows_accounted_for",
            accepted + quarantined == intake.read,
            "error",
            "accepted + quarantined = read",
            counts,
        ),
        CheckOutcome(
            "quarantined_share",
            share <= limit,
            "error",
            f"at most {limit:.1%} of the rows may break the contract",
            {**counts, "quarantined_percent": 100 * share, "allowed_percent": 100 * limit},
        ),
        CheckOutcome(
            "repeated_share",
            repeats <= repeats_limit,
            "error",
            f"at most {repeats_limit:.1%} of the rows may deliver a key again; the first of them counts",
            {**counts, "repeated_percent": 100 * repeats, "allowed_percent": 100 * repeats_limit},
        ),
        CheckOutcome(
            "known_columns",
            not intake.unknown_columns,
            "warn",
            "every column of the delivery is used or known to be ignored",
            {"columns": {name: ", ".join(columns) for name, columns in sorted(intake.unknown_columns.items())[:20]}},
        ),
    )


def check_table(
    connection: duckdb.DuckDBPyConnection,
    contract: Contract,
    checks: Sequence[SqlCheck],
    version: Version,
    judged: str,
) -> tuple[CheckOutcome, ...]:
    """Primary key, the contract's expectations over the relation `judged`, then the SQL checks."""
    outcomes = [_primary_key(connection, contract)]
    if version.facts.get("configured") is False:
        outcomes += [_not_configured(e) for e in contract.expectations]
    elif contract.expectations:
        outcomes += validate(contract, _judged_frame(connection, contract, judged, version.rows))
    outcomes += [_sql_check(connection, contract, check, version) for check in checks]
    return tuple(outcomes)


def _judged_frame(connection: duckdb.DuckDBPyConnection, contract: Contract, judged: str, rows: int) -> pd.DataFrame:
    """The columns that expectations look at; in large tables texts of few values as categories, not million times."""
    selected = []
    for number, name in enumerate(checked_columns(contract) or list(contract.columns)[:1]):
        column = quoted(name)
        if rows >= LARGE and contract.columns[name].type.lower() == "varchar":
            found = connection.execute(
                f"SELECT DISTINCT {column} FROM {judged} WHERE {column} IS NOT NULL ORDER BY 1 LIMIT {FEW + 1}"
            ).fetchall()
            if 0 < len(found) <= FEW:
                values = ", ".join(literal(value) for (value,) in found)
                connection.execute(f"CREATE OR REPLACE TEMP TYPE _few_{number} AS ENUM ({values})")
                column = f"CAST({column} AS _few_{number}) AS {column}"
        selected.append(column)
    return connection.sql(f"SELECT {', '.join(selected)} FROM {judged}").df()


def _not_configured(expectation: Expectation) -> CheckOutcome:
    """A table without a source promises nothing about its rows."""
    return CheckOutcome(
        expectation.name,
        True,
        expectation.severity,
        expectation.description or expectation.expect.replace("_", " "),
        {"expectation": expectation.expect, "configured": False},
    )


def _primary_key(connection: duckdb.DuckDBPyConnection, contract: Contract) -> CheckOutcome:
    grain = ", ".join(map(quoted, contract.grain))
    nulls = " OR ".join(f"{quoted(name)} IS NULL" for name in contract.grain)
    # rows stand in the order of the key, so equal keys follow each other: a tenth of the cost of grouping by the key
    rows = connection.execute(f"""
        SELECT (SELECT count(*) FROM (SELECT row({grain}) IS NOT DISTINCT FROM lag(row({grain})) OVER () AS is_repeated
                                      FROM {contract.table}) WHERE is_repeated),
               (SELECT count(*) FROM {contract.table} WHERE {nulls})""").fetchone()
    twice, empty = rows or (0, 0)
    if twice or empty:
        grouped = connection.execute(
            f"SELECT count(*) FROM (SELECT {grain} FROM {contract.table} GROUP BY ALL HAVING count(*) > 1)"
        ).fetchone()
        twice = grouped[0] if grouped else 0
    return CheckOutcome(
        "primary_key",
        twice == 0 and empty == 0,
        "error",
        f"{', '.join(contract.grain)} is unique and never null",
        {"duplicate_keys": twice, "null_keys": empty},
    )


def _sql_check(
    connection: duckdb.DuckDBPyConnection, contract: Contract, check: SqlCheck, version: Version
) -> CheckOutcome:
    query = sql_file(f"{contract.layer}/checks/{check.name}.sql").rstrip().removesuffix(";")
    # ordered, because the first violations are recorded with the version
    cursor = run_sql(connection, f"SELECT * FROM (\n{query}\n) ORDER BY ALL", version.parameters)
    names = [d[0] for d in cursor.description or []]
    violations = cursor.fetchall()
    share = len(violations) / version.rows if version.rows else float(bool(violations))
    samples = (
        []
        if contract.confidentiality == "identifying"
        else [", ".join(f"{n}={v}" for n, v in zip(names, row, strict=True)) for row in violations[:5]]
    )
    if is_statistic(contract):
        # the cells that violate it, without their figures: some are withheld, and Dagster shows and keeps samples
        samples = [
            ", ".join(f"{n}={v}" for n, v in zip(names, row, strict=True) if not isinstance(v, float))
            for row in violations[:5]
        ]
    return CheckOutcome(
        check.name,
        share <= check.max_failing_share,
        check.severity,
        check.description,
        {
            "violations": len(violations),
            "violating_percent": 100 * share,
            "allowed_percent": 100 * check.max_failing_share,
            "samples": samples,
        },
    )
