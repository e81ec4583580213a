"""Hierarchies of codes, the cells of the tables over them, and the equations that bind these cells.

Belongs here: what follows from dimensions and tables alone, without a single figure; an intruder knows all of it. Does
not belong here: contributions and what is made of them (`methods.disclosure.tabulation`), solving anything.

A cell is a vector of code numbers; it has a key in mixed radix, so cells of all tables together are sorted numbers and
every look-up is a binary search. The order of keys is the order of the release: totals before their parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.sparse as sp

from methods.disclosure.spec import Dimension, Spec, Table
from methods.disclosure.system import IntArray
from methods.errors import MethodError

MAX_CELLS = 2_000_000
MAX_INNER_CELLS = 200_000
"""Cells nobody publishes are only needed where tables overlap in a cycle; beyond this the tables must change."""


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """The codes of one dimension as a tree.

    Attributes:
        name: the dimension.
        codes: every code, a parent before its parts, the total first.
        parent: (codes,) number of the parent, -1 for the total.
        depth: (codes,) 0 for the total.
    """

    name: str
    codes: tuple[str, ...]
    parent: IntArray
    depth: IntArray

    @cached_property
    def number(self) -> dict[str, int]:
        """Number of each code."""
        return {code: number for number, code in enumerate(self.codes)}

    @cached_property
    def parts(self) -> tuple[IntArray, ...]:
        """(codes,) numbers of the parts of each code."""
        found: list[list[int]] = [[] for _ in self.codes]
        for number, parent in enumerate(self.parent[1:].tolist(), start=1):
            found[parent].append(number)
        return tuple(np.array(numbers, dtype=np.int64) for numbers in found)

    @cached_property
    def has_parts(self) -> IntArray:
        """(codes,) number of parts of each code."""
        return np.bincount(self.parent[1:], minlength=len(self.codes)).astype(np.int64)

    @cached_property
    def levels(self) -> int:
        """Deepest level there is."""
        return int(self.depth.max())

    def above(self, level: int) -> IntArray:
        """(codes,) number of each code's ancestor at a level; the code itself where it is not that deep."""
        numbers = np.arange(len(self.codes))
        for _ in range(self.levels):
            deep = self.depth[numbers] > level
            numbers = np.where(deep, self.parent[numbers], numbers)
        return numbers

    def frontier(self, level: int) -> IntArray:
        """Numbers of the codes that together make up the total at a level: those at it, and leaves above it."""
        return np.flatnonzero((self.depth == level) | ((self.depth < level) & (self.has_parts == 0)))


def tree(name: str, total: str, parts: Mapping[str, Iterable[str]]) -> Hierarchy:
    """A hierarchy from the parts of each code.

    Args:
        name: the dimension.
        total: code of the total.
        parts: parts of every code that has parts.

    Raises:
        MethodError: a code with two parents, a cycle, a code that has parts but belongs to nothing, no parts at all.
    """
    parent: dict[str, str] = {}
    for code, below in parts.items():
        for part in below:
            if part in parent:
                twice = f"twice under {code}" if parent[part] == code else f"under both {parent[part]} and {code}"
                raise MethodError(f"dimension {name}: code {part} is listed {twice}; its parts would be counted twice")
            if part == total:
                raise MethodError(f"dimension {name}: the total {total} is listed as a part of {code}")
            parent[part] = code
    if not list(parts.get(total, ())):
        raise MethodError(f"dimension {name}: the total {total} has no parts; list them under {total}")
    codes, depths, stack = [], [], [(total, 0)]
    while stack:
        code, depth = stack.pop()
        codes.append(code)
        depths.append(depth)
        stack.extend((part, depth + 1) for part in reversed(list(parts.get(code, ()))))
    reached = set(codes)
    for code in parts:
        if code not in reached:
            _explain_unreached(name, code, total, parent)
    number = {code: i for i, code in enumerate(codes)}
    above = [-1, *(number[parent[code]] for code in codes[1:])]
    return Hierarchy(name, tuple(codes), np.array(above, dtype=np.int64), np.array(depths, dtype=np.int64))


def _explain_unreached(name: str, code: str, total: str, parent: Mapping[str, str]) -> None:
    seen = [code]
    while seen[-1] in parent:
        above = parent[seen[-1]]
        if above in seen:
            circle = [*seen[seen.index(above) :], above]
            raise MethodError(f"dimension {name}: codes form a circle: {' in '.join(circle)}")
        seen.append(above)
    raise MethodError(f"dimension {name}: {seen[-1]} has parts but is listed nowhere; list it below {total}")


def hierarchies(spec: Spec, codes: Mapping[str, Iterable[str]]) -> tuple[Hierarchy, ...]:
    """The hierarchies of a specification.

    Args:
        spec: the specification.
        codes: by dimension, the codes that occur in the data; used where the specification lists none.

    Raises:
        MethodError: a hierarchy that is none, or a flat dimension without codes.
    """
    return tuple(_hierarchy(name, dimension, codes[name]) for name, dimension in spec.dimensions.items())


def _hierarchy(name: str, dimension: Dimension, codes: Iterable[str]) -> Hierarchy:
    if dimension.hierarchy is not None:
        return tree(name, dimension.total, dimension.hierarchy)
    leaves = sorted(set(codes) - {dimension.total})
    if not leaves:
        raise MethodError(f"dimension {name}: no code but the total {dimension.total} occurs in the data")
    return tree(name, dimension.total, {dimension.total: leaves})


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells of several tables, each once, ordered by key.

    Attributes:
        hierarchies: one per dimension.
        keys: (cells,) ascending.
        codes: (cells, dimensions) code numbers.
        tables: the tables, with every level a number.
    """

    hierarchies: tuple[Hierarchy, ...]
    keys: IntArray
    codes: IntArray
    tables: tuple[Table, ...]

    def __len__(self) -> int:
        return len(self.keys)

    @cached_property
    def strides(self) -> IntArray:
        """(dimensions,) what a code number counts in the key."""
        return _strides(self.hierarchies)

    @cached_property
    def depth(self) -> IntArray:
        """(cells, dimensions) level of each code."""
        return np.column_stack([h.depth[self.codes[:, d]] for d, h in enumerate(self.hierarchies)])

    @cached_property
    def names(self) -> tuple[str, ...]:
        """(cells,) how messages call a cell."""
        columns = [[f"{h.name}={code}" for code in h.codes] for h in self.hierarchies]
        return tuple(
            ", ".join(column[c] for column, c in zip(columns, row, strict=True)) for row in self.codes.tolist()
        )

    def find(self, codes: IntArray) -> IntArray:
        """Numbers of cells by their code numbers (rows, dimensions); -1 where there is no such cell."""
        return self.find_keys(codes @ self.strides)

    def find_keys(self, keys: IntArray) -> IntArray:
        """Numbers of cells by key; -1 where there is no such cell."""
        place = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[place] == keys, place, -1)

    def named(self, codes: Mapping[str, str]) -> int:
        """Number of the cell with these codes, the total where a dimension is not named.

        Raises:
            MethodError: an unknown code, or a cell of none of the tables.
        """
        row = []
        for h in self.hierarchies:
            code = codes.get(h.name, h.codes[0])
            if code not in h.number:
                raise MethodError(f"dimension {h.name} has no code {code}")
            row.append(h.number[code])
        found = int(self.find(np.array([row], dtype=np.int64))[0])
        if found < 0:
            said = ", ".join(f"{h.name}={h.codes[c]}" for h, c in zip(self.hierarchies, row, strict=True))
            raise MethodError(f"the cell {said} is in none of the tables")
        return found

    def of_table(self, table: Table) -> IntArray:
        """Numbers of the cells of one table."""
        deepest = [table.levels.get(h.name) or 0 for h in self.hierarchies]
        return np.flatnonzero((self.depth <= np.array(deepest)).all(axis=1))


def _strides(trees: Sequence[Hierarchy]) -> IntArray:
    sizes = [len(h.codes) for h in trees]
    if float(np.prod([float(size) for size in sizes])) > 2.0**62:
        raise MethodError("the dimensions together have more codes than can be numbered; use fewer dimensions")
    return np.array([int(np.prod(sizes[d + 1 :], dtype=np.int64)) for d in range(len(sizes))], dtype=np.int64)


def cells(trees: Sequence[Hierarchy], tables: Sequence[Table]) -> Cells:
    """The cells of all tables together.

    Raises:
        MethodError: a level that a dimension does not have, or more than `MAX_CELLS` cells.
    """
    trees, strides = tuple(trees), _strides(trees)
    resolved, keys = [], []
    for table in tables:
        levels: dict[str, int | None] = {}
        for h in trees:
            if h.name not in table.levels:
                continue
            level = table.levels[h.name]
            if level is not None and not 0 <= level <= h.levels:
                raise MethodError(f"table {table.name}: {h.name} has levels 0 to {h.levels}, not {level}")
            levels[h.name] = h.levels if level is None else level
        resolved.append(Table(name=table.name, levels=levels))
        chosen = [np.flatnonzero(h.depth <= (levels.get(h.name) or 0)) for h in trees]
        count = float(np.prod([float(len(codes)) for codes in chosen]))
        if count > MAX_CELLS:
            raise MethodError(
                f"table {table.name} has {count:,.0f} cells, more than {MAX_CELLS:,}; publish less detail"
            )
        keys.append(_product([codes * stride for codes, stride in zip(chosen, strides, strict=True)]))
    every = np.unique(np.concatenate(keys))
    return Cells(trees, every, _codes(every, trees, strides), tuple(resolved))


def _product(terms: Sequence[IntArray]) -> IntArray:
    total = np.zeros(1, dtype=np.int64)
    for term in terms:
        total = (total[:, None] + term[None, :]).ravel()
    return total


def _codes(keys: IntArray, trees: Sequence[Hierarchy], strides: IntArray) -> IntArray:
    return np.column_stack([keys // stride % len(h.codes) for h, stride in zip(trees, strides, strict=True)])


@dataclass(frozen=True, eq=False)
class Structure:
    """Cells and equations of all tables, published cells first.

    Attributes:
        cells: the published cells.
        names: (variables,) the cells' names, then those of cells that nobody publishes.
        equations: (equations, variables) 1 for the total, -1 for its parts.
        equation_names: (equations,) for messages.
        inner: (inner, dimensions) code numbers of the cells that nobody publishes.
    """

    cells: Cells
    names: tuple[str, ...]
    equations: sp.csr_array
    equation_names: tuple[str, ...]
    inner: IntArray


def structure(published: Cells) -> Structure:
    """Equations among the published cells, with the unpublished detail where it says more than they do.

    A table's total is the sum of its parts in every dimension. Tables that share detail in a circle (a x b, b x c,
    a x c) are bound by more than that: the detail beneath all of them must not be negative. It is added as cells that
    nobody publishes. Without a circle (the sets of levels reduce to nothing, Graham 1979) any cells that fulfil the
    equations have such a detail, and it adds nothing.

    Raises:
        MethodError: more than `MAX_INNER_CELLS` unpublished cells.
    """
    rows: list[IntArray] = []
    columns: list[IntArray] = []
    labels: list[str] = []
    for d, h in enumerate(published.hierarchies):
        _add_equations(published, d, h, rows, columns, labels)
    signs = [np.where(np.diff(row, prepend=-1) > 0, 1.0, -1.0) for row in rows]
    size, inner = len(published), np.zeros((0, len(published.hierarchies)), dtype=np.int64)
    names = published.names
    if _has_circle(published.tables):
        inner = _inner(published)
        names += tuple(f"detail {name}" for name in _names(published, inner))
        _add_inner_equations(published, inner, rows, columns, signs, labels)
    empty_int, empty = np.zeros(0, dtype=np.int64), np.zeros(0)
    matrix = sp.csr_array(
        (
            np.concatenate([empty, *signs]),
            (np.concatenate([empty_int, *rows]), np.concatenate([empty_int, *columns])),
        ),
        shape=(len(labels), size + len(inner)),
    )
    return Structure(published, names, matrix, tuple(labels), inner)


def _add_equations(
    published: Cells, d: int, h: Hierarchy, rows: list[IntArray], columns: list[IntArray], labels: list[str]
) -> None:
    """One equation for every cell whose code in dimension d has parts that are published beside it."""
    for code in np.flatnonzero(h.has_parts).tolist():
        totals = np.flatnonzero(published.codes[:, d] == code)
        parts = h.parts[code]
        keys = published.keys[totals][:, None] + (parts - code)[None, :] * published.strides[d]
        found = published.find_keys(keys)
        totals, found = totals[(found >= 0).all(axis=1)], found[(found >= 0).all(axis=1)]
        if not len(totals):
            continue
        first = len(labels)
        block = np.column_stack([totals, found])
        rows.append(np.repeat(np.arange(first, first + len(block)), block.shape[1]))
        columns.append(block.ravel())
        labels.extend(f"{published.names[total]} over the parts of {h.name}" for total in totals.tolist())


def _has_circle(tables: Sequence[Table]) -> bool:
    """Whether the tables' sets of (dimension, level) form a cycle: Graham's reduction does not empty them."""
    sets = [{(d, level) for d, deepest in t.levels.items() for level in range(1, (deepest or 0) + 1)} for t in tables]
    while True:
        count: dict[tuple[str, int], int] = {}
        for item in itertools.chain.from_iterable(sets):
            count[item] = count.get(item, 0) + 1
        reduced = [{item for item in one if count[item] > 1} for one in sets]
        kept: list[set[tuple[str, int]]] = []
        for i, one in enumerate(reduced):
            inside = any(one < other or (one == other and j < i) for j, other in enumerate(reduced) if j != i)
            if one and not inside:
                kept.append(one)
        if not kept:
            return False
        if kept == sets:
            return True
        sets = kept


def _inner(published: Cells) -> IntArray:
    """(cells, dimensions) the finest detail of all tables together, without the cells that are published."""
    deepest = [max((t.levels.get(h.name) or 0) for t in published.tables) for h in published.hierarchies]
    fronts = [h.frontier(level) for h, level in zip(published.hierarchies, deepest, strict=True)]
    count = float(np.prod([float(len(front)) for front in fronts]))
    if count > MAX_INNER_CELLS:
        raise MethodError(
            f"the tables overlap in a circle over {count:,.0f} cells of common detail, more than {MAX_INNER_CELLS:,};"
            " publish less detail or fewer tables"
        )
    keys = _product([front * stride for front, stride in zip(fronts, published.strides, strict=True)])
    keys = keys[published.find_keys(keys) < 0]
    return _codes(keys, published.hierarchies, published.strides)


def _names(published: Cells, codes: IntArray) -> list[str]:
    columns = [[f"{h.name}={code}" for code in h.codes] for h in published.hierarchies]
    return [", ".join(column[c] for column, c in zip(columns, row, strict=True)) for row in codes.tolist()]


def _add_inner_equations(
    published: Cells,
    inner: IntArray,
    rows: list[IntArray],
    columns: list[IntArray],
    signs: list[np.ndarray],
    labels: list[str],
) -> None:
    """Every finest cell of a table is the sum of the common detail beneath it."""
    deepest = [max((t.levels.get(h.name) or 0) for t in published.tables) for h in published.hierarchies]
    fronts = [h.frontier(level) for h, level in zip(published.hierarchies, deepest, strict=True)]
    strides = published.strides
    keys = np.sort(_product([front * stride for front, stride in zip(fronts, strides, strict=True)]))
    every = _codes(keys, published.hierarchies, strides)
    number = published.find_keys(keys)
    number[number < 0] = len(published) + np.searchsorted(inner @ strides, keys[number < 0])
    done: set[int] = set()
    for table in published.tables:
        above = [h.above(table.levels.get(h.name) or 0) for h in published.hierarchies]
        total = published.find_keys(sum(above[d][every[:, d]] * strides[d] for d in range(len(above))))
        order = np.argsort(total, kind="stable")
        for chunk in np.split(order, np.flatnonzero(np.diff(total[order])) + 1):
            cell = int(total[chunk[0]])
            if cell in done or (len(chunk) == 1 and number[chunk[0]] == cell):
                continue
            done.add(cell)
            rows.append(np.full(len(chunk) + 1, len(labels)))
            columns.append(np.concatenate([[cell], number[chunk]]))
            signs.append(np.concatenate([[1.0], -np.ones(len(chunk))]))
            labels.append(f"{published.names[cell]} over its unpublished detail")
