"""The SQL steps of the interpretation layer on tables of a few rows, and the tiny economy up to this layer."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import duckdb
import pandas as pd

from assets.catalogue import TABLES
from assets.delivery_state import receive
from assets.workshop import Workshop
from resources.engine import run_sql, sql_file
from resources.home import Home
from resources.parameters import load_parameters

PARAMETERS = load_parameters().model_dump()


class Step:
    """A connection on which tables are put and SQL files run, as a table's step does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self.parameters = dict(PARAMETERS)
        for layer in ("source", "integration", "interpretation"):
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {layer}")

    def put(self, name: str, frame: pd.DataFrame) -> None:
        """A table under its name (with its schema, or a temporary one of the step)."""
        self.connection.register("_frame", frame)
        dates = [c for c in frame.columns if c.endswith("_date") or c.startswith("period_")]
        typed = ", ".join(f"CAST({c} AS DATE) AS {c}" for c in dates)
        chosen = f"* REPLACE ({typed})" if dates else "*"
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT {chosen} FROM _frame")
        self.connection.unregister("_frame")

    def run(self, name: str) -> pd.DataFrame:
        """The result of `sql/interpretation/<name>.sql`, kept under the name later files know it by."""
        statement = f"CREATE OR REPLACE TABLE _interpretation_{name} AS {sql_file(f'interpretation/{name}.sql')}"
        run_sql(self.connection, statement, self.parameters)
        return self.connection.table(f"_interpretation_{name}").df()

    def violations(self, check: str) -> pd.DataFrame:
        """Rows that violate a check of the layer."""
        return run_sql(self.connection, sql_file(f"interpretation/checks/{check}.sql"), self.parameters).df()


def materialise(home: Path, *names: str) -> Workshop:
    """The named tables of a home and whatever they are made of."""
    needed, waiting = set[str](), list(names)
    while waiting:
        name = waiting.pop()
        needed.add(name)
        waiting += [i for i in TABLES[name].dependencies if i not in needed]
    shop = Workshop(Home(home), TABLES, None, "test")
    for name, table in TABLES.items():
        if name in needed:
            receive(shop, table, now=dt.datetime.now(dt.UTC), may_fall_back=True)
            shop.materialise(name)
    return shop
