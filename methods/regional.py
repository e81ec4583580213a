"""Dividing an enterprise's value added among the regions it works in.

Belongs here: allocation keys and their order of preference. Does not belong here: which local units exist, region
codes.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError


def allocate(
    gva: float,
    employment: ArrayLike | None = None,
    wages_per_head: ArrayLike | None = None,
    *,
    wages: ArrayLike | None = None,
) -> NDArray[np.float64]:
    """Divides one amount by wage bill or by employment.

    Source: METHODS section 1, TV-3; Manual on regional accounts methods (Eurostat 2013), pseudo-bottom-up allocation of
    multi-regional units by compensation of employees, else by employment.

    Args:
        gva: the amount, any unit and sign.
        employment: (units,) persons employed, >= 0.
        wages_per_head: (units,) mean wage; with it the weights are employment x wage per head.
        wages: (units,) wage bill, instead of the other two.

    Returns:
        (units,) parts in the unit of `gva`, summing to it.

    Raises:
        MethodError: no key, two keys, negative or missing weights, or weights that sum to zero.
    """
    if wages is not None:
        if wages_per_head is not None:
            raise MethodError("give the wage bill or the wage per head, not both")
        weights = np.asarray(wages, dtype=np.float64)
    elif employment is not None:
        weights = np.asarray(employment, dtype=np.float64)
        if wages_per_head is not None:
            weights = weights * np.asarray(wages_per_head, dtype=np.float64)
    else:
        raise MethodError("allocation needs employment or wages")
    if not np.isfinite(weights).all() or (weights < 0).any():
        raise MethodError("an allocation weight is missing or negative")
    total = float(weights.sum())
    if total <= 0:
        raise MethodError("the allocation weights sum to zero")
    return np.asarray(float(gva) * weights / total)


def allocate_enterprises(gva: pd.Series, local_units: pd.DataFrame) -> pd.DataFrame:
    """Divides the value added of many enterprises among their local units: wages, else employment, else the seat.

    Source: METHODS section 1 (method flag per value). One key serves a whole enterprise: wages if every local unit has
    them, else employment if every one has it, else everything goes to the seat.

    Args:
        gva: value added by enterprise_id (the index, unique), any unit.
        local_units: `enterprise_id`, `region`, `is_seat`, and where known `employment` and `wages` (>= 0).

    Returns:
        One row per enterprise and local unit, ordered by enterprise and region: `enterprise_id`, `region`,
        `allocation_method` (`wages`, `employment`, `seat`, `none`), `weight_ratio`, `gva`. Enterprises without a local
        unit, or with neither key nor seat, come with a missing region and method `none`, so the sum is that of `gva`.

    Raises:
        MethodError: an enterprise twice in `gva` or with two seats, or a negative key.
    """
    if not gva.index.is_unique:
        raise MethodError(f"value added is given twice for enterprise {gva.index[gva.index.duplicated()][0]}")
    units = local_units[local_units["enterprise_id"].isin(gva.index)].reset_index(drop=True)
    enterprise = units["enterprise_id"]
    seat = units["is_seat"].eq(True).fillna(False).astype(np.float64)
    keys = {"seat": seat}
    for column in ("employment", "wages"):
        if column in units.columns:
            keys[column] = units[column].astype(np.float64)
            if (keys[column] < 0).any():
                raise MethodError(f"enterprise {enterprise[int((keys[column] < 0).argmax())]} has negative {column}")

    weight = pd.Series(np.nan, index=units.index)
    method = pd.Series("none", index=units.index, dtype=object)
    for name in ("seat", "employment", "wages"):
        if name not in keys:
            continue
        grouped = keys[name].groupby(enterprise, observed=True)
        total = grouped.transform("sum")
        usable = (grouped.transform("count") == grouped.transform("size")) & (total > 0)
        if name == "seat" and (total > 1).any():
            raise MethodError(f"enterprise {enterprise[int((total > 1).argmax())]} has two seats")
        weight = (keys[name] / total.where(usable)).where(usable, weight)
        method = method.where(~usable, name)

    rows = units[["enterprise_id", "region"]].assign(allocation_method=method, weight_ratio=weight)
    rows = rows[rows["weight_ratio"].notna()]
    rest = gva.index[~gva.index.isin(rows["enterprise_id"])]
    if len(rest):
        lost = pd.DataFrame({"enterprise_id": rest, "region": None, "allocation_method": "none", "weight_ratio": 1.0})
        rows = pd.concat([rows, lost.astype({"region": rows["region"].dtype})], ignore_index=True)
    rows["gva"] = rows["enterprise_id"].map(gva).astype(np.float64) * rows["weight_ratio"]
    return rows.sort_values(["enterprise_id", "region"], kind="stable", ignore_index=True)
