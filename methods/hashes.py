"""Hashes that look random: what stands in for random numbers where nothing may depend on the order of rows.

Belongs here: spreading whole numbers over 64 bits. Does not belong here: what is hashed, what is drawn with it.
"""

from __future__ import annotations

import numpy as np

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
"""2**64 divided by the golden ratio: an odd number whose multiples fill the range evenly."""


def mixed(values: np.ndarray) -> np.ndarray:
    """Spreads whole numbers over 64 bits (the finaliser of splitmix64, Steele, Lea and Flood 2014)."""
    x = values.astype(np.uint64) + GOLDEN
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))
