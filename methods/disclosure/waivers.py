"""Waivers: contributors who have agreed to be recognised do not make a cell unsafe.

Belongs here: the primary rules where some contributors have waived. Does not belong here: the rules themselves
(`methods.disclosure.rules`), which this module follows where nobody has waived.

A waiver gives up the protection of one's own contribution and nobody else's (SDC Handbook, section 4.2, on holdings and
waivers). So a cell with waivers is still unsafe when it reveals somebody who has not waived:

| rule | unsafe when it is unsafe without waivers, and |
|---|---|
| frequency | one of the contributors has not waived: the others could work it out |
| dominance (n, k) | one of the n largest has not waived |
| p % | X - x_i - x_j < p / 100 x_i for the largest x_i that has not waived and the largest other x_j; U likewise |

The largest that has not waived is the worst case: the remainder shrinks and the limit grows with x_i.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from methods.disclosure.rules import PrimaryRules


def waive(found: pd.DataFrame, groups: pd.DataFrame, rules: PrimaryRules) -> pd.DataFrame:
    """Verdicts of the primary rules after waivers.

    Args:
        found: result of `primary_cells`, by cell.
        groups: one row per cell and enterprise group: `cell` (as in the index of `found`), `value` (the group's
            contribution, any sign), `is_waived`.
        rules: the rules in force.

    Returns:
        `found` with `is_frequency`, `is_dominance`, `is_p_percent`, `is_primary` and `protection_level` of the cells
        in which somebody has waived computed anew; other cells as they were.
    """
    touched = np.unique(groups["cell"].to_numpy()[groups["is_waived"].to_numpy()])
    if not len(touched):
        return found
    rows = groups[groups["cell"].isin(touched)]
    size = np.abs(rows["value"].to_numpy(dtype=np.float64))
    cell = np.searchsorted(touched, rows["cell"].to_numpy())
    waived = rows["is_waived"].to_numpy(dtype=bool)
    order = np.lexsort((waived, -size, cell))
    size, cell, waived = size[order], cell[order], waived[order]
    count = len(touched)
    first = np.searchsorted(cell, np.arange(count))
    rank = np.arange(len(cell)) - first[cell]

    asked = np.bincount(cell[~waived], minlength=count) > 0
    total = np.bincount(cell, weights=size, minlength=count)
    place = np.where(waived, len(cell), rank)
    target_rank = np.full(count, len(cell))
    np.minimum.at(target_rank, cell, place)
    is_target = rank == target_rank[cell]
    is_other = rank == np.where(target_rank == 0, 1, 0)[cell]
    x_target = np.bincount(cell[is_target], weights=size[is_target], minlength=count)
    rest_of = ~is_target & ~is_other
    rest = np.bincount(cell[rest_of], weights=size[rest_of], minlength=count)

    old = found.loc[touched]
    flags = {name: old[name].to_numpy(dtype=bool).copy() for name in ("is_frequency", "is_dominance", "is_p_percent")}
    level = np.zeros(count)
    flags["is_frequency"] &= asked
    level = np.where(flags["is_frequency"], rules.frequency_range_pct / 100.0 * total, level)
    if rules.dominance is not None:
        n, k = rules.dominance
        largest = rank < n
        flags["is_dominance"] &= np.bincount(cell[largest & ~waived], minlength=count) > 0
        top = np.bincount(cell[largest], weights=size[largest], minlength=count)
        level = np.where(flags["is_dominance"], np.maximum(level, 100.0 / k * top - total), level)
    if rules.p_percent is not None:
        p = rules.p_percent
        flags["is_p_percent"] = asked & (rest * 100.0 < p * x_target)
        level = np.where(flags["is_p_percent"], np.maximum(level, p / 100.0 * x_target - rest), level)
    result = found.copy()
    for name, flag in flags.items():
        result.loc[touched, name] = flag
    result.loc[touched, "is_primary"] = flags["is_frequency"] | flags["is_dominance"] | flags["is_p_percent"]
    result.loc[touched, "protection_level"] = level
    return result
