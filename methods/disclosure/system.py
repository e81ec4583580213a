"""The linked system: every cell of every table that touches another, and the equations that bind them.

Belongs here: the description of what is published, hidden, public and unsafe, and its validation. Does not belong here:
how cells and equations arise from tables and hierarchies, the optimisation.

Cells are the variables of one system of linear equations `equations @ values = 0` (total less its parts, one per
relation of any table, vintage or share). An attacker knows the equations, the open and public cells exactly and, of
every other cell, the interval [lower, upper]. Source: Fischetti and Salazar-Gonzalez (2001), Solving the cell
suppression problem on tabular data with linear constraints, Management Science 47(7), section 2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import ArrayLike, NDArray

from methods.errors import MethodError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

RELATIVE_TOLERANCE = 1e-9
"""Largest residual of an equation, relative to the sum of the absolute values of its terms."""


@dataclass(frozen=True, eq=False)
class LinkedSystem:
    """Cells, equations and what everybody knows; built with `linked_system`, which fills in defaults.

    Attributes:
        names: (cells,) a unique name for each cell.
        values: (cells,) true values, one unit for all.
        equations: (equations, cells) sparse; `equations @ values` is zero within `RELATIVE_TOLERANCE`.
        equation_names: (equations,) for messages.
        lower: (cells,) what everybody knows beforehand; may be -inf.
        upper: (cells,) what everybody knows beforehand; may be inf.
        cost: (cells,) cost of suppressing, >= 0.
        is_public: (cells,) published by others or in earlier vintages: known, never suppressed.
        is_hidden: (cells,) never published by anybody: suppressed for free.
        is_primary: (cells,) unsafe cells.
        protection: (cells,) U >= 0 of the primary cells, 0 elsewhere: an attacker's interval must reach from
            X - U to X + U, as far as [lower, upper] reaches.
        contributor: (cells,) number of the single contributor of a cell with exactly one, else -1.
    """

    names: tuple[str, ...]
    values: FloatArray
    equations: Any
    equation_names: tuple[str, ...]
    lower: FloatArray
    upper: FloatArray
    cost: FloatArray
    is_public: BoolArray
    is_hidden: BoolArray
    is_primary: BoolArray
    protection: FloatArray
    contributor: IntArray

    def __post_init__(self) -> None:
        _validate(self)

    @property
    def size(self) -> int:
        """Number of cells."""
        return len(self.names)

    @property
    def required_lower(self) -> FloatArray:
        """(cells,) the attacker's lower bound must not exceed this: X - U, or what everybody knows if that is more."""
        return np.maximum(self.values - self.protection, self.lower)

    @property
    def required_upper(self) -> FloatArray:
        """(cells,) the attacker's upper bound must reach this: X + U, or what everybody knows if that is less."""
        return np.minimum(self.values + self.protection, self.upper)

    def sha256(self) -> str:
        """Hash of everything that protection depends on: what a certificate is about."""
        digest = hashlib.sha256("\0".join(self.names).encode())
        rows = self.equations.tocsr()
        for array in (rows.indptr, rows.indices, rows.data, self.values, self.lower, self.upper, self.cost):
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        for array in (self.is_public, self.is_hidden, self.is_primary, self.protection, self.contributor):
            digest.update(np.ascontiguousarray(array, dtype="<f8").tobytes())
        return digest.hexdigest()

    def secret(self, suppressed: ArrayLike) -> BoolArray:
        """(cells,) which cells the public does not see: suppressed or hidden, and not public."""
        pattern = np.asarray(suppressed, dtype=bool)
        if pattern.shape != (self.size,):
            raise MethodError(f"a suppression pattern of {self.size} cells is needed, got shape {pattern.shape}")
        return (pattern | self.is_hidden) & ~self.is_public


def linked_system(
    names: Sequence[str],
    values: ArrayLike,
    equations: Any,
    *,
    equation_names: Sequence[str] | None = None,
    lower: ArrayLike | None = None,
    upper: ArrayLike | None = None,
    cost: ArrayLike | None = None,
    is_public: ArrayLike | None = None,
    is_hidden: ArrayLike | None = None,
    is_primary: ArrayLike | None = None,
    protection: ArrayLike | None = None,
    contributor: ArrayLike | None = None,
) -> LinkedSystem:
    """Builds and checks a linked system.

    Args:
        names: (cells,) unique names.
        values: (cells,) true values.
        equations: (equations, cells) dense or sparse, usually 1 for the total and -1 for its parts.
        equation_names: default `equation 0`, `equation 1`, ...
        lower: default 0 everywhere; give -inf where contributions may be negative.
        upper: default inf.
        cost: default |value|, 0 for hidden cells.
        is_public: default none.
        is_hidden: default none.
        is_primary: default none.
        protection: default 0.
        contributor: default -1.

    Returns:
        The system, with read-only arrays.

    Raises:
        MethodError: shapes that differ, names used twice, values that are not finite or outside their bounds, an
            equation that does not hold, a public cell that is primary or hidden, a negative cost or protection.
    """
    size = len(names)
    x = _column(values, size, "values")
    hidden = _flags(is_hidden, size, "is_hidden")
    matrix = sp.csr_array(equations, dtype=np.float64)
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    labels = [f"equation {i}" for i in range(matrix.shape[0])] if equation_names is None else equation_names
    given_cost = np.abs(x) if cost is None else _column(cost, size, "cost")
    return LinkedSystem(
        names=tuple(str(name) for name in names),
        values=x,
        equations=matrix,
        equation_names=tuple(str(label) for label in labels),
        lower=np.zeros(size) if lower is None else _column(lower, size, "lower"),
        upper=np.full(size, np.inf) if upper is None else _column(upper, size, "upper"),
        cost=np.where(hidden, 0.0, given_cost),
        is_public=_flags(is_public, size, "is_public"),
        is_hidden=hidden,
        is_primary=_flags(is_primary, size, "is_primary"),
        protection=np.zeros(size) if protection is None else _column(protection, size, "protection"),
        contributor=_contributors(contributor, size),
    )


def _column(given: ArrayLike, size: int, what: str) -> FloatArray:
    array = np.array(given, dtype=np.float64)
    return np.asarray(_sized(array, size, what), dtype=np.float64)


def _flags(given: ArrayLike | None, size: int, what: str) -> BoolArray:
    array = np.zeros(size, dtype=bool) if given is None else np.array(given, dtype=bool)
    return np.asarray(_sized(array, size, what), dtype=bool)


def _contributors(given: ArrayLike | None, size: int) -> IntArray:
    array = np.full(size, -1, dtype=np.int64) if given is None else np.array(given, dtype=np.int64)
    return np.asarray(_sized(array, size, "contributor"), dtype=np.int64)


def _sized(array: NDArray[Any], size: int, what: str) -> NDArray[Any]:
    if array.shape != (size,):
        raise MethodError(f"{size} cells need as many {what}, got shape {array.shape}")
    return array


def _validate(system: LinkedSystem) -> None:
    size = len(system.names)
    seen: set[str] = set()
    for name in system.names:
        if name in seen:
            raise MethodError(f"cell {name} is named twice")
        seen.add(name)
    for what in (
        "values",
        "lower",
        "upper",
        "cost",
        "is_public",
        "is_hidden",
        "is_primary",
        "protection",
        "contributor",
    ):
        _sized(getattr(system, what), size, what).setflags(write=False)
    if system.equations.shape[1] != size:
        raise MethodError(f"equations over {system.equations.shape[1]} cells do not fit a system of {size} cells")
    if len(system.equation_names) != system.equations.shape[0]:
        raise MethodError(f"{system.equations.shape[0]} equations need as many names, got {len(system.equation_names)}")
    if not np.isfinite(system.equations.data).all():
        raise MethodError("an equation has a coefficient that is not finite")

    def refuse(bad: NDArray[Any], what: str) -> None:
        if bad.any():
            cell = int(bad.argmax())
            raise MethodError(f"cell {system.names[cell]} {what}")

    refuse(~np.isfinite(system.values), "has a value that is not finite")
    refuse(~(np.isfinite(system.cost) & (system.cost >= 0)), "has a cost that is not finite and >= 0")
    refuse(~(np.isfinite(system.protection) & (system.protection >= 0)), "has a protection that is not finite and >= 0")
    slack = RELATIVE_TOLERANCE * np.maximum(1.0, np.abs(system.values))
    refuse(~(system.lower <= system.values + slack), "lies below the lower bound that everybody knows")
    refuse(~(system.upper >= system.values - slack), "lies above the upper bound that everybody knows")
    refuse(system.is_public & system.is_primary, "is unsafe but already public: it can no longer be protected")
    refuse(system.is_public & system.is_hidden, "cannot be both public and hidden")
    refuse(~system.is_primary & (system.protection > 0), "has a protection level but is not primary")
    residual = np.asarray(system.equations @ system.values)
    terms = np.asarray(abs(system.equations) @ np.abs(system.values))
    failing = np.abs(residual) > RELATIVE_TOLERANCE * np.maximum(1.0, terms)
    if failing.any():
        row = int(failing.argmax())
        raise MethodError(
            f"{system.equation_names[row]} does not hold: its terms sum to {residual[row]:g} instead of 0"
            f" ({', '.join(system.names[c] for c in system.equations[[row]].indices[:4])}, ...)"
        )
