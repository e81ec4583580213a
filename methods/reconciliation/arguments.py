"""Arguments that every way of reconciling checks alike.

Belongs here: arrays that are numbers, tolerances and limits of iterations. Does not belong here: what figures mean to
each other, such as margins of one total.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from methods.errors import ReconciliationError


def as_floats(name: str, values: ArrayLike) -> NDArray[np.float64]:
    """An array of floats.

    Raises:
        ReconciliationError: something is no number, text that reads like one included, or rows differ in length.
    """
    try:
        found = np.asarray(values)
        floats = np.asarray(found, dtype=np.float64) if found.dtype.kind in "biufO" else None
    except (TypeError, ValueError) as error:
        raise ReconciliationError(f"{name} are not an array of numbers: {error}") from None
    if floats is None:
        raise ReconciliationError(f"{name} are of type {found.dtype}, not numbers")
    return floats


def check_iteration(tolerance: float, max_iterations: int) -> None:
    """Refuses what no iteration can end with.

    Raises:
        ReconciliationError: the tolerance is not within (0, 1), or less than one iteration is allowed.
    """
    if not 0 < tolerance < 1:
        raise ReconciliationError(f"tolerance is {tolerance!r}: a relative tolerance lies between 0 and 1")
    if isinstance(max_iterations, bool) or int(max_iterations) != max_iterations or max_iterations < 1:
        raise ReconciliationError(f"max_iterations is {max_iterations!r}: at least one whole iteration is needed")
