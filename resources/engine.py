"""The engine: one DuckDB connection per step, within the machine's limits, with the step's inputs as views.

Exact sums: a parallel sum of doubles depends on the order of threads, and a table would change its bytes from night
to night. SQL steps therefore sum `DECIMAL`, through the macro `exact_sum`.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from resources.home import REPOSITORY

SQL = REPOSITORY / "sql"
_PARAMETER = re.compile(r"(?<![\w$])\$([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class EngineLimits:
    """What one step may use of the machine.

    Attributes:
        memory: DuckDB `memory_limit`, for example `2500MB`.
        threads: worker threads.
        spill: folder for what does not fit into memory; a system temporary folder when None.
    """

    memory: str = "2500MB"
    threads: int = 2
    spill: Path | None = None

    @classmethod
    def from_environment(cls, spill: Path) -> EngineLimits:
        """Limits from `COOPGVA_MEMORY` and `COOPGVA_THREADS`, with defaults for a machine of two cores."""
        return cls(
            memory=os.environ.get("COOPGVA_MEMORY", cls.memory),
            threads=int(os.environ.get("COOPGVA_THREADS", cls.threads)),
            spill=spill,
        )


@contextmanager
def open_engine(limits: EngineLimits, tables: Mapping[str, Path] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB connection in memory with macros loaded and `tables` visible under their names.

    Args:
        limits: memory, threads and spill directory.
        tables: Parquet file by `<schema>.<table>`.
    """
    folder = limits.spill or Path(tempfile.gettempdir())
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix="duckdb-") as spill,
        duckdb.connect(
            config={
                "memory_limit": limits.memory,
                "threads": limits.threads,
                "temp_directory": spill,
                "preserve_insertion_order": True,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        ) as connection,
    ):
        connection.execute("SET enable_progress_bar = false; SET TimeZone = 'UTC'")
        connection.execute((SQL / "macros.sql").read_text(encoding="utf-8"))
        for schema in sorted({name.split(".")[0] for name in tables or {}}):
            connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        for name, path in (tables or {}).items():
            expose(connection, name, path)
        yield connection


def expose(connection: duckdb.DuckDBPyConnection, name: str, path: Path) -> None:
    """Make a Parquet file visible as the view `<schema>.<table>`."""
    schema, table = name.split(".")
    connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    literal = str(path).replace("'", "''")
    connection.execute(f"""CREATE OR REPLACE VIEW "{schema}"."{table}" AS SELECT * FROM read_parquet('{literal}')""")


def run_sql(
    connection: duckdb.DuckDBPyConnection, text: str, parameters: Mapping[str, Any] | None = None
) -> duckdb.DuckDBPyConnection:
    """Run a script of one or more statements; `$name` takes the value of a parameter.

    Only the parameters that a statement names are bound, so one script may use several. The last statement's result
    stays on the connection.
    """
    for statement in duckdb.extract_statements(text):
        names = {n for n in _PARAMETER.findall(statement.query) if n in (parameters or {})}
        bound = {name: (parameters or {})[name] for name in names}
        connection.execute(statement.query, bound or None)
    return connection


def sql_file(name: str) -> str:
    """The text of a step below `sql/`, for example `integration/legal_unit.sql`."""
    return (SQL / name).read_text(encoding="utf-8")
