"""A published release as an intruder reads it: open cells, withheld cells, and what binds them.

Belongs here: everything that can be known without contributions, from one release or from two. Does not belong here:
the linear programmes (`methods.disclosure.attack`), contributions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from methods.disclosure.hierarchy import Cells, Structure
from methods.disclosure.spec import Spec
from methods.disclosure.system import BoolArray, FloatArray, LinkedSystem, linked_system
from methods.errors import MethodError

WITHHELD = {"obs_status": "Q", "conf_status": "C"}
NOUGHT = 1e-13
"""Relative to the largest amount of a system, a solver's zero."""
SAME = 1e-9
"""Two values are the same within this, relative to the larger."""


@dataclass(frozen=True, eq=False)
class Published:
    """A release on the cells of its tables.

    Attributes:
        value: (cells,) nan where the release gives no value.
        is_listed: (cells,) whether the release has a row for the cell.
    """

    value: FloatArray
    is_listed: BoolArray

    @property
    def is_open(self) -> BoolArray:
        """(cells,) published with a value."""
        return ~np.isnan(self.value)

    @property
    def is_withheld(self) -> BoolArray:
        """(cells,) listed without a value."""
        return self.is_listed & np.isnan(self.value)


def published(release: pd.DataFrame, cells: Cells, *, is_partial: bool = False) -> Published:
    """Puts a release on the cells of its tables.

    Args:
        release: one row per cell: the dimensions as text, `value` (missing where withheld), and where it has them
            `obs_status` and `conf_status`.
        cells: the cells of the specification's tables.
        is_partial: rows for cells that are in none of the tables are left out instead of refused.

    Raises:
        MethodError: no rows, an unknown code, a cell listed twice or in none of the tables, a value that is not
            finite, a cell marked as withheld that carries its value.
    """
    if release.empty:
        raise MethodError("the release has no cells")
    rows = len(release)
    keys, known = np.zeros(rows, dtype=np.int64), np.ones(rows, dtype=bool)
    for d, h in enumerate(cells.hierarchies):
        texts = release[h.name].to_numpy(dtype=object).astype(str)
        numbers = np.array([h.number.get(code, -1) for code in texts.tolist()], dtype=np.int64)
        if (numbers < 0).any() and not is_partial:
            row = int((numbers < 0).argmax())
            raise MethodError(f"{h.name} {texts[row]} is not in the hierarchy (row {row + 1})")
        known &= numbers >= 0
        keys += np.maximum(numbers, 0) * cells.strides[d]
    place = np.where(known, cells.find_keys(keys), -1)
    if (place < 0).any() and not is_partial:
        row = int((place < 0).argmax())
        said = ", ".join(f"{h.name}={release[h.name].iloc[row]}" for h in cells.hierarchies)
        raise MethodError(f"the cell {said} is in none of the tables (row {row + 1})")
    value = release["value"].to_numpy(dtype=np.float64)
    if np.isinf(value).any():
        raise MethodError(f"value is not finite (row {int(np.isinf(value).argmax()) + 1})")
    inside = place >= 0
    _, first, count = np.unique(place[inside], return_index=True, return_counts=True)
    if (count > 1).any():
        twice = int(place[inside][first[int((count > 1).argmax())]])
        raise MethodError(f"the cell {cells.names[twice]} is listed twice")
    for column, mark in WITHHELD.items():
        if column in release:
            shown = release[column].eq(mark).to_numpy(dtype=bool, na_value=False) & ~np.isnan(value)
            if shown.any():
                row = int(shown.argmax())
                raise MethodError(f"row {row + 1} is marked {column} {mark} and yet carries a value")
    result, listed = np.full(len(cells), np.nan), np.zeros(len(cells), dtype=bool)
    result[place[inside]] = value[inside]
    listed[place[inside]] = True
    return Published(result, listed)


def is_same(now: FloatArray, before: FloatArray) -> BoolArray:
    """(cells,) both there and equal within `SAME`."""
    with np.errstate(invalid="ignore"):
        return np.asarray(np.abs(now - before) <= SAME * np.maximum(1.0, np.maximum(np.abs(now), np.abs(before))))


def taken_over(bound: Structure, now: Published, before: Published) -> FloatArray:
    """Values an intruder takes from an earlier release for cells that the present one does not show.

    A cell that was open then and is withheld now is taken to have kept its value where nothing speaks against it: in
    no equation that holds it has a cell changed that is open in both releases, and in one of them such a cell is
    there and has not changed.

    Returns:
        (cells,) the earlier value, nan where nothing is taken over.
    """
    size = len(bound.cells)
    both = now.is_open & before.is_open
    same = both & is_same(now.value, before.value)
    member = abs(bound.equations[:, :size])
    speaks_against = (member.T @ ((member @ (both & ~same)) > 0)) > 0
    speaks_for = (member.T @ ((member @ same) > 0)) > 0
    taken = ~now.is_open & before.is_open & speaks_for & ~speaks_against
    return np.where(taken, before.value, np.nan)


def known_to_all(spec: Spec, cells: Cells, release: Published) -> FloatArray:
    """(cells,) values of the release, completed by the public cells whose value the specification gives.

    Raises:
        MethodError: a public cell whose value nobody gives, or that has two.
    """
    value = release.value.copy()
    for public in spec.public:
        number = cells.named(public.codes)
        if public.value is None:
            if np.isnan(value[number]):
                raise MethodError(f"public cell {cells.names[number]} has no value in the release; give its `value`")
        elif not np.isnan(value[number]) and not is_same(value[number : number + 1], np.array([public.value]))[0]:
            raise MethodError(
                f"public cell {cells.names[number]} has value {public.value:g}, in the release {value[number]:g}"
            )
        else:
            value[number] = public.value
    return value


def intruders_system(spec: Spec, bound: Structure, known: FloatArray) -> tuple[LinkedSystem, BoolArray]:
    """The linked system as an intruder has it: what is not known takes any value that fits.

    Args:
        spec: the specification; `negative: true` takes the lower bound 0 away from all cells.
        bound: cells and equations.
        known: (cells,) values, nan where not known.

    Returns:
        The system, with some values that fit in the place of the unknown ones, and (variables,) which are unknown.

    Raises:
        MethodError: open cells that do not add up, a negative one without `negative: true`, or open cells that no
            values of the others fit.
    """
    size, count = len(bound.cells), len(bound.names)
    lowest = -np.inf if spec.negative else 0.0
    value = np.concatenate([known, np.full(count - size, np.nan)])
    unknown = np.isnan(value)
    if not spec.negative and (known < 0).any():
        name = bound.cells.names[int((known < 0).argmax())]
        raise MethodError(f"cell {name} is negative; set `negative: true` where that can be")
    _check_sums(bound, np.where(unknown, 0.0, value), unknown)
    value[unknown] = _some_values(bound, np.where(unknown, 0.0, value), unknown, lowest)
    return (
        linked_system(
            bound.names,
            value,
            bound.equations,
            equation_names=bound.equation_names,
            lower=np.full(count, lowest),
            is_hidden=np.arange(count) >= size,
            # tells the solver the order of magnitude of each unknown, nothing else
            is_primary=unknown,
            protection=np.where(unknown, _magnitude(bound, value), 0.0),
        ),
        unknown,
    )


def _check_sums(bound: Structure, value: FloatArray, unknown: BoolArray) -> None:
    """Equations between open cells must hold."""
    member = abs(bound.equations)
    whole = (member @ unknown) == 0
    residual = np.abs(bound.equations @ value)
    wrong = whole & (residual > SAME * np.maximum(1.0, member @ np.abs(value)))
    if wrong.any():
        row = int(wrong.argmax())
        total = bound.equations[[row]].indices[bound.equations[[row]].data > 0]
        said = float(value[total[0]])
        parts = said - float((bound.equations[[row]] @ value)[0])
        raise MethodError(f"{bound.equation_names[row]}: the parts add up to {parts:.12g} instead of {said:.12g}")


def _some_values(bound: Structure, value: FloatArray, unknown: BoolArray, lowest: float) -> FloatArray:
    """Values of the unknown cells that fulfil the equations: a linear programme without an objective."""
    from scipy.optimize import linprog
    from scipy.sparse.linalg import lsqr

    if not unknown.any():
        return np.zeros(0)
    matrix = bound.equations[:, np.flatnonzero(unknown)]
    rows = np.flatnonzero(np.diff(matrix.indptr))
    matrix, right = matrix[rows], -(bound.equations @ value)[rows]
    scale = max(1.0, float(np.abs(right).max(initial=0.0)))
    free = None if np.isinf(lowest) else lowest
    found = linprog(np.zeros(matrix.shape[1]), A_eq=matrix, b_eq=right / scale, bounds=(free, None), method="highs")
    if not found.success:
        raise MethodError("no values of the withheld cells fit the open ones; check hierarchies and public cells")
    solution = np.asarray(found.x, dtype=np.float64) * scale
    # The solver's tolerance is wider than the system's: one least-squares step takes the remainder out.
    solution += lsqr(matrix, right - matrix @ solution, atol=1e-14, btol=1e-14)[0]
    solution[np.abs(solution) < NOUGHT * scale] = 0.0
    return solution if free is None else np.maximum(solution, free)


def _magnitude(bound: Structure, value: FloatArray) -> FloatArray:
    """(variables,) the smallest total among a variable's equations, its own value where that is none."""
    member = abs(bound.equations).tocsr()
    sizes = member.multiply(np.abs(value)).max(axis=1).toarray().ravel()
    found = np.full(len(value), np.inf)
    np.minimum.at(found, member.indices, np.repeat(np.where(sizes > 0, sizes, np.inf), np.diff(member.indptr)))
    return np.where(np.isfinite(found), found, np.abs(value))
