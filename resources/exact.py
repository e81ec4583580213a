"""Amounts rounded as the engine's macro `exact_sum` rounds what it adds up, for steps that compute in Python."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SCALE = 1e9


def rounded(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Amounts to nine decimals, halves away from zero: `CAST(CAST(x AS DECIMAL(38, 9)) AS DOUBLE)` of the engine.

    Args:
        values: any unit, absolutely below 9e15 (beyond, a double is coarser than one); NaN stays NaN.
    """
    scaled = values * SCALE
    whole = np.trunc(scaled)
    whole += np.where(np.abs(scaled - whole) >= 0.5, np.copysign(1.0, scaled), 0.0)
    return np.asarray(whole / SCALE, np.float64)
