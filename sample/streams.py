"""Seeded random streams, one per subject.

A subject draws from its own stream, so that a change in one (say, in how names are made) leaves the numbers of all
others as they were.
"""

from __future__ import annotations

import numpy as np

SUBJECTS = (
    "population",
    "identifiers",
    "names",
    "clusters",
    "projects",
    "growth",
    "accounts",
    "dirt",
    "events",
    "registry",
    "histories",
    "local_units",
)


def streams(seed: int) -> dict[str, np.random.Generator]:
    """Return one independent generator per subject.

    Args:
        seed: the economy's seed, any non-negative integer.
    """
    children = np.random.SeedSequence(seed).spawn(len(SUBJECTS))
    return {subject: np.random.default_rng(child) for subject, child in zip(SUBJECTS, children, strict=True)}


def draw_within(
    rng: np.random.Generator, group: np.ndarray, member_group: np.ndarray, weight: np.ndarray
) -> np.ndarray:
    """Draw for every element a member of its group, with probability proportional to the member's weight.

    Args:
        rng: source of randomness; one draw per element.
        group: group of each element, shape (n,), integers.
        member_group: group of each member, shape (m,), sorted ascending.
        weight: weight of each member, shape (m,), non-negative; every group that is asked for has a positive weight.

    Returns:
        Index of the member drawn for each element, shape (n,).
    """
    total = np.bincount(member_group, weights=weight)
    share = weight / np.where(total > 0, total, 1.0)[member_group]
    running = np.cumsum(share)
    first = np.searchsorted(member_group, np.arange(total.size), side="left")
    before = np.concatenate(([0.0], running))[first]
    # Groups lie side by side on one axis: group k occupies (k, k + 1].
    position = member_group + (running - before[member_group])
    last = np.searchsorted(member_group, np.arange(total.size), side="right") - 1
    filled = last >= first
    position[last[filled]] = np.arange(total.size)[filled] + 1.0
    return np.searchsorted(position, group + rng.random(group.size), side="right")
