"""A published table as it leaves the house: columns of the contract, ordered, rounded, nothing withheld in it.

Belongs here: what is the same in every format. Rounding is part of the release: it happens once, here, so that a number
is the same in CSV, Parquet, XLSX and SDMX. Does not belong here: the formats.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from resources.contract import Column, Contract
from resources.errors import CoopgvaError, PublishRefusedError

WITHHELD = "is_withheld"
NUMBERS = ("integer", "bigint", "double")

UNIT_DECIMALS: Mapping[str, int] = {
    "HUF mn": 1,
    "%": 4,
    "% a year": 4,
    "percentage points": 4,
    "percentage points a year": 4,
    "years": 1,
}
"""Decimals by the unit that a contract names. HUF 0.1 million and 0.0001 % are both finer than national accounts."""

OTHER_DECIMALS = 6
"""Decimals of numbers in any other unit (ratios, weights)."""


def decimals(column: Column) -> int:
    """With how many decimals a column is released; whole numbers with none."""
    return UNIT_DECIMALS.get(column.unit or "", OTHER_DECIMALS) if column.type == "double" else 0


def number_text(value: float, places: int) -> str:
    """A number with a fixed number of decimals and a point: `0.0229` with four, `12` with none."""
    return f"{value:.{places}f}"


def is_hidden_number(contract: Contract, name: str) -> bool:
    """Whether a column is a number that a withheld row must not have: no key, and not published by others anyway."""
    column = contract.columns[name]
    return (
        WITHHELD in contract.columns
        and column.type in NUMBERS
        and name not in contract.grain
        and column.confidentiality != "public"
    )


def release_table(contract: Contract, table: pd.DataFrame | pa.Table | Path) -> pa.Table:
    """The table as it is released.

    Args:
        contract: of the table; gives columns, types, order of rows, units.
        table: the published rows, as a frame, an Arrow table or the path of a Parquet file.

    Returns:
        Columns and types of `contract.schema`, rows in the order of the primary key, doubles rounded (`decimals`).
        Built anew from single values: nothing that a null covered in the input is in its buffers.

    Raises:
        CoopgvaError: other columns than the contract has, a value of another type, an infinite number, or a key that
            is there twice; names the table and the key.
        PublishRefusedError: a withheld row has a number; names the table, the column and the key.
    """
    arrow = _arrow(contract, table)
    rows = arrow.to_pylist()
    hidden = [name for name in contract.columns if is_hidden_number(contract, name)]
    places = {name: decimals(column) for name, column in contract.columns.items() if column.type == "double"}
    rows.sort(key=lambda row: tuple(row[name] for name in contract.grain))
    last: tuple[Any, ...] | None = None
    for row in rows:
        key = tuple(row[name] for name in contract.grain)
        if key == last:
            raise CoopgvaError(
                "the key is there twice",
                where=_where(contract, row),
                action=f"correct {contract.table} and export again",
            )
        last = key
        for name, digits in places.items():
            row[name] = _rounded(contract, row, name, digits)
        if hidden and row[WITHHELD]:
            for name in hidden:
                if row[name] is not None:
                    raise PublishRefusedError(
                        f"a withheld row has a number in {name}",
                        where=_where(contract, row),
                        action=f"empty it in {contract.table}; nothing was written",
                    )
    return pa.Table.from_pylist(rows, schema=contract.schema)


def _arrow(contract: Contract, table: pd.DataFrame | pa.Table | Path) -> pa.Table:
    try:
        if isinstance(table, Path):
            table = pq.read_table(table)
        names = list(table.columns) if isinstance(table, pd.DataFrame) else table.column_names
        odd = sorted(set(names) ^ set(contract.columns))
        if odd:
            raise CoopgvaError(
                f"its columns are not those of the contract ({', '.join(odd[:3])})",
                where=contract.table,
                action="publish again with `coopgva refresh`",
            )
        if isinstance(table, pd.DataFrame):
            return pa.Table.from_pandas(table, schema=contract.schema, preserve_index=False)
        return table.select(list(contract.columns)).cast(contract.schema)
    except (pa.ArrowException, OSError) as error:
        raise CoopgvaError(
            f"it does not fit its contract ({str(error).partition(chr(10))[0]})",
            where=contract.table,
            action="publish again with `coopgva refresh`",
        ) from None


def _rounded(contract: Contract, row: Mapping[str, Any], name: str, digits: int) -> float | None:
    value = row[name]
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        raise CoopgvaError(
            f"{name} is infinite", where=_where(contract, row), action=f"correct {contract.table} and export again"
        )
    return float(round(value, digits)) + 0.0  # + 0.0 makes -0.0 a plain zero


def _where(contract: Contract, row: Mapping[str, Any]) -> str:
    return f"{contract.table} ({', '.join(f'{name}={row[name]}' for name in contract.grain)})"
