"""Two vintages of the same tables: what the change of a cell would tell.

Belongs here: the linked system of a new release, the old one and their difference. Does not belong here: a single
release (`methods.disclosure.tabulation`), what an intruder believes without contributions
(`methods.disclosure.intruder`).

If a cell is open in both releases, everybody knows by how much it has changed; and if a single firm has filed late or
corrected its accounts, the change is that firm. So changes are cells too: nobody publishes them, their contributions
are the new less the old ones of each enterprise group, and the primary rules hold for them. One system binds all:

    equations of the new release, equations of the old release, change = new - old for every cell.

The old release is a fact: its open cells are public, its withheld ones stay hidden, and those of them that were unsafe
must stay protected beside the new release.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy.sparse as sp

from methods.disclosure.hierarchy import Cells, Structure
from methods.disclosure.intruder import SAME, Published, is_same
from methods.disclosure.spec import Spec
from methods.disclosure.system import BoolArray, LinkedSystem, linked_system
from methods.disclosure.tabulation import Tabulated, inner_values, tabulate, to_protect, unit_labels
from methods.errors import MethodError

GROSS = " gross"
"""A column beside the caller's own."""


@dataclass(frozen=True, eq=False)
class Vintage:
    """A release to be made, and what is known of an earlier one.

    Attributes:
        now: the cells.
        before: the earlier release, None if there is none.
        old: the cells that it was made of, None if they are not known.
        change: now less old.
    """

    now: Tabulated
    before: Published | None = None
    old: Tabulated | None = None
    change: Tabulated | None = None

    def already_known(self) -> BoolArray:
        """(cells,) open before with the value they have now and, where that is known, from the same contributions."""
        if self.before is None:
            return np.zeros(len(self.now.cells), dtype=bool)
        same = is_same(self.now.frame["value"].to_numpy(), self.before.value)
        return same if self.change is None else same & is_unchanged(self.change)

    def system(self, spec: Spec, given_up: BoolArray | None = None) -> tuple[Structure, LinkedSystem]:
        """The linked system of everything there is; its first variables are the cells.

        Args:
            spec: the specification.
            given_up: (cells,) unsafe cells that are known all the same.

        Raises:
            MethodError: as `to_protect` and `with_differences`.
        """
        known = self.already_known()
        bound, system = to_protect(
            self.now, spec, already_known=known if given_up is None else known & ~given_up, given_up=given_up
        )
        if self.before is None or self.old is None or self.change is None:
            return bound, system
        return bound, with_differences(bound, system, self.old, self.change, self.before)


def tabulate_both(
    now: pd.DataFrame, before: pd.DataFrame, spec: Spec, cells: Cells
) -> tuple[Tabulated, Tabulated, Tabulated]:
    """The new cells, the old ones and their changes, contributors numbered alike in all three.

    Args:
        now: contributions, as for `tabulate`.
        before: those of the earlier release.
        spec: the specification.
        cells: the cells of its tables.

    Raises:
        MethodError: as `tabulate`.
    """
    labels = np.unique(np.concatenate([unit_labels(now, spec), unit_labels(before, spec)]))
    new, old = tabulate(now, spec, cells, units=labels), tabulate(before, spec, cells, units=labels)
    signed = spec.model_copy(update={"negative": True, "cost": "constant"})
    change = tabulate(_net(now, before, spec), signed, cells, units=labels)
    frame = change.frame.copy()
    # whoever moves within a cell gives it as much as before
    noise = SAME * np.maximum(new.frame["absolute"].to_numpy(), old.frame["absolute"].to_numpy())
    is_still = frame["absolute"].to_numpy() <= noise
    frame.loc[is_still, ["value", "absolute", "protection"]] = 0.0
    frame.loc[is_still, "is_primary"] = False
    frame.loc[is_still, "contributor"] = -1
    return new, old, replace(change, frame=frame)


def _net(now: pd.DataFrame, before: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """New less old contributions, without those that are as they were."""
    group = spec.group or "group_id"
    keys = [*spec.dimensions, spec.contributor, *([group] if group in now or group in before else [])]
    less = before.assign(**{spec.value: -before[spec.value].to_numpy(dtype=np.float64)})
    both = pd.concat([now, less], ignore_index=True)
    both[GROSS] = both[spec.value].abs()
    found = both.groupby(keys, sort=True, dropna=False, as_index=False)[[spec.value, GROSS]].sum()
    # sums of floating-point numbers seldom cancel to nothing
    moved = found[found[spec.value].abs() > SAME * found[GROSS]]
    return moved if len(moved) else found.head(1).assign(**{spec.value: 0.0})


def is_unchanged(change: Tabulated) -> BoolArray:
    """(cells,) no enterprise group gives more or less than before."""
    return np.asarray(change.frame["absolute"].to_numpy() == 0.0)


def with_differences(
    bound: Structure, new: LinkedSystem, old: Tabulated, change: Tabulated, before: Published
) -> LinkedSystem:
    """The linked system of two releases.

    Args:
        bound: cells and equations.
        new: linked system of the new release, as `to_protect` makes it.
        old: cells of the earlier release.
        change: their changes.
        before: what the earlier release published.

    Returns:
        The variables of `new` first, in their order; then the old ones, then the changes, which are hidden or public.

    Raises:
        MethodError: the earlier release has other values than its contributions.
    """
    cells, size, count = bound.cells, len(bound.cells), len(bound.names)
    value = old.frame["value"].to_numpy()
    other = before.is_open & ~is_same(value, before.value)
    if other.any():
        cell = int(other.argmax())
        raise MethodError(
            f"cell {cells.names[cell]} was published as {before.value[cell]:.12g}, the earlier contributions add up to"
            f" {value[cell]:.12g}"
        )
    empty = np.zeros(count - size)
    old_values = np.concatenate([value, inner_values(old, bound)])
    old_public = np.concatenate([before.is_open | old.frame["is_empty"].to_numpy(), empty]).astype(bool)
    old_primary = np.concatenate([old.frame["is_primary"], empty]).astype(bool) & ~old_public
    moved = new.values[:size] - old_values[:size]
    is_still = is_unchanged(change)
    pick = sp.hstack([sp.eye_array(size), sp.csr_array((size, count - size))])
    equations = sp.block_array(
        [
            [bound.equations, None, None],
            [None, bound.equations, None],
            [pick, -pick, -sp.eye_array(size)],
        ]
    )
    names = [
        *bound.names,
        *(f"earlier {name}" for name in bound.names),
        *(f"change of {name}" for name in cells.names),
    ]
    labels = [
        *bound.equation_names,
        *(f"earlier {name}" for name in bound.equation_names),
        *(f"change of {name}" for name in cells.names),
    ]
    old_lower = np.where(old.frame["has_negative"], -np.inf, 0.0)
    nothing = -np.inf if bool(old.frame["has_negative"].any()) else 0.0
    change_primary = change.frame["is_primary"].to_numpy() & ~is_still
    return linked_system(
        names,
        np.concatenate([new.values, old_values, moved]),
        equations,
        equation_names=labels,
        lower=np.concatenate([new.lower, old_lower, empty + nothing, np.full(size, -np.inf)]),
        cost=np.concatenate([new.cost, np.zeros(count + size)]),
        is_public=np.concatenate([new.is_public, old_public, is_still]),
        is_hidden=np.concatenate([new.is_hidden, ~old_public, ~is_still]),
        is_primary=np.concatenate([new.is_primary, old_primary, change_primary]),
        protection=np.concatenate(
            [
                new.protection,
                np.where(old_primary[:size], old.frame["protection"], 0.0),
                empty,
                np.where(change_primary, change.frame["protection"], 0.0),
            ]
        ),
        contributor=np.concatenate(
            [new.contributor, old.frame["contributor"], empty - 1, change.frame["contributor"]]
        ).astype(np.int64),
    )
