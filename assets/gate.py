"""The gate in front of the warehouse: what may be published, decided from the lake's records alone.

Dagster's blocking checks guard only the run they belong to. The gate therefore trusts no run: it reads the sidecars of
exactly the keys that are about to be published, compares the bytes with them, and runs the disclosure audit over the
tables that leave the house. Nothing is computed or written here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import duckdb

from assets.table import Table
from assets.verdicts import check_names
from assets.workshop import Workshop
from resources.contract import Contract
from resources.engine import EngineLimits, open_engine, run_sql, sql_file
from resources.errors import PublishRefusedError, StaleInputError
from resources.lake import Version
from resources.row_rules import quoted

AUDIT = "access/checks/disclosure_audit.sql"
"""SELECT that returns the cells which may not leave the house, over the tables of the vintage."""

DIFFERENCING = "access/checks/differencing_audit.sql"
"""SELECT that returns the open cells whose change since the release that readers have reveals a contributor."""

COMPARED = ("access.cooperation_gva", "interpretation.protected_part", "interpretation.protected_membership")
"""What that audit reads of the release that readers have."""

WITHHELD = "is_withheld"
_NUMBERS = ("integer", "bigint", "double")


def gate(shop: Workshop, audit: str | None = None) -> dict[str, Version]:
    """The version of every table that may be published now.

    Args:
        shop: the workshop whose tables are to be published.
        audit: SQL of the disclosure audit; `sql/access/checks/disclosure_audit.sql` when None.

    Raises:
        PublishRefusedError: one line with the first table that is missing, stale, damaged or failed a blocking check,
            or with the number of cells (never their values) that fail the disclosure audit, alone or beside what
            readers have already.
    """
    versions = {name: _admitted(shop, table) for name, table in shop.tables.items()}
    paths = {name: shop.lake.path(name, version.key) for name, version in versions.items()}
    before = _before(shop)
    paths |= before
    published = [name for name, table in shop.tables.items() if table.layer == "access"]
    if published:
        with open_engine(EngineLimits.from_environment(shop.home.spill), paths) as connection:
            for name in published:
                _refuse_open_cells(connection, shop.contracts[name])
            _audit(connection, shop, AUDIT, audit)
            if before:
                _audit(connection, shop, DIFFERENCING)
    return versions


def _before(shop: Workshop) -> dict[str, Path]:
    """The tables of the release that readers have, as `earlier.<table>`; none where nobody recorded what made it."""
    if not all(name in shop.tables for name in COMPARED):
        return {}
    try:
        readers = shop.readers
    except StaleInputError as error:
        raise PublishRefusedError(error.what, where=str(error.where or ""), action=error.action) from None
    if readers is None or not all(name in readers.tables for name in COMPARED):
        return {}
    files = {name: shop.lake.path(name, readers.tables[name]) for name in COMPARED}
    return (
        {f"earlier.{n.split('.')[1]}": path for n, path in files.items()}
        if all(map(Path.exists, files.values()))
        else {}
    )


def _admitted(shop: Workshop, table: Table) -> Version:
    """The current version of one table, if its record and its bytes are in order."""
    name = table.name
    try:
        version = shop.current(name)
    except StaleInputError as error:
        raise PublishRefusedError(error.what, where=name, action=error.action) from None
    if version is None:
        has_older = any(shop.lake.path(name, "any").parent.glob("*.json"))
        reason = "was made from inputs that are no longer current" if has_older else "has not been computed"
        raise PublishRefusedError(
            f"the table {reason}", where=name, action=f"refresh {_first_missing(shop, table)} first"
        )
    stale = [i for i in table.dependencies if version.inputs.get(i) != shop.key(i)]
    if stale:
        raise PublishRefusedError(
            f"the recorded input {stale[0]} is not the current one", where=name, action=f"refresh {name} first"
        )
    recorded = {check.name for check in version.checks}
    unchecked = [c.name for c in check_names(table, shop.contracts[name]) if c.is_blocking and c.name not in recorded]
    if unchecked:
        raise PublishRefusedError(
            f"no result is recorded for the blocking check {unchecked[0]}",
            where=name,
            action=f"remove its sidecar {version.key}.json from the lake and refresh {name}",
        )
    if version.blocking_failures:
        failed = ", ".join(check.name for check in version.blocking_failures)
        raise PublishRefusedError(
            f"the blocking check {failed} failed",
            where=name,
            action="look at the check's numbers; the last good vintage stays published",
        )
    if not shop.lake.is_intact(version):
        raise PublishRefusedError(
            f"the file {version.key}.parquet does not have the bytes that were sealed",
            where=name,
            action=f"refresh {name}, which computes it again, and look at the disk",
        )
    return version


def _first_missing(shop: Workshop, table: Table) -> str:
    """The first table to refresh so that `table` can be: the deepest input that the lake does not have."""
    for name in table.dependencies:
        if shop.current(name) is None:
            return _first_missing(shop, shop.tables[name])
    return table.name


def value_columns(contract: Contract) -> list[str]:
    """The columns of an access table that must be null in a withheld cell.

    Every number outside the primary key and every column with a unit counts, unless the contract marks the column
    itself as `confidentiality: public` (a national total that others publish, a target). Forgetting the mark refuses
    a publication; forgetting a unit leaks nothing.
    """
    values = {n: c for n, c in contract.columns.items() if (c.type in _NUMBERS or c.unit) and n not in contract.grain}
    return [name for name, column in values.items() if column.confidentiality != "public"]


def _refuse_open_cells(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    values = value_columns(contract)
    if WITHHELD not in contract.columns or not values:
        return
    is_open = " OR ".join(f"{quoted(name)} IS NOT NULL" for name in values)
    held = ", ".join(f"count({quoted(name)})" for name in values)
    row = connection.execute(
        f"SELECT count(*), {held} FROM {contract.table} WHERE {WITHHELD} IS DISTINCT FROM false AND ({is_open})"
    ).fetchone()
    if row and row[0]:
        columns = ", ".join(name for name, count in zip(values, row[1:], strict=True) if count)
        raise PublishRefusedError(
            f"{row[0]} withheld cells still hold a value in {columns}",
            where=contract.table,
            action="withhold every value of a cell, or mark the column public in the contract",
        )


def _audit(connection: duckdb.DuckDBPyConnection, shop: Workshop, file: str, audit: str | None = None) -> None:
    where = f"sql/{file}"
    try:
        text = sql_file(file) if audit is None else audit
    except FileNotFoundError:
        raise PublishRefusedError("there is no disclosure audit", where=where, action="restore the file") from None
    try:
        statements = duckdb.extract_statements(text)
        if not statements or statements[-1].type != duckdb.StatementType.SELECT:
            raise PublishRefusedError("the disclosure audit asks nothing", where=where, action="end it with a SELECT")
        cells = len(run_sql(connection, text, _parameters(shop, text)).fetchall())
    except duckdb.Error as error:
        reason = str(error).partition("\n")[0]
        raise PublishRefusedError(
            f"the disclosure audit cannot run ({reason})", where=where, action="mend it"
        ) from None
    if cells:
        raise PublishRefusedError(
            f"{cells} cells fail the disclosure audit",
            where=where,
            action="run the audit's query on the lake to see them; the last good vintage stays published",
        )


def _parameters(shop: Workshop, text: str) -> Mapping[str, object]:
    """The parameters that the audit names; the rest need not be read."""
    return shop.parameters.model_dump() if re.search(r"\$[a-z]", text) else {}
