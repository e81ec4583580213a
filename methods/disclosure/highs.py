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


class HotProgram:
    """min cost @ x subject to matrix @ x = 0 and lower <= x <= upper; only costs and bounds change.

    Args:
        matrix: (rows, columns) sparse.
        lower: (columns,) first lower bounds.
        upper: (columns,) first upper bounds.
        dual: dual simplex, better where bounds change most; the primal is ten times faster where only costs do.
        afresh: presolve each program and start from scratch, better where most costs and bounds change.
    """

    def __init__(
        self, matrix: Any, lower: FloatArray, upper: FloatArray, *, dual: bool = False, afresh: bool = False
    ) -> None:
        import highspy

        self._statuses = highspy.HighsModelStatus
        self._strategy = 1 if dual else 4
        self._attempts = (*(("presolved", "cold") if afresh else ("hot", "cold", "presolved")), "relaxed")
        by_column = matrix.tocsc()
        rows, columns = by_column.shape
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = columns, rows
        lp.col_cost_ = np.zeros(columns)
        lp.col_lower_, lp.col_upper_ = lower, upper
        lp.row_lower_ = lp.row_upper_ = np.zeros(rows)
        lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
        lp.a_matrix_.start_ = by_column.indptr.astype(np.int32)
        lp.a_matrix_.index_ = by_column.indices.astype(np.int32)
        lp.a_matrix_.value_ = by_column.data
        with _QUIET:
            _say_nothing()
        self._highs = highspy.Highs()  # type: ignore[no-untyped-call]
        options: dict[str, bool | int | float | str] = {
            "output_flag": False,
            "threads": 1,
            "random_seed": 0,
            "presolve": "off",
            "solver": "simplex",
            "simplex_strategy": self._strategy,
            "primal_feasibility_tolerance": FEASIBILITY,
            "dual_feasibility_tolerance": FEASIBILITY,
        }
        for option, value in options.items():
            self._highs.setOptionValue(option, value)
        self._highs.passModel(lp)
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

    def _tolerate(self, tolerance: float) -> None:
        for side in ("primal", "dual"):
            self._highs.setOptionValue(f"{side}_feasibility_tolerance", tolerance)

    def minimise(self) -> Solution | None:
        """The optimum from the last basis; None if no point is feasible.

        Raises:
            MethodError: HiGHS gave up, also from scratch.
        """
        # A basis can lead into a long stall: start afresh with the other simplex, then with presolve.
        for attempt in self._attempts:
            if attempt != "hot":
                self._highs.clearSolver()
                self._highs.setOptionValue("simplex_strategy", 1)
                self._highs.setOptionValue("presolve", "off" if attempt == "cold" else "on")
            self._tolerate(RELAXED if attempt == "relaxed" else FEASIBILITY)
            limit = 2_000 + 2 * len(self._cost) if attempt == "hot" else 2**31 - 1
            self._highs.setOptionValue("simplex_iteration_limit", limit)
            self._highs.run()
            self.solves += 1
            status = self._highs.getModelStatus()
            if attempt != "hot":
                self._highs.setOptionValue("simplex_strategy", self._strategy)
                self._highs.setOptionValue("presolve", "off")
            if status == self._statuses.kOptimal:
                found = self._highs.getSolution()
                return Solution(
                    float(self._highs.getObjectiveValue()),
                    np.asarray(found.col_value, dtype=np.float64),
                    np.asarray(found.col_dual, dtype=np.float64),
                )
            if status == self._statuses.kUnbounded:
                return Solution(-np.inf, np.empty(0), np.empty(0))
            if status == self._statuses.kInfeasible and attempt == self._attempts[-1]:
                return None  # from an old basis it may only seem so
        raise MethodError(f"{SOLVER} could not solve a program of {len(self._cost)} columns: {status}")
