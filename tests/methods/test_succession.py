"""Chains of mergers and splits lead to one unit, whatever the order of the rows, even where they bite their tail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from methods.succession import final_successors

Event = tuple[str, str, str | None, bool]


def frame(events: list[Event]) -> pd.DataFrame:
    columns = ["predecessor_id", "successor_id", "event_date", "is_ending"]
    table = pd.DataFrame(events, columns=columns)
    return table.assign(event_date=pd.to_datetime(table["event_date"]), is_ending=table["is_ending"].astype(bool))


def followed(events: list[Event]) -> list[tuple[Any, ...]]:
    return list(final_successors(frame(events)).itertuples(index=False, name=None))


def test_a_chain_is_followed_to_its_end_from_every_link() -> None:
    events: list[Event] = [
        ("A", "B", "2018-01-01", True),
        ("B", "C", "2020-01-01", True),
        ("C", "D", "2022-01-01", True),
    ]
    assert followed(events) == [("D", 3, False, False), ("D", 2, False, False), ("D", 1, False, False)]


def test_who_only_gave_up_a_part_goes_on() -> None:
    events: list[Event] = [("A", "B", "2018-01-01", True), ("B", "C", "2020-01-01", False)]
    assert followed(events) == [("B", 1, False, False), ("C", 1, False, False)]


def test_of_several_successors_the_latest_then_the_first_id_is_the_principal() -> None:
    events: list[Event] = [
        ("A", "B", "2018-01-01", True),
        ("B", "D", "2020-01-01", True),
        ("B", "C", "2020-01-01", True),
        ("B", "A9", "2019-01-01", True),
    ]
    assert followed(events)[0] == ("C", 2, True, False)
    assert [row[0] for row in followed(events)[1:]] == ["D", "C", "A9"], "each successor of the split keeps its row"
    assert not any(row[2] for row in followed(events)[1:])


def test_a_fork_far_down_the_chain_is_told_at_its_beginning() -> None:
    chain: list[Event] = [(f"A{k}", f"A{k + 1}", f"201{k}-01-01", True) for k in range(6)]
    fork: list[Event] = [("A6", "B", "2018-01-01", True), ("A6", "C", "2018-01-01", True)]
    found = followed([*chain, *fork])
    assert [row[:3] for row in found[:6]] == [("B", 7 - k, True) for k in range(6)]
    assert [row[:3] for row in found[6:]] == [("B", 1, False), ("C", 1, False)]


def test_a_chain_that_bites_its_tail_ends_with_who_was_revived_last() -> None:
    events: list[Event] = [
        ("X", "A", "2009-01-01", True),
        ("A", "B", "2010-01-01", True),
        ("B", "C", "2012-01-01", True),
        ("C", "A", "2015-01-01", True),
    ]
    assert followed(events) == [
        ("A", 1, False, False),
        ("A", 3, False, True),
        ("A", 2, False, True),
        ("A", 1, False, True),
    ]


def test_a_cycle_without_dates_is_cut_at_the_first_id_and_at_an_undated_link_before_a_dated_one() -> None:
    assert [row[0] for row in followed([("B", "A", None, True), ("A", "B", None, True)])] == ["A", "A"]
    assert [row[0] for row in followed([("A", "B", "1990-01-01", True), ("B", "A", None, True)])] == ["B", "B"]


def test_who_succeeds_itself_is_reported_and_goes_on() -> None:
    assert followed([("A", "A", "2010-01-01", True), ("Z", "A", "2011-01-01", True)]) == [
        ("A", 1, False, True),
        ("A", 1, False, False),
    ]


def test_no_events_give_no_rows() -> None:
    assert final_successors(frame([])).empty


def test_a_chain_of_a_hundred_thousand_units() -> None:
    number = np.arange(100_000)
    ids = pd.Series([f"U{k:06d}" for k in range(100_001)])
    events = pd.DataFrame(
        {
            "predecessor_id": ids.iloc[number].to_numpy(),
            "successor_id": ids.iloc[number + 1].to_numpy(),
            "event_date": pd.Timestamp("2000-01-01"),
            "is_ending": True,
        }
    )
    found = final_successors(events)
    assert (found["final_successor_id"] == "U100000").all()
    assert found["generation"].tolist() == list(range(100_000, 0, -1))


UNIT = st.sampled_from("ABCDE")
EVENTS = st.lists(
    st.tuples(UNIT, UNIT, st.sampled_from([None, "2010-01-01", "2012-01-01", "2014-01-01"]), st.booleans()), max_size=14
)


def walked(events: list[Event]) -> list[tuple[str, int]]:
    """The same by walking, link by link: final successor and generation."""
    heirs: dict[str, tuple[str, str]] = {}
    for unit in {event[0] for event in events}:
        own = [(when or "", to) for start, to, when, ends in events if start == unit and ends and to != unit]
        if own:
            latest = max(when for when, _ in own)
            heirs[unit] = min(to for when, to in own if when == latest), latest
    for unit in sorted(heirs):
        path = [unit]
        while path[-1] in heirs and heirs[path[-1]][0] not in path:
            path.append(heirs[path[-1]][0])
        if path[-1] in heirs:
            cycle = path[path.index(heirs[path[-1]][0]) :]
            del heirs[min(cycle, key=lambda member: (heirs[member][1], member))]
    found = []
    for _, unit, _, _ in events:
        steps = 1
        while unit in heirs:
            unit, steps = heirs[unit][0], steps + 1
        found.append((unit, steps))
    return found


@given(EVENTS)
def test_jumping_and_walking_agree(events: list[Event]) -> None:
    assert [row[:2] for row in followed(events)] == walked(events)


@given(EVENTS, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_does_not_matter(events: list[Event], random: Any) -> None:
    order = list(range(len(events)))
    random.shuffle(order)
    shuffled = followed([events[k] for k in order])
    assert [shuffled[order.index(k)] for k in range(len(events))] == followed(events)


@given(EVENTS)
def test_a_final_successor_has_no_heir_unless_its_cycle_was_cut_there(events: list[Event]) -> None:
    found = followed(events)
    cut = {event[0] for event, row in zip(events, found, strict=True) if row[3]}
    ended = {start for start, to, _, ends in events if ends and start != to}
    assert all(row[0] not in ended or row[0] in cut for row in found)
