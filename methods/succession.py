"""Who continues a legal unit in the end: chains of mergers, splits and transformations followed to their last link.

Belongs here: following chains over a table of events. Does not belong here: which events happened (`source`), or what
a cooperation's membership becomes of them.

A unit that ended points to its heir, so the units are the nodes of a graph with at most one arrow out of each, and all
chains are followed at once by pointer jumping: after k rounds every node points 2**k links further (Wyllie 1979).
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def final_successors(events: pd.DataFrame) -> pd.DataFrame:
    """Follows every event's successor to the unit that continues it today.

    The heir of a unit that ended is the successor in its latest ending event, of several the one with the first id. A
    chain that bites its tail is cut at its earliest event (one without a date comes first, then the first id): who was
    revived later is the one who lives.

    Args:
        events: `predecessor_id`, `successor_id`, `event_date` (datetime64, may be missing), `is_ending` (the
            predecessor ceased with this event); any order, repetitions allowed.

    Returns:
        Frame with the index of the events: `final_successor_id`; `generation`, links from predecessor to final
        successor (1 when the successor itself goes on; integer); `is_ambiguous`, some unit behind the predecessor
        ended with several successors, so that the final one is the principal of several; `is_cyclic`, the event is
        part of a chain that bit its tail. No result depends on the order of the rows.
    """
    count = len(events)
    texts = pd.concat([events["predecessor_id"], events["successor_id"]]).to_numpy(dtype=object)
    ids, codes = np.unique(texts.astype(str), return_inverse=True)
    before, after = codes[:count], codes[count:]
    day = pd.to_datetime(events["event_date"]).to_numpy(dtype="datetime64[s]")
    time = np.where(np.isnat(day), np.iinfo(np.int64).min, day.astype(np.int64))

    ending = np.flatnonzero(events["is_ending"].to_numpy(dtype=bool) & (before != after))
    heir, left = np.arange(len(ids)), np.full(len(ids), np.iinfo(np.int64).max)
    order = ending[np.lexsort((after[ending], -time[ending].astype(float), before[ending]))]
    parents, first = np.unique(before[order], return_index=True)
    heir[parents], left[parents] = after[order[first]], time[order[first]]
    pairs = np.unique(np.stack([before[ending], after[ending]]), axis=1)
    several = np.bincount(pairs[0], minlength=len(ids)) > 1

    cycle = _on_cycle(heir)
    is_cyclic = (before == after) | (cycle[before] & (heir[before] == after))
    heir = _cut(heir, cycle, left)
    last, steps, ambiguous = _followed(heir, several)
    return pd.DataFrame(
        {
            "final_successor_id": pd.Series(ids[last[after]], index=events.index, dtype="str"),
            "generation": 1 + steps[after],
            "is_ambiguous": ambiguous[after],
            "is_cyclic": is_cyclic,
        },
        index=events.index,
    )


def _rounds(count: int) -> int:
    """Rounds of pointer jumping after which every chain of `count` nodes is followed to its end."""
    return max(count, 1).bit_length()


def _on_cycle(heir: np.ndarray) -> np.ndarray:
    """Nodes that lie on a cycle of two or more: those reached after as many links as there are nodes."""
    jump = heir
    for _ in range(_rounds(heir.size)):
        jump = jump[jump]
    reached = np.zeros(heir.size, dtype=bool)
    reached[jump] = True
    found: np.ndarray = reached & (heir != np.arange(heir.size))
    return found


def _cut(heir: np.ndarray, cycle: np.ndarray, left: np.ndarray) -> np.ndarray:
    """The arrows without the earliest one of every cycle."""
    rank = np.empty(heir.size, dtype=np.int64)
    rank[np.lexsort((np.arange(heir.size), left))] = np.arange(heir.size)
    lowest, jump = rank, heir
    for _ in range(_rounds(heir.size)):
        lowest, jump = np.minimum(lowest, lowest[jump]), jump[jump]
    own = np.arange(heir.size)
    return np.where(cycle & (rank == lowest), own, heir)


def _followed(heir: np.ndarray, several: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every node the end of its chain, the links to it, and whether the chain forks on the way."""
    moves = heir != np.arange(heir.size)
    last, steps, forks = heir, moves.astype(np.int64), moves & several
    for _ in range(_rounds(heir.size)):
        steps, forks, last = steps + steps[last], forks | forks[last], last[last]
    return last, steps, forks
