"""The one way a table is declared.

A `Table` says what it is called, what it reads, which step computes it and which parameters and checks it uses. How
it is keyed, computed, checked and written is the same for every table and lives in `assets.workshop`; how Dagster
sees it, in `assets.dagster_asset`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import duckdb
import pandas as pd
import pyarrow as pa

from resources.engine import run_sql, sql_file
from resources.intake import SourcePart
from resources.statements import with_parameters


@dataclass(frozen=True)
class Coded:
    """A result in which numbers stand for texts: to join millions of ids back is dearer than to look them up.

    Attributes:
        relation: the rows.
        texts: for each column of numbers the texts, the first of them number 0.
    """

    relation: duckdb.DuckDBPyRelation
    texts: Mapping[str, pa.Array]


Result: TypeAlias = duckdb.DuckDBPyRelation | pa.Table | pd.DataFrame | Coded
"""What a step may return."""


@dataclass(frozen=True)
class SqlCheck:
    """A referential or cross-table check: SQL that returns the rows that violate it.

    Attributes:
        name: the asset check's name; the query is `sql/<layer>/checks/<name>.sql`.
        description: what must hold, in words.
        severity: `error` blocks, `warn` is shown.
        max_failing_share: share of the table's rows (0..1) that may violate it.
    """

    name: str
    description: str
    severity: Literal["error", "warn"] = "error"
    max_failing_share: float = 0.0


@dataclass(frozen=True)
class Chart:
    """A picture of a table for its materialisation, drawn from its own finished rows and never part of them.

    Attributes:
        name: name of the metadata entry.
        query: one SELECT that reads the table under its name, ordered.
        draw: from the rows to Markdown with the image inlined (see `assets.charts`); empty text for nothing to show.
    """

    name: str
    query: str
    draw: Callable[[pd.DataFrame], str]


@dataclass
class Build:
    """What a step gets: a connection that shows the inputs under their names, and the parameters it declared.

    Attributes:
        connection: DuckDB with a view `<layer>.<table>` per input, and `earlier.<table>` per table of `earlier`.
        parameters: values of the declared parameters.
        facts: numbers the step wants shown with the materialisation (plotted over time by Dagster).
        summary: one SELECT over the finished table of one row of further facts.
        parts: source tables: the files of the selected deliveries.
        earlier: tables of the release that readers have, of those that the table declares.
    """

    table: Table
    connection: duckdb.DuckDBPyConnection
    parameters: Mapping[str, Any]
    facts: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    parts: tuple[SourcePart, ...] = ()
    earlier: frozenset[str] = frozenset()

    def sql(self, name: str) -> duckdb.DuckDBPyRelation:
        """Run a declared SQL file (one SELECT, parameters as `$name`) and return its relation."""
        self._must_declare(name)
        view = "_" + name.replace("/", "_").removesuffix(".sql")
        run_sql(self.connection, f'CREATE OR REPLACE TEMP TABLE "{view}" AS {sql_file(name)}', self.parameters)
        return self.connection.table(view)

    def view(self, name: str) -> None:
        """A declared SQL file under the name that `sql` would give it, computed wherever it is read.

        For what is large and costs little, so that it does not stand in memory.
        """
        self._must_declare(name)
        view = "_" + name.replace("/", "_").removesuffix(".sql")
        text = with_parameters(sql_file(name), self.parameters)
        self.connection.execute(f'CREATE OR REPLACE TEMP VIEW "{view}" AS {text}')

    def query(self, name: str) -> duckdb.DuckDBPyRelation:
        """A declared SQL file as the step's result: run only when its rows are ordered and written.

        So they do not stand in a temporary table in between, a fifth of the time of a table with a row per firm and
        year. A relation cannot hold parameters: a file that uses some is run as `sql` does.
        """
        self._must_declare(name)
        text = sql_file(name)
        return self.sql(name) if "$" in text else self.connection.sql(text)

    def relation(self, name: str) -> duckdb.DuckDBPyRelation:
        """As `query`, also for a file with parameters, whose values are written into the text."""
        self._must_declare(name)
        return self.connection.sql(with_parameters(sql_file(name), self.parameters))

    def _must_declare(self, name: str) -> None:
        if name not in self.table.sql:
            raise ValueError(f"{self.table.name} does not declare sql/{name}, so its key would not know of it")

    def frame(self, query: str) -> pd.DataFrame:
        """Run a query and return a pandas frame."""
        return run_sql(self.connection, query, self.parameters).df()


@dataclass(frozen=True)
class Table:
    """One table of the lake and the warehouse.

    Attributes:
        name: `<layer>.<table>`; its contract has the same name.
        compute: the step.
        inputs: tables the step reads.
        sql: files below `sql/` that the step runs (checks excluded).
        parameters: names of the parameters the step reads.
        earlier: tables that the step also reads as they are in the release that readers have; without the first of
            them the others are of no use. Their keys there count for the key (`assets.readers_release`).
        checks: referential and cross-table checks.
        check_inputs: tables that only the checks read.
        charts: pictures for the materialisation; they do not count for the key.
        modules: modules whose code counts for the key.
        kinds: what Dagster shows as kinds.
        takes_in: deliveries are taken in; `compute` is not used.
        tolerates_failed_checks: may read inputs that failed a blocking check, because showing them is its purpose.
    """

    name: str
    compute: Callable[[Build], Result]
    inputs: tuple[str, ...] = ()
    sql: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    checks: tuple[SqlCheck, ...] = ()
    check_inputs: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    modules: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("duckdb", "parquet")
    takes_in: bool = False
    tolerates_failed_checks: bool = False

    @property
    def layer(self) -> str:
        """First part of the name."""
        return self.name.split(".")[0]

    @property
    def short_name(self) -> str:
        """Second part of the name."""
        return self.name.split(".")[1]

    @property
    def dependencies(self) -> tuple[str, ...]:
        """All tables that must be there first."""
        return tuple(dict.fromkeys((*self.inputs, *self.check_inputs)))

    @property
    def check_files(self) -> tuple[str, ...]:
        """The SQL files of the checks."""
        return tuple(f"{self.layer}/checks/{check.name}.sql" for check in self.checks)


def _calling_module() -> str:
    return str(sys._getframe(2).f_globals["__name__"])


def sql_table(name: str, *, inputs: tuple[str, ...], parameters: tuple[str, ...] = (), **more: Any) -> Table:
    """A table computed by the one SELECT in `sql/<layer>/<name>.sql`."""
    file = name.replace(".", "/") + ".sql"
    return Table(
        name,
        compute=lambda build: build.query(file),
        inputs=inputs,
        sql=(file,),
        parameters=parameters,
        modules=(),
        kinds=("sql", "duckdb"),
        **more,
    )


def python_table(name: str, compute: Callable[[Build], Result], *, inputs: tuple[str, ...], **more: Any) -> Table:
    """A table computed by a Python step that calls `methods`; the calling module's code counts for the key."""
    return Table(name, compute=compute, inputs=inputs, modules=(_calling_module(),), kinds=("python", "duckdb"), **more)


def source_table(name: str, *, checks: tuple[SqlCheck, ...] = (), check_inputs: tuple[str, ...] = ()) -> Table:
    """A table of the source layer: deliveries typed under the contract, the rest in quarantine."""
    return Table(
        name,
        compute=_not_a_step,
        sql=("source/parse.sql",),
        checks=checks,
        check_inputs=check_inputs,
        modules=("resources.intake",),
        kinds=("file", "duckdb"),
        takes_in=True,
    )


def _not_a_step(build: Build) -> Result:
    raise TypeError(f"{build.table.name} is taken in from deliveries, not computed")
