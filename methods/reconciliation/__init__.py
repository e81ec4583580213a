"""Bringing figures to totals that bind: national accounts margins and annual benchmarks.

Belongs here: raking (iterative proportional fitting), GRAS for cells of both signs, weighted least squares balancing
over several hierarchies, proportional Denton benchmarking, margins of years without a publication. Does not belong
here: which totals bind, coverage ratios and the published lines, which are tables of the interpretation layer.

All functions return plain numpy arrays in the unit of their input and raise `ReconciliationError` rather than return
cells that miss a total (METHODS section 3).
"""

from __future__ import annotations

from methods.errors import ReconciliationError
from methods.reconciliation.balancing import aggregation_matrix, balance
from methods.reconciliation.benchmarking import denton
from methods.reconciliation.margins import common_total, extrapolate_margins
from methods.reconciliation.raking import gras, rake

__all__ = [
    "ReconciliationError",
    "aggregation_matrix",
    "balance",
    "common_total",
    "denton",
    "extrapolate_margins",
    "gras",
    "rake",
]
