"""Column lineage read from the SQL itself, so that it cannot disagree with what runs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from assets.table import Table
from resources.contract import Contract
from resources.engine import sql_file

Origins = dict[str, list[tuple[str, str]]]
"""Column -> (table, column) it is computed from."""


def column_lineage(table: Table, contracts: Mapping[str, Contract]) -> Origins:
    """For every column of a SQL step the columns of other tables that it is computed from.

    Columns that come from a Python step's temporary tables are left out, as are steps without SQL.
    """
    own = f"{table.layer}/{table.short_name}.sql"
    if own not in table.sql:
        return {}
    schema = tuple(
        (name, tuple((column, spec.type) for column, spec in contracts[name].columns.items()))
        for name in sorted({*table.inputs} & contracts.keys())
    )
    return _lineage(own, tuple(contracts[table.name].columns), schema)


@cache
def _lineage(
    file: str, columns: tuple[str, ...], schema: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
) -> Origins:
    from sqlglot import exp, parse_one
    from sqlglot.errors import SqlglotError
    from sqlglot.lineage import lineage

    nested: dict[str, dict[str, dict[str, str]]] = {}
    for name, fields in schema:
        layer, table = name.split(".")
        nested.setdefault(layer, {})[table] = dict(fields)
    try:
        expression = parse_one(sql_file(file), dialect="duckdb")
        for union in list(expression.find_all(exp.SetOperation)):
            _align_by_name(union)
        roots = lineage(None, expression, nested, dialect="duckdb", copy=False)
    except SqlglotError:
        return {}  # a dialect feature the parser does not know: no lineage is better than a wrong one
    found: Origins = {}
    for column in columns:
        leaves = {
            (f"{node.source.db}.{node.source.name}", node.name.split(".")[-1].strip('"'))
            for node in (roots[column].walk() if column in roots else ())
            if not node.downstream and isinstance(node.source, exp.Table) and node.source.db
        }
        if leaves:
            found[column] = sorted(leaves)
    return found


def _align_by_name(union: Any) -> None:
    """Write out `UNION BY NAME` by position, which is how the lineage is traced."""
    from sqlglot import exp

    if not union.args.get("by_name"):
        return
    branches = [b for b in union.find_all(exp.Select) if b.parent_select is union.parent_select]
    if any(branch.is_star for branch in branches):
        return
    names = list(dict.fromkeys(s.alias_or_name for branch in branches for s in branch.selects))
    for branch in branches:
        own = {s.alias_or_name: s for s in branch.selects}
        branch.set("expressions", [own.get(name) or exp.alias_(exp.null(), name) for name in names])
    for operation in union.find_all(exp.SetOperation):
        operation.set("by_name", False)
