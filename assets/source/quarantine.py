"""Quarantine: the rejected rows of all source tables, in one table.

Belongs here: uniting what intake rejected. Does not belong here: the reasons, which come from the contracts.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa

from assets.source import delivered
from assets.table import Build, Table, python_table
from resources.intake import QUARANTINE_SCHEMA

DELIVERED = tuple(table.name for table in delivered.TABLES)


def unite(build: Build) -> duckdb.DuckDBPyRelation | pa.Table:
    """All rows of the views `quarantine.<table>`."""
    views = [f'quarantine."{name.removeprefix("source.")}"' for name in build.table.inputs]
    present = {
        f'quarantine."{row[0]}"'
        for row in build.connection.execute(
            "SELECT view_name FROM duckdb_views() WHERE schema_name = 'quarantine' AND NOT internal"
        ).fetchall()
    }
    chosen = [view for view in views if view in present]
    if not chosen:
        return QUARANTINE_SCHEMA.empty_table()
    return build.connection.sql(" UNION ALL ".join(f"SELECT * FROM {view}" for view in chosen))


TABLES: tuple[Table, ...] = (python_table("source.quarantine", unite, inputs=DELIVERED, tolerates_failed_checks=True),)
