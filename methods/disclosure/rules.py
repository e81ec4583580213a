"""Primary disclosure rules: which cells would reveal a contributor.

Belongs here: frequency, (n, k) dominance and p % with their protection levels, for one cell and for many. Does not
belong here: secondary suppression and its audit, the parameters (versioned configuration of the office).

Source of all rules: Hundepool et al., Handbook on Statistical Disclosure Control (SDC Handbook), chapter 4 (primary
rules of magnitude tables, strict comparisons) and its table of upper protection levels; METHODS section 4, TV-12.
Contributions are first added up within an enterprise group, then taken in absolute value, x1 >= x2 >= ...; X is the sum
of the absolute values:

| rule | unsafe when | protection level U |
|---|---|---|
| frequency | fewer than n contributors other than zero | `frequency_range_pct` / 100 X |
| dominance (n, k) | x1 + .. + xn > k / 100 X | 100 / k (x1 + .. + xn) - X |
| p % | X - x1 - x2 < p / 100 x1 | p / 100 x1 - (X - x1 - x2) |

The handbook has no formula for the protection of a cell that only the frequency rule finds; tau-Argus asks for a range
in per cent of the cell, and so do we. A cell unsafe by several rules gets the largest of their levels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from methods.errors import MethodError


@dataclass(frozen=True)
class PrimaryRules:
    """The rules in force; a rule set to None is not applied.

    Attributes:
        frequency: least number of contributors n.
        dominance: (n, k) with k in per cent.
        p_percent: p of the p % rule.
        frequency_range_pct: protection of a cell with too few contributors, in per cent of its value.
    """

    frequency: int | None = 3
    dominance: tuple[int, float] | None = None
    p_percent: float | None = 10.0
    frequency_range_pct: float = 10.0

    def __post_init__(self) -> None:
        if self.frequency is not None and self.frequency < 1:
            raise MethodError(f"the frequency rule needs n >= 1, got {self.frequency}")
        if self.dominance is not None and not (self.dominance[0] >= 1 and 0 < self.dominance[1] <= 100):
            raise MethodError(f"the dominance rule needs n >= 1 and 0 < k <= 100, got {self.dominance}")
        if self.p_percent is not None and not self.p_percent > 0:
            raise MethodError(f"the p % rule needs p > 0, got {self.p_percent}")
        if not self.frequency_range_pct >= 0:
            raise MethodError(f"the frequency range must be >= 0, got {self.frequency_range_pct}")


@dataclass(frozen=True)
class PrimaryResult:
    """What the rules say of one cell.

    Attributes:
        is_unsafe: whether any rule finds the cell unsafe.
        rules: the rules that do, of `frequency`, `dominance`, `p_percent`, in this order.
        protection_level: U of the cell in its unit, 0 when safe.
        contributor_count: enterprise groups with a contribution other than zero.
        total: sum of the contributions with their signs.
    """

    is_unsafe: bool
    rules: tuple[str, ...]
    protection_level: float
    contributor_count: int
    total: float


RULE_FLAGS = {"frequency": "is_frequency", "dominance": "is_dominance", "p_percent": "is_p_percent"}


def primary(
    contributions: ArrayLike, groups: Sequence[object] | None = None, *, rules: PrimaryRules | None = None
) -> PrimaryResult:
    """Applies the primary rules to one cell.

    Args:
        contributions: (units,) contributions, any unit and sign.
        groups: (units,) enterprise group of each; without it every unit is a group of its own.
        rules: the rules in force, default frequency 3 and p = 10 %.

    Returns:
        The verdict; a cell without any unit is safe.

    Raises:
        MethodError: a missing contribution or group.
    """
    values = np.asarray(contributions, dtype=np.float64)
    contributor = np.arange(values.size) if groups is None else np.asarray(groups, dtype=object)
    if contributor.shape != values.shape:
        raise MethodError(f"{values.size} contributions need as many groups, got {contributor.size}")
    if not values.size:
        return PrimaryResult(False, (), 0.0, 0, 0.0)
    frame = pd.DataFrame({"cell": 0, "contributor": contributor, "value": values})
    row = primary_cells(frame, cell="cell", contributor="contributor", value="value", rules=rules).iloc[0]
    found = tuple(rule for rule, flag in RULE_FLAGS.items() if bool(row[flag]))
    return PrimaryResult(
        bool(row["is_primary"]),
        found,
        float(row["protection_level"]),
        int(row["contributor_count"]),
        float(row["total"]),
    )


def primary_cells(
    frame: pd.DataFrame,
    *,
    cell: str | Sequence[str],
    contributor: str,
    value: str,
    rules: PrimaryRules | None = None,
) -> pd.DataFrame:
    """Applies the primary rules to all cells of a table.

    Args:
        frame: one row per contribution; rows of one contributor in one cell are added up.
        cell: column or columns that name the cell.
        contributor: column of the enterprise group.
        value: column of the contribution, any unit and sign.
        rules: the rules in force, default frequency 3 and p = 10 %.

    Returns:
        Frame by cell, ordered: `contributor_count`, `total` (with signs), `absolute_total` (X), `largest` and
        `second_largest` (x1, x2), the flags `is_frequency`, `is_dominance`, `is_p_percent`, `is_primary`, and
        `protection_level`, all amounts in the unit of `value`.

    Raises:
        MethodError: a missing cell, contributor or contribution.
    """
    rules = rules or PrimaryRules()
    keys = [cell] if isinstance(cell, str) else list(cell)
    for column in (*keys, contributor, value):
        if frame[column].isna().any():
            raise MethodError(
                f"{column} is missing in row {frame.index[int(frame[column].isna().to_numpy().argmax())]}"
            )
    grouped = frame.groupby([*keys, contributor], sort=True, observed=True)[value].sum().astype(np.float64)
    cells = grouped.groupby(level=keys, sort=True, observed=True)
    number = cells.ngroup().to_numpy()
    signed, size = cells.sum(), len(cells)
    absolute = np.abs(grouped.to_numpy())
    order = np.lexsort((-absolute, number))
    number, absolute = number[order], absolute[order]
    first = np.flatnonzero(np.diff(number, prepend=-1))
    rank = np.arange(len(number)) - np.repeat(first, np.diff(np.append(first, len(number))))

    def summed(mask: np.ndarray) -> np.ndarray:
        return np.bincount(number[mask], weights=absolute[mask], minlength=size)

    count = np.bincount(number[absolute > 0], minlength=size)
    total, x1, x2 = summed(rank >= 0), summed(rank == 0), summed(rank == 1)
    # X - x1 - x2 as the sum of what is left: the subtraction would lose the small remainder that decides.
    rest = summed(rank >= 2)

    level = np.zeros(size)
    is_frequency = is_dominance = is_p_percent = np.zeros(size, dtype=bool)
    if rules.frequency is not None:
        is_frequency = count < rules.frequency
        level = np.where(is_frequency, rules.frequency_range_pct / 100.0 * total, level)
    if rules.dominance is not None:
        n, k = rules.dominance
        top = summed(rank < n)
        is_dominance = top * 100.0 > k * total
        level = np.where(is_dominance, np.maximum(level, 100.0 / k * top - total), level)
    if rules.p_percent is not None:
        p = rules.p_percent
        is_p_percent = rest * 100.0 < p * x1
        level = np.where(is_p_percent, np.maximum(level, p / 100.0 * x1 - rest), level)
    return pd.DataFrame(
        {
            "contributor_count": count,
            "total": signed.to_numpy(),
            "absolute_total": total,
            "largest": x1,
            "second_largest": x2,
            "is_frequency": is_frequency,
            "is_dominance": is_dominance,
            "is_p_percent": is_p_percent,
            "is_primary": is_frequency | is_dominance | is_p_percent,
            "protection_level": level,
        },
        index=signed.index,
    )
