"""The publishability report of `coopgva protect --plan`: what of a proposed set of tables would survive.

Belongs here: counting by table and level. Does not belong here: protecting. The report counts unsafe cells, so it is
for inside only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from methods.disclosure.tabulation import Tabulated


def report(table: Tabulated, withheld: NDArray[np.bool_]) -> pd.DataFrame:
    """One row per table and combination of levels.

    Args:
        table: the cells of all proposed tables, protected together.
        withheld: (cells,) the pattern.

    Returns:
        `table`, `level` (`activity 1, region 0`), `cells`, `empty` (nobody contributes), `unsafe` (by rule),
        `secondary` (withheld to protect others), `open` (published, empty ones not counted), `open_pct` of the cells
        that are not empty, `open_value_pct` of their absolute value.
    """
    cells, frame = table.cells, table.frame
    is_empty = frame["is_empty"].to_numpy()
    is_primary = frame["is_primary"].to_numpy()
    amount = frame["absolute"].to_numpy()
    rows = []
    for one in cells.tables:
        members = cells.of_table(one)
        depth = cells.depth[members]
        for level in np.unique(depth, axis=0):
            chosen = members[(depth == level).all(axis=1)]
            filled = chosen[~is_empty[chosen]]
            is_open = ~withheld[filled]
            total = float(amount[filled].sum())
            rows.append(
                {
                    "table": one.name,
                    "level": ", ".join(
                        f"{h.name} {deep}"
                        for h, deep in zip(cells.hierarchies, level.tolist(), strict=True)
                        if h.name in one.levels
                    )
                    or "total",
                    "cells": len(chosen),
                    "empty": len(chosen) - len(filled),
                    "unsafe": int(is_primary[filled].sum()),
                    "secondary": int((withheld[chosen] & ~is_primary[chosen]).sum()),
                    "open": int(is_open.sum()),
                    "open_pct": 100.0 * float(is_open.mean()) if len(filled) else np.nan,
                    "open_value_pct": 100.0 * float(amount[filled][is_open].sum()) / total if total else np.nan,
                }
            )
    return pd.DataFrame(rows)
