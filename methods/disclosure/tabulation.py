"""From contributions to the cells of the tables: values, primary rules, costs, and the linked system to protect.

Belongs here: adding contributions up to every cell of every table, judging the cells, and putting them together with
the equations and with what is public already. Does not belong here: codes and equations
(`methods.disclosure.hierarchy`), the choice of secondary suppressions, files.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from methods.disclosure.hierarchy import Cells, Hierarchy, Structure, structure
from methods.disclosure.rules import RULE_FLAGS, primary_cells
from methods.disclosure.spec import Spec
from methods.disclosure.system import BoolArray, FloatArray, IntArray, LinkedSystem, linked_system
from methods.disclosure.waivers import waive
from methods.errors import MethodError

BATCH_ROWS = 1_000_000
"""Contributions, each counted once for every cell it is in, that are judged at once: bounds memory."""
MOST_DECIMALS = 9
LEAST_PROTECTION = 1e-6
"""An unsafe cell must never be known exactly, also where its rule asks for no width: relative to its value."""
LEAST_COST = 1e-6
"""Relative to the dearest cell: withholding an open cell is never free."""


@dataclass(frozen=True, eq=False)
class Tabulated:
    """The cells of the tables with everything that contributions say about them.

    Attributes:
        cells: the cells.
        frame: (cells,) rows: `value`, `absolute` (sum of the absolute contributions of groups), `contributor_count`
            (groups with a contribution other than zero), `contributor` (number of the single one, else -1),
            `is_empty` (nobody contributes), `has_negative`, `is_frequency`, `is_dominance`, `is_p_percent`,
            `is_primary`, `protection`, `cost`.
        decimals: decimals of the contributions, by which values are rounded; None where there is no such number.
        waived: contributors named as waived who occur.
        leaves: (details, dimensions) code numbers of the finest detail that occurs.
        leaf_values: (details,) its values.
    """

    cells: Cells
    frame: pd.DataFrame
    leaves: IntArray
    leaf_values: FloatArray
    decimals: int | None
    waived: int


def tabulate(
    contributions: pd.DataFrame, spec: Spec, cells: Cells, *, units: NDArray[np.str_] | None = None
) -> Tabulated:
    """Adds contributions up to the cells of all tables and applies the primary rules.

    Args:
        contributions: one row per contribution: the dimensions and `spec.contributor` as text, `spec.value` (and a
            cost column) as numbers, the group column where `spec.group` names one, else `group_id` if there is one.
        spec: the specification.
        cells: the cells of its tables.
        units: sorted labels by which enterprise groups are numbered (`unit_labels`), default those that occur.

    Raises:
        MethodError: no contributions; a value, code or contributor that is missing; a value that is not finite, or
            negative without `negative: true`; a code that is not in its hierarchy or has parts. Names the row.
    """
    checked = _checked(contributions, spec, cells.hierarchies, units)
    expanded = _expanded(checked, cells)
    rules = spec.rules.primary_rules()
    blocks = []
    for rows in expanded:
        groups = _grouped(rows)
        found = primary_cells(groups, cell="cell", contributor="unit", value="value", rules=rules)
        found = waive(found, groups, rules)
        cell = groups["cell"].to_numpy()
        start = np.flatnonzero(np.diff(cell, prepend=-1))
        unit, is_active = groups["unit"].to_numpy(), groups["value"].to_numpy() != 0
        count = np.add.reduceat(is_active.astype(np.int64), start)
        # the number of the one active group, as the sum over all of which only one counts
        only = np.add.reduceat(np.where(is_active, unit, 0), start)
        alone = np.where(np.diff(np.append(start, len(cell))) == 1, unit[start], -1)
        found["contributor"] = np.where(count == 1, only, np.where(count == 0, alone, -1))
        found["has_negative"] = np.minimum.reduceat(groups["lowest"].to_numpy(), start) < 0
        found["cost"] = np.add.reduceat(groups["cost"].to_numpy(), start)
        blocks.append(found)
    frame = pd.concat(blocks).reindex(np.arange(len(cells)))
    decimals = _decimals(checked["value"].to_numpy())
    detail = checked.groupby([f"leaf_{d}" for d in range(len(cells.hierarchies))], sort=True)["value"].sum()
    return Tabulated(
        cells=cells,
        frame=_completed(frame, spec, decimals),
        leaves=detail.index.to_frame().to_numpy(dtype=np.int64),
        leaf_values=detail.to_numpy(dtype=np.float64),
        decimals=decimals,
        waived=int(checked.attrs["waived"]),
    )


def _completed(frame: pd.DataFrame, spec: Spec, decimals: int | None) -> pd.DataFrame:
    """All cells, empty ones included, with costs and levels as the optimisation needs them."""
    is_empty = frame["total"].isna()
    result = pd.DataFrame(
        {
            "value": frame["total"].fillna(0.0),
            "absolute": frame["absolute_total"].fillna(0.0),
            "contributor_count": frame["contributor_count"].fillna(0).astype(np.int64),
            "contributor": frame["contributor"].fillna(-1).astype(np.int64),
            "is_empty": is_empty,
            "has_negative": frame["has_negative"].eq(True),
        }
    )
    for name in (*RULE_FLAGS.values(), "is_primary"):
        result[name] = frame[name].eq(True)
    if decimals is not None:
        result["value"] = result["value"].round(decimals) + 0.0
    level = frame["protection_level"].fillna(0.0).to_numpy()
    floor = LEAST_PROTECTION * np.maximum(result["absolute"].to_numpy(), _unit(result["absolute"].to_numpy()))
    result["protection"] = np.where(result["is_primary"], np.maximum(level, floor), 0.0)
    costs = {"value": result["absolute"], "count": result["contributor_count"], "constant": 1.0}
    cost = np.asarray(costs.get(spec.cost, frame["cost"].fillna(0.0)), dtype=np.float64) * np.ones(len(result))
    if (cost < 0).any():
        raise MethodError(f"the cost of a cell is negative: column {spec.cost} adds up to {cost.min():g}")
    dearest = float(cost.max()) or 1.0
    result["cost"] = np.maximum(cost, LEAST_COST * dearest)
    return result


def _unit(amounts: FloatArray) -> float:
    """An amount of the table's order of magnitude: the smallest that is not zero, 1 if all are."""
    positive = amounts[amounts > 0]
    return float(positive.min()) if len(positive) else 1.0


def _decimals(values: FloatArray) -> int | None:
    for decimals in range(MOST_DECIMALS + 1):
        if np.array_equal(np.round(values, decimals), values):
            return decimals
    return None


def _checked(
    contributions: pd.DataFrame, spec: Spec, trees: Sequence[Hierarchy], units: NDArray[np.str_] | None
) -> pd.DataFrame:
    """Contributions by number: `leaf_0`, `leaf_1`, ... , `unit`, `value`, `cost`, `is_waived`, in a fixed order."""
    if contributions.empty:
        raise MethodError("there are no contributions")
    value = contributions[spec.value].to_numpy(dtype=np.float64)
    _refuse(~np.isfinite(value), f"{spec.value} is missing or not a finite number")
    if not spec.negative:
        _refuse(value < 0, f"{spec.value} is negative; set `negative: true` where that can be")
    contributor = contributions[spec.contributor]
    _refuse(_missing(contributor), f"{spec.contributor} is missing")
    data: dict[str, NDArray[np.generic]] = {}
    for d, h in enumerate(trees):
        codes = contributions[h.name]
        _refuse(_missing(codes), f"{h.name} is missing")
        distinct, place = np.unique(codes.to_numpy(dtype=object).astype(str), return_inverse=True)
        numbers = np.array([h.number.get(code, -1) for code in distinct.tolist()], dtype=np.int64)
        leaf = numbers[place]
        for bad, what in (
            (leaf < 0, "is not in the hierarchy"),
            (h.has_parts[leaf] > 0, "has parts, give one of them"),
        ):
            if bad.any():
                row = int(bad.argmax())
                raise MethodError(f"{h.name} {distinct[place[row]]} {what} (row {row + 1})")
        data[f"leaf_{d}"] = leaf
    names = contributor.to_numpy(dtype=object).astype(str)
    waivers = set(spec.rules.waivers)
    distinct, place = np.unique(names, return_inverse=True)
    is_waived = np.array([name in waivers for name in distinct.tolist()], dtype=bool)
    labels = unit_labels(contributions, spec)
    data["unit"] = np.searchsorted(np.unique(labels) if units is None else units, labels)
    data["value"] = value
    data["is_waived"] = is_waived[place]
    if spec.cost in ("value", "count", "constant"):
        data["cost"] = np.zeros(len(value))
    else:
        data["cost"] = contributions[spec.cost].to_numpy(dtype=np.float64)
        _refuse(~np.isfinite(data["cost"].astype(np.float64)), f"{spec.cost} is missing or not a finite number")
    frame = pd.DataFrame(data)
    # Sums of floating-point numbers depend on their order; a table that is only shuffled must give the same bytes.
    frame = frame.sort_values(list(frame.columns), kind="stable", ignore_index=True)
    frame.attrs["waived"] = int(is_waived.sum())
    return frame


def unit_labels(contributions: pd.DataFrame, spec: Spec) -> NDArray[np.str_]:
    """(rows,) label of the enterprise group, or of the contributor where there is none; the two cannot be the same."""
    names = contributions[spec.contributor].to_numpy(dtype=object).astype(str)
    groups = contributions.get(spec.group or "group_id")
    if groups is None:
        return np.char.add("c ", names)
    text = groups.to_numpy(dtype=object).astype(str)
    return np.where(_missing(groups), np.char.add("c ", names), np.char.add("g ", text))


def _missing(column: pd.Series) -> BoolArray:
    return np.asarray(column.isna() | column.astype("str").eq(""), dtype=bool)


def _refuse(bad: ArrayLike, what: str) -> None:
    rows = np.asarray(bad, dtype=bool)
    if rows.any():
        raise MethodError(f"{what} (row {int(rows.argmax()) + 1})")


def _expanded(checked: pd.DataFrame, cells: Cells) -> Iterator[pd.DataFrame]:
    """Contributions of every cell, in frames of about `BATCH_ROWS`; the cells of different ones are distinct."""
    trees = cells.hierarchies
    tables = [[table.levels.get(h.name) or 0 for h in trees] for table in cells.tables]
    leaves = [checked[f"leaf_{d}"].to_numpy() for d in range(len(trees))]
    ready: list[pd.DataFrame] = []
    for combination in itertools.product(*(range(h.levels + 1) for h in trees)):
        if not any(all(a <= b for a, b in zip(combination, deepest, strict=True)) for deepest in tables):
            continue
        keys, there = np.zeros(len(checked), dtype=np.int64), np.ones(len(checked), dtype=bool)
        for d, (h, level) in enumerate(zip(trees, combination, strict=True)):
            code = h.above(level)
            there &= (h.depth[code] == level)[leaves[d]]
            keys += (code * cells.strides[d])[leaves[d]]
        rows = checked.loc[there, ["unit", "value", "cost", "is_waived"]]
        rows.insert(0, "cell", cells.find_keys(keys[there]))
        ready.append(rows)
        if sum(map(len, ready)) >= BATCH_ROWS:
            yield pd.concat(ready, ignore_index=True)
            ready = []
    if any(map(len, ready)):
        yield pd.concat(ready, ignore_index=True)


def _grouped(rows: pd.DataFrame) -> pd.DataFrame:
    """Contributions added up by cell and enterprise group: `cell`, `unit`, `value`, `lowest`, `cost`, `is_waived`."""
    order = np.lexsort((rows["unit"].to_numpy(), rows["cell"].to_numpy()))
    taken = {name: rows[name].to_numpy()[order] for name in rows.columns}
    cell, unit = taken["cell"], taken["unit"]
    start = np.flatnonzero((np.diff(cell, prepend=-1) != 0) | (np.diff(unit, prepend=-1) != 0))
    return pd.DataFrame(
        {
            "cell": cell[start],
            "unit": unit[start],
            "value": np.add.reduceat(taken["value"], start),
            "lowest": np.minimum.reduceat(taken["value"], start),
            "cost": np.add.reduceat(taken["cost"], start),
            "is_waived": np.logical_and.reduceat(taken["is_waived"], start),
        }
    )


def to_protect(
    table: Tabulated, spec: Spec, *, already_known: ArrayLike | None = None, given_up: ArrayLike | None = None
) -> tuple[Structure, LinkedSystem]:
    """The linked system of the tables.

    Public are the cells that the specification names, those given, and (with `empty: open`) cells to which nobody
    contributes. What everybody knows beforehand of any other cell: it is at least 0, unless a contribution to it is
    negative; then nothing is known.

    Args:
        table: the cells.
        spec: the specification.
        already_known: (cells,) published before with the value they have now.
        given_up: (cells,) unsafe cells that are known all the same; they are public and nothing is asked for them.

    Raises:
        MethodError: a public cell that is primary, or whose value differs from the contributions.
    """
    cells, frame = table.cells, table.frame
    bound = structure(cells)
    is_public = np.zeros(len(cells), dtype=bool) if given_up is None else np.array(given_up, dtype=bool)
    is_primary = frame["is_primary"].to_numpy() & ~is_public
    value = frame["value"].to_numpy()
    for public in spec.public:
        number = cells.named(public.codes)
        is_public[number] = True
        if public.value is not None and not np.isclose(public.value, value[number], rtol=1e-9, atol=1e-9):
            raise MethodError(
                f"public cell {cells.names[number]} has value {public.value:g}, its contributions add up to"
                f" {value[number]:g}"
            )
    if (is_public & is_primary).any():
        name = cells.names[int((is_public & is_primary).argmax())]
        raise MethodError(f"public cell {name} is primary: what everybody knows cannot be protected")
    if already_known is not None:
        before = np.asarray(already_known, dtype=bool)
        if (before & is_primary).any():
            name = cells.names[int((before & is_primary).argmax())]
            raise MethodError(f"cell {name} is primary but was published with the same value before")
        is_public |= before
    if spec.empty == "open":
        is_public |= frame["is_empty"].to_numpy()
    inner = len(bound.inner)
    negative = bool(frame["has_negative"].any())
    system = linked_system(
        bound.names,
        np.concatenate([value, inner_values(table, bound)]),
        bound.equations,
        equation_names=bound.equation_names,
        lower=_padded(np.where(frame["has_negative"], -np.inf, 0.0), inner, -np.inf if negative else 0.0),
        cost=_padded(frame["cost"], inner, 0.0),
        is_public=_padded(is_public, inner, 0.0),
        is_hidden=_padded(np.zeros(len(cells)), inner, 1.0),
        is_primary=_padded(is_primary, inner, 0.0),
        protection=_padded(np.where(is_primary, frame["protection"], 0.0), inner, 0.0),
        contributor=_padded(frame["contributor"], inner, -1.0),
    )
    return bound, system


def inner_values(table: Tabulated, bound: Structure) -> FloatArray:
    """(inner,) values of the cells that nobody publishes."""
    if not len(bound.inner):
        return np.zeros(0)
    cells = table.cells
    keys = np.zeros(len(table.leaves), dtype=np.int64)
    for d, h in enumerate(cells.hierarchies):
        deepest = max(one.levels.get(h.name) or 0 for one in cells.tables)
        keys += h.above(deepest)[table.leaves[:, d]] * cells.strides[d]
    wanted = bound.inner @ cells.strides
    place = np.minimum(np.searchsorted(wanted, keys), len(wanted) - 1)
    inside = wanted[place] == keys
    return np.bincount(place[inside], weights=table.leaf_values[inside], minlength=len(wanted)).astype(np.float64)


def _padded(column: ArrayLike, inner: int, value: float) -> FloatArray:
    return np.concatenate([np.asarray(column, dtype=np.float64), np.full(inner, value)])
