"""One linear program, solved many times: a thin hold on HiGHS that keeps the basis between solves.

Belongs here: passing a model, changing only the bounds and costs that differ, reading the solution. Does not belong
here: what the columns mean.

Everything runs on one thread with fixed options, so that the same sequence of calls gives the same answers everywhere.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from threading import Lock
from typing import Any

import numpy as np

from methods.disclosure.system import FloatArray
from methods.errors import MethodError

SOLVER = "HiGHS"
FEASIBILITY, RELAXED = 1e-9, 1e-7
"""Violation of a bound that counts as none; the second where the solver gives up on the first."""

ATTEMPTS = ("hot", "cold", "presolved", "relaxed")
"""How a program is solved from the last basis, and what is tried where that fails."""

_QUIET = Lock()


@cache
def _say_nothing() -> None:
    """HiGHS prints a banner from its first constructor, before any option can be set: not among a command's output."""
    import highspy

    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        highspy.Highs()  # type: ignore[no-untyped-call]
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


@cache
def solver() -> str:
    """Name and version of the solver, for the record."""
    return f"{SOLVER} {version('highspy')}"


@dataclass(frozen=True)
class Solution:
    """An optimum: `values` and `reduced_costs` by column; an unbounded program has the objective -inf and no values."""

    objective: float
    values: FloatArray
    reduced_costs: FloatArray


def _perturbation(multiplier: float) -> dict[str, bool | int | float | str]:
    """Programs that ask for one cell have zero costs nearly everywhere: perturbed, they take thousands of pivots."""
    return {
        "dual_simplex_cost_perturbation_multiplier": multiplier,
        "primal_simplex_bound_perturbation_multiplier": multiplier,
    }


def _set(highs: Any, options: dict[str, bool | int | float | str]) -> None:
    for option, value in options.items():
        highs.setOptionValue(option, value)


def _quiet_solver(options: dict[str, bool | int | float | str]) -> Any:
    import highspy

    with _QUIET:
        _say_nothing()
    highs = highspy.Highs()  # type: ignore[no-untyped-call]
    fixed: dict[str, bool | int | float | str] = {
        "output_flag": False,
        "threads": 1,
        "random_seed": 0,
        "presolve": "off",
        "solver": "simplex",
        **_perturbation(0.0),
        "primal_feasibility_tolerance": FEASIBILITY,
        "dual_feasibility_tolerance": FEASIBILITY,
    }
    _set(highs, fixed | options)
    return highs


def _model(matrix: Any, lower: FloatArray, upper: FloatArray, cost: FloatArray) -> Any:
    import highspy

    by_column = matrix.tocsc()
    rows, columns = by_column.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_ = cost
    lp.col_lower_, lp.col_upper_ = lower, upper
    lp.row_lower_ = lp.row_upper_ = np.zeros(rows)
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = by_column.indptr.astype(np.int32)
    lp.a_matrix_.index_ = by_column.indices.astype(np.int32)
    lp.a_matrix_.value_ = by_column.data
    return lp


def _tolerate(highs: Any, tolerance: float) -> None:
    for side in ("primal", "dual"):
        highs.setOptionValue(f"{side}_feasibility_tolerance", tolerance)


def _solution(highs: Any) -> Solution:
    found = highs.getSolution()
    return Solution(
        float(highs.getObjectiveValue()),
        np.asarray(found.col_value, dtype=np.float64),
        np.asarray(found.col_dual, dtype=np.float64),
    )


class FreshPrograms:
    """Programs that have little in common but their kind: each starts from scratch."""

    def __init__(self) -> None:
        import highspy

        self._statuses = highspy.HighsModelStatus
        self._highs = _quiet_solver({"simplex_strategy": 1})
        self.solves = 0

    def minimise(self, matrix: Any, upper: FloatArray, cost: FloatArray) -> FloatArray | None:
        """Solves min cost @ x subject to matrix @ x = 0 and 0 <= x <= upper.

        Args:
            matrix: (rows, columns) sparse by column.
            upper: (columns,) >= 0; columns without room may be given and cost nothing.
            cost: (columns,) costs.

        Returns:
            (columns,) an optimum, or None where it is unbounded or the solver gives up.
        """
        free = np.flatnonzero(upper > 0)
        self._highs.passModel(_model(matrix[:, free], np.zeros(len(free)), upper[free], cost[free]))
        # quickest as it stands, with perturbed costs and presolve where that stalls
        for presolve, tolerance in (("off", FEASIBILITY), ("on", FEASIBILITY), ("on", RELAXED)):
            self._highs.clearSolver()
            self._highs.setOptionValue("presolve", presolve)
            is_plain = presolve == "off"
            _set(self._highs, _perturbation(0.0 if is_plain else 1.0))
            self._highs.setOptionValue("simplex_iteration_limit", 5 * len(upper) if is_plain else 2**31 - 1)
            _tolerate(self._highs, tolerance)
            self._highs.run()
            self.solves += 1
            status = self._highs.getModelStatus()
            if status == self._statuses.kOptimal:
                whole = np.zeros(len(upper))
                whole[free] = _solution(self._highs).values
                return whole
            if status == self._statuses.kUnbounded:
                break
        return None


class HotProgram:
    """min cost @ x subject to matrix @ x = 0 and lower <= x <= upper; only costs and bounds change.

    Args:
        matrix: (rows, columns) sparse.
        lower: (columns,) first lower bounds.
        upper: (columns,) first upper bounds.
        dual: dual simplex, better where bounds change most; the primal is ten times faster where only costs do.
    """

    def __init__(self, matrix: Any, lower: FloatArray, upper: FloatArray, *, dual: bool = False) -> None:
        import highspy

        self._statuses = highspy.HighsModelStatus
        self._strategy = 1 if dual else 4
        self._highs = _quiet_solver({"simplex_strategy": self._strategy})
        columns = matrix.shape[1]
        self._highs.passModel(_model(matrix, lower, upper, np.zeros(columns)))
        self._lower, self._upper = np.array(lower), np.array(upper)
        self._cost = np.zeros(columns)
        self.solves = 0

    def set_bounds(self, lower: FloatArray, upper: FloatArray) -> None:
        """Changes the bounds that differ from the present ones."""
        changed = np.flatnonzero((self._lower != lower) | (self._upper != upper)).astype(np.int32)
        if len(changed):
            self._highs.changeColsBounds(len(changed), changed, lower[changed], upper[changed])
            self._lower[changed], self._upper[changed] = lower[changed], upper[changed]

    def set_costs(self, cost: FloatArray) -> None:
        """Changes the costs that differ from the present ones."""
        changed = np.flatnonzero(self._cost != cost).astype(np.int32)
        if len(changed):
            self._highs.changeColsCost(len(changed), changed, cost[changed])
            self._cost[changed] = cost[changed]

    def minimise(self) -> Solution | None:
        """The optimum from the last basis; None if no point is feasible.

        Raises:
            MethodError: HiGHS gave up, also from scratch.
        """
        # A basis can lead into a long stall: start afresh with the other simplex, then with presolve.
        is_doubted = True
        for attempt in ATTEMPTS:
            if attempt != "hot":
                self._highs.clearSolver()
                self._highs.setOptionValue("simplex_strategy", 1)
                self._highs.setOptionValue("presolve", "off" if attempt == "cold" else "on")
            _tolerate(self._highs, RELAXED if attempt == "relaxed" else FEASIBILITY)
            _set(self._highs, _perturbation(0.0 if attempt == "hot" else 1.0))
            limit = 2_000 + 2 * len(self._cost) if attempt == "hot" else 2**31 - 1
            self._highs.setOptionValue("simplex_iteration_limit", limit)
            self._highs.run()
            self.solves += 1
            status = self._highs.getModelStatus()
            if attempt != "hot":
                self._highs.setOptionValue("simplex_strategy", self._strategy)
                self._highs.setOptionValue("presolve", "off")
            if status == self._statuses.kOptimal:
                return _solution(self._highs)
            if status == self._statuses.kUnbounded:
                return Solution(-np.inf, np.empty(0), np.empty(0))
            if status == self._statuses.kInfeasible:
                if not is_doubted or attempt == ATTEMPTS[-1]:
                    return None
                is_doubted = False  # from an old basis it may only seem so
        raise MethodError(f"{SOLVER} could not solve a program of {len(self._cost)} columns: {status}")
