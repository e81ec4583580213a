"""Cells that opened and closed when a table's layout changed between two vintages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from pipelines.vintage_difference import cell_changes, changed_parameters
from resources.contract import Contract
from resources.lake import Lake, Version, Vintage

TABLE = "access.cooperation_gva"
CONTRACT = Contract.model_validate(
    {
        "table": TABLE,
        "title": "Cells",
        "purpose": "Cells made up for tests.",
        "grain": ["reference_year", "activity_code", "region_code"],
        "gsbpm": "6.4",
        "confidentiality": "public",
        "columns": {
            "reference_year": {"type": "integer", "description": "Reference year"},
            "activity_code": {"type": "varchar", "description": "Section of activity"},
            "region_code": {"type": "varchar", "description": "Region of the firm"},
            "is_withheld": {"type": "boolean", "required": True, "description": "Whether the cell is withheld"},
        },
    }
)
OLD_GRAIN = ["reference_year", "activity_code"]


def vintage(lake: Lake, key: str, rows: list[tuple[Any, ...]], parameters: dict[str, Any] | None = None) -> Vintage:
    """A vintage whose only table has these rows; the last column says whether the cell is withheld."""
    columns = [*CONTRACT.grain, "is_withheld"] if len(rows[0]) == 4 else [*OLD_GRAIN, "is_withheld"]
    path = lake.path(TABLE, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows, columns=columns).to_parquet(path)
    lake.seal(Version(TABLE, key, len(rows), "", {}, {}, parameters or {}))
    return Vintage(key, 1, {TABLE: key}, {})


def test_a_column_that_came_with_a_new_layout_opens_and_closes_nothing_by_itself(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    old = vintage(lake, "old", [(2023, "_T", False), (2023, "C", False), (2023, "J", True)])
    cells = [(2023, "_T", "_T", False), (2023, "C", "_T", True), (2023, "J", "_T", False), (2023, "C", "HU11", False)]
    new = vintage(lake, "new", cells)
    [change] = cell_changes(lake, {TABLE: CONTRACT}, old, new)
    assert (change.opened, change.closed) == (("2023 J",), ("2023 C",))
    [back] = cell_changes(lake, {TABLE: CONTRACT}, new, old)
    assert (back.opened, back.closed) == (("2023 C",), ("2023 J",))


def test_cells_that_come_and_go_open_and_close(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    old = vintage(lake, "old", [(2022, "C", "HU11", False), (2022, "J", "HU11", True)])
    new = vintage(lake, "new", [(2023, "C", "HU11", False), (2023, "J", "HU11", True)])
    [change] = cell_changes(lake, {TABLE: CONTRACT}, old, new)
    assert (change.opened, change.closed) == (("2023 C HU11",), ("2022 C HU11",))
    assert list(cell_changes(lake, {TABLE: CONTRACT}, old, old)) == []


def test_parameters_that_changed_are_named_with_both_values(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    old = vintage(lake, "old", [(2022, "C", False)], {"threshold": 0.9, "same": 1, "gone": 2})
    new = vintage(lake, "new", [(2022, "C", False)], {"threshold": 0.95, "same": 1, "came": 3})
    assert changed_parameters(lake, old, new) == {"threshold": (0.9, 0.95)}
