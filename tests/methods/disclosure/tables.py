"""Systems for the tests of disclosure control: the published vectors, random linked tables, an independent audit."""

from __future__ import annotations

import itertools

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from methods.disclosure import LinkedSystem, linked_system


def margins(rows: list[str], columns: list[str], inner: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, values and equations of a two-way table with totals T."""
    names = [f"{r}|{c}" for r in [*rows, "T"] for c in [*columns, "T"]]
    full = np.zeros((len(rows) + 1, len(columns) + 1))
    full[:-1, :-1] = inner
    full[-1], full[:, -1] = full.sum(axis=0), full.sum(axis=1)
    full[-1, -1] = inner.sum()
    number = np.arange(full.size).reshape(full.shape)
    equations = []
    for line in [*number, *number.T]:
        equation = np.zeros(full.size)
        equation[line[:-1]], equation[line[-1]] = -1.0, 1.0
        equations.append(equation)
    return names, full.ravel(), np.array(equations)


def tv15() -> tuple[LinkedSystem, np.ndarray]:
    """METHODS TV-15 (SDC Handbook): rows 7, 3, 6, columns 9, 7, the last row 3 and 3; the others are suppressed."""
    names, values, equations = margins(["1", "2", "3"], ["1", "2"], np.array([[5.0, 2.0], [1.0, 2.0], [3.0, 3.0]]))
    return linked_system(names, values, equations), np.isin(names, ["1|1", "1|2", "2|1", "2|2"])


def tv16(protection: float = 1.0) -> LinkedSystem:
    """METHODS TV-16 (the tests of sdcTable)."""
    inner = np.array([[30, 47, 64, 89], [90, 124, 5, 31], [92, 100, 59, 85], [800, 991, 651, 685]], dtype=float)
    names, values, equations = margins(list("wxyz"), list("abcd"), inner)
    unsafe = np.isin(names, ["w|a", "w|b", "w|c", "x|a", "x|c", "y|b", "y|d", "z|b", "z|d"])
    return linked_system(names, values, equations, is_primary=unsafe, protection=np.where(unsafe, protection, 0.0))


def random_linked(seed: int) -> LinkedSystem:
    """Two tables of two or three dimensions, one with a hierarchy, that share the margin of their first dimension.

    One in ten inner cells is hidden (never published), some totals are public, some cells have a single contributor.
    Values are whole numbers, so that the equations hold exactly.
    """
    rng = np.random.default_rng(seed)
    common, *inner_shape = (2, 3, 2) if rng.random() < 0.25 else (3, 4)
    names: dict[str, int] = {}
    values: list[float] = []
    equations: list[dict[int, float]] = []
    first = rng.integers(1, 40, size=(common, *inner_shape)).astype(float)
    second = rng.integers(1, 40, size=(common, 2)).astype(float)
    # the same total of every common code: the smaller table gets a residual column
    gap = first.reshape(common, -1).sum(axis=1) - second.sum(axis=1)
    first[(slice(None), 0, *([0] * (first.ndim - 2)))] += np.maximum(-gap, 0.0)
    second = np.column_stack([second, np.maximum(gap, 0.0)])

    def cell(name: str, value: float) -> int:
        if name not in names:
            names[name] = len(values)
            values.append(value)
        return names[name]

    for table, inner, hierarchy in (("A", first, [[0, 1], [2, 3]] if first.ndim == 2 else None), ("B", second, None)):
        groups = [[[i] for i in range(n)] + [list(range(n))] for n in inner.shape]
        sums: list[list[tuple[int, list[int]]]] = [[(n, list(range(n)))] for n in inner.shape]
        if hierarchy is not None:
            n = inner.shape[1]
            groups[1] = [[i] for i in range(n)] + [list(range(n))] + hierarchy
            sums[1] = [(n, [n + 1, n + 2]), (n + 1, hierarchy[0]), (n + 2, hierarchy[1])]
        for at in itertools.product(*(range(len(g)) for g in groups)):
            if all(i == inner.shape[k] for k, i in enumerate(at) if k):
                name = f"common|{at[0]}"
            else:
                name = table + "|" + "|".join(map(str, at))
            cell(name, float(inner[np.ix_(*(groups[k][i] for k, i in enumerate(at)))].sum()))
        for axis, relations in enumerate(sums):
            others = [range(len(g)) if k != axis else range(1) for k, g in enumerate(groups)]
            for at in itertools.product(*others):
                for total, parts in relations:
                    equation: dict[int, float] = {}
                    for code, sign in [(total, 1.0), *((part, -1.0) for part in parts)]:
                        here = (*at[:axis], code, *at[axis + 1 :])
                        common_cell = all(i == inner.shape[k] for k, i in enumerate(here) if k)
                        name = f"common|{here[0]}" if common_cell else table + "|" + "|".join(map(str, here))
                        equation[names[name]] = sign
                    equations.append(equation)
    size = len(values)
    matrix = sp.lil_array((len(equations), size))
    for row, equation in enumerate(equations):
        for column, sign in equation.items():
            matrix[row, column] = sign
    x = np.array(values)
    is_total = np.array([name.startswith("common") for name in names])
    draw = rng.random((3, size))
    is_primary = ~is_total & (x > 0) & (draw[0] < 0.12)
    is_public = (x == 0) | (is_total & (draw[1] < 0.3))
    is_hidden = ~is_primary & ~is_public & ~is_total & (draw[1] < 0.1)
    contributor = np.where(is_primary & (draw[2] < 0.5), rng.integers(0, 6, size), -1)
    return linked_system(
        list(names),
        x,
        matrix.tocsr(),
        is_public=is_public,
        is_hidden=is_hidden,
        is_primary=is_primary,
        protection=np.where(is_primary, np.ceil(0.15 * x), 0.0),
        contributor=contributor,
    )


def audit(system: LinkedSystem, suppressed: np.ndarray) -> list[str]:
    """Attacks a pattern with scipy straight from the equations; what it finds, none of our code involved.

    A contributor who could tell more before anything was published is only held to that.
    """
    matrix = system.equations.toarray()
    secret = (suppressed | system.is_hidden) & ~system.is_public

    def farthest(cell: int, sign: float, moves: np.ndarray) -> float:
        bounds = [
            (low, None if np.isinf(high) else high) if move else (x, x)
            for x, low, high, move in zip(system.values, system.lower, system.upper, moves, strict=True)
        ]
        objective = np.zeros(system.size)
        objective[cell] = -sign
        answer = linprog(objective, A_eq=matrix, b_eq=np.zeros(len(matrix)), bounds=bounds, method="highs")
        return np.inf if answer.status == 3 else sign * float(answer.x[cell] - system.values[cell])

    findings = []
    for who in [-1, *sorted({int(c) for c in system.contributor if c >= 0})]:
        unknown = ~((system.contributor == who) & (who >= 0))
        for cell in np.flatnonzero(system.is_primary & unknown):
            for sign in (1.0, -1.0):
                need = system.protection[cell] - 1e-5
                reached = farthest(cell, sign, secret & unknown)
                if reached < need and (who < 0 or reached < farthest(cell, sign, unknown) - 1e-5):
                    findings.append(f"{system.names[cell]} {'upper' if sign > 0 else 'lower'} {reached:g} by {who}")
    return findings
