"""How long, and when, a firm belonged to a cooperation.

Belongs here: unions of half-open intervals in days, shares of a year, any-day and year-end membership, and what of them
is to be expected where links are uncertain. Does not belong here: what a membership is worth (`attribution`), which
memberships count for a numerator.

Every function takes a frame with `valid_from` and `valid_to` (dates, timestamps or ISO texts; null or an absent column
is an open end). With a `firm_id` column the result is a Series by firm, ordered by firm_id, with a row for every firm
of the frame; without one it is a single value over all rows. Source of the rules: METHODS section 2 and TV-5.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from methods.errors import MethodError

SECONDS_PER_DAY = 86_400
_FIRST, _LAST = np.datetime64("0001-01-01", "s"), np.datetime64("9999-12-31", "s")


def day_share(intervals: pd.DataFrame, year: int) -> pd.Series | Any:
    """Length of the union of the intervals within the year, divided by the days of the year.

    Args:
        intervals: `valid_from`, `valid_to`, optionally `firm_id`; overlapping and nested intervals count once.
        year: calendar year.

    Returns:
        Ratio in [0, 1]: Series by firm_id, or a float without that column.

    Raises:
        MethodError: an interval that ends before it begins, a date that is none, or a missing firm_id.
    """
    start, end = year_bounds(year)
    return _named(union_days(intervals, start, end) / _days(start, end), "day_share")


def union_days(intervals: pd.DataFrame, start: Any, end: Any) -> pd.Series | Any:
    """Days of the union of the intervals within [start, end).

    Args:
        intervals: `valid_from`, `valid_to`, optionally `firm_id`.
        start: first day of the window.
        end: the day after its last one.

    Returns:
        Days: Series by firm_id, or a float without that column. Dates give whole numbers; a time of day counts as
        the part of the day it is.

    Raises:
        MethodError: as `day_share`, and a window that ends before it begins.
    """
    return _by_firm(intervals, lambda keys: union_days_by(intervals, keys, start, end))


def any_day(intervals: pd.DataFrame, year: int) -> pd.Series | Any:
    """Whether any day of the year is covered; arguments, shape and errors as `day_share`."""
    start, end = year_bounds(year)
    return _named(union_days(intervals, start, end) > 0, "is_member")


def on_date(intervals: pd.DataFrame, date: Any) -> pd.Series | Any:
    """Whether the day is covered; arguments, shape and errors as `union_days`."""
    first = _instant(date)
    return _named(union_days(intervals, first, first + np.timedelta64(SECONDS_PER_DAY, "s")) > 0, "is_member")


def year_end(intervals: pd.DataFrame, year: int) -> pd.Series | Any:
    """Whether 31 December is covered: the register's reference day; arguments, shape and errors as `day_share`."""
    return on_date(intervals, np.datetime64(f"{year:04d}-12-31"))


def union_days_by(intervals: pd.DataFrame, keys: Sequence[str], start: Any, end: Any) -> pd.Series:
    """Days of the union within [start, end) for every combination of keys in the frame.

    Args:
        intervals: `valid_from`, `valid_to` and the key columns.
        keys: names of key columns; empty for one union over all rows.
        start: first day of the window.
        end: the day after its last one.

    Returns:
        Days by key, ordered by key (one row at index 0 without keys).
    """
    codes, index = _codes(intervals, keys)
    begin, finish, width = _within(intervals, start, end)
    order = np.lexsort((finish, begin, codes))
    offset = codes[order] * width
    begin, finish = begin[order] + offset, finish[order] + offset
    # Every firm has its own stretch of one number line; what of an interval reaches beyond all earlier ones is new.
    reached = np.concatenate([[0], np.maximum.accumulate(finish)[:-1]]) if len(finish) else finish
    new = np.maximum(finish - np.maximum(begin, np.maximum(reached, offset)), 0)
    seconds = np.bincount(codes[order], weights=new, minlength=len(index)) if len(new) else np.zeros(len(index))
    return pd.Series(seconds / SECONDS_PER_DAY, index=index, name="days")


def expected_days_by(intervals: pd.DataFrame, keys: Sequence[str], start: Any, end: Any) -> pd.Series:
    """Days of the window on which at least one true link is to be expected, for every combination of keys.

    Rows of one `link_group_id` within a key are true or false together, groups are independent. On each day
    P(member) = 1 - product over the groups that cover the day of (1 - probability of the group); the result is the sum
    over days. With every probability at 1 it equals `union_days_by`. Where a group has the same probability in every
    part, a union never exceeds the sum of its parts.

    Args:
        intervals: `valid_from`, `valid_to`, `link_group_id`, `probability` (0..1; the largest of a group counts for
            all its rows) and the key columns.
        keys: names of key columns.
        start: first day of the window.
        end: the day after its last one.

    Returns:
        Expected days by key, ordered by key.

    Raises:
        MethodError: as `day_share`, and a probability outside [0, 1].
    """
    codes, index = _codes(intervals, keys)
    groups = _group_probability(intervals, codes)
    begin, finish, _ = _within(intervals, start, end)
    # A group with gaps is several runs of days, with overlaps one run: what it covers beyond its own earlier rows.
    order = np.lexsort((finish, begin, groups["group"]))
    group, firm = groups["group"][order], codes[order]
    chance = groups["probability"][order]
    begin = np.maximum(begin[order], _reached(group, begin[order], finish[order]))
    finish = np.maximum(finish[order], begin)
    # Sweep: +1 / -1 for certain links, +- log(1 - p) for the others.
    certain = chance >= 1.0
    with np.errstate(divide="ignore"):
        doubt = np.where(certain, 0.0, np.log1p(-chance))
    at = np.concatenate([begin, finish])
    who = np.concatenate([firm, firm])
    sure = np.concatenate([certain, -certain.astype(np.int64)]).astype(np.int64)
    log = np.concatenate([doubt, -doubt])
    order = np.lexsort((log, sure, at, who))
    at, who = at[order], who[order]
    first = np.diff(who, prepend=-1) != 0
    running_sure = np.cumsum(sure[order])  # every firm's changes cancel, so the next one starts at zero again
    running_log = _restarted_sum(log[order], first)
    span = np.append(np.diff(at), 0)
    span[np.append(first[1:], True)] = 0
    covered = np.where(running_sure > 0, 1.0, -np.expm1(np.minimum(running_log, 0.0)))
    seconds = np.bincount(who, weights=span * covered, minlength=len(index)) if len(who) else np.zeros(len(index))
    return pd.Series(seconds / SECONDS_PER_DAY, index=index, name="expected_days")


def any_probability_by(intervals: pd.DataFrame, keys: Sequence[str]) -> pd.Series:
    """P(at least one link is true) for every combination of keys; groups and errors as in `expected_days_by`.

    Args:
        intervals: `link_group_id`, `probability` and the key columns; dates are not looked at.
        keys: names of key columns.
    """
    codes, index = _codes(intervals, keys)
    groups = _group_probability(intervals, codes)
    _, first = np.unique(groups["group"], return_index=True)
    firm, chance = codes[first], groups["probability"][first]
    order = np.lexsort((chance, firm))
    with np.errstate(divide="ignore"):
        doubt = np.log1p(-chance[order])
    logs = np.bincount(firm[order], weights=doubt, minlength=len(index)) if len(firm) else np.zeros(len(index))
    return pd.Series(-np.expm1(logs), index=index, name="probability")


def year_bounds(year: int) -> tuple[np.datetime64, np.datetime64]:
    """First day of the year and first day of the next one."""
    return np.datetime64(f"{year:04d}-01-01", "s"), np.datetime64(f"{year + 1:04d}-01-01", "s")


def calendar_year_of(intervals: pd.DataFrame) -> int | None:
    """The one calendar year in which all given ends of the intervals lie, or None when there is no such year."""
    days = [
        dates[~np.isnat(dates)]
        for name in ("valid_from", "valid_to")
        if (dates := _instants(intervals, name, np.datetime64("NaT", "s"))).size
    ]
    known = np.concatenate(days) if days else np.array([], dtype="datetime64[s]")
    if not known.size:
        return None
    year = int(known.min().astype("datetime64[Y]").astype(np.int64)) + 1970
    return year if known.max() <= year_bounds(year)[1] else None


def _named(result: Any, name: str) -> Any:
    return result.rename(name) if isinstance(result, pd.Series) else result


def _days(start: np.datetime64, end: np.datetime64) -> float:
    return float((end - start) / np.timedelta64(1, "D"))


def _by_firm(intervals: pd.DataFrame, compute: Any) -> pd.Series | Any:
    if "firm_id" in intervals.columns:
        result: pd.Series = compute(["firm_id"])
        return result
    return float(compute([]).iloc[0])


def _codes(intervals: pd.DataFrame, keys: Sequence[str]) -> tuple[NDArray[np.int64], pd.Index]:
    if not keys:
        return np.zeros(len(intervals), dtype=np.int64), pd.RangeIndex(1)
    for key in keys:
        if intervals[key].isna().any():
            raise MethodError(f"{key} is missing in row {intervals.index[int(intervals[key].isna().argmax())]}")
    grouped = intervals.groupby(list(keys), sort=True, observed=True)
    return grouped.ngroup().to_numpy().astype(np.int64), grouped.size().index


def _within(intervals: pd.DataFrame, start: Any, end: Any) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Begin and end of every interval in seconds since the start of the window, and the length of the window.

    Counted from the window, so that firm number times window length stays far within 64 bits.
    """
    first, last = _instant(start), _instant(end)
    if last < first:
        raise MethodError(f"the window ends on {last} before it begins on {first}")
    begins = _instants(intervals, "valid_from", _FIRST)
    ends = _instants(intervals, "valid_to", _LAST)
    reversed_rows = ends < begins
    if reversed_rows.any():
        row = int(np.flatnonzero(reversed_rows)[0])
        raise MethodError(f"interval {intervals.index[row]} ends on {ends[row]} before it begins on {begins[row]}")
    begin = (np.clip(begins, first, last) - first).astype(np.int64)
    finish = (np.clip(ends, first, last) - first).astype(np.int64)
    return begin, finish, int((last - first).astype(np.int64))


def _reached(codes: NDArray[np.int64], begin: NDArray[np.int64], finish: NDArray[np.int64]) -> NDArray[np.int64]:
    """Where the earlier intervals of the same code end; rows ordered by code and begin."""
    if not len(codes):
        return finish
    width = int(finish.max()) + 1
    reached = np.concatenate([[0], np.maximum.accumulate(finish + codes * width)[:-1]]) - codes * width
    result: NDArray[np.int64] = np.maximum(reached, 0)
    return result


def _restarted_sum(values: NDArray[np.float64], is_first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Running sum that starts anew at every `is_first`, so that rounding does not creep from firm to firm."""
    total = np.cumsum(values)
    before = np.where(is_first, total - values, -np.inf)
    start = before[np.maximum.accumulate(np.where(is_first, np.arange(len(values)), 0))] if len(values) else total
    result: NDArray[np.float64] = total - start
    return result


def _group_probability(intervals: pd.DataFrame, codes: NDArray[np.int64]) -> dict[str, NDArray[Any]]:
    """Number of every row's group within its key, and the largest probability of the group."""
    chance = intervals["probability"].to_numpy(dtype=np.float64)
    outside = ~((chance >= 0) & (chance <= 1))
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise MethodError(f"probability {chance[row]} in row {intervals.index[row]} does not lie between 0 and 1")
    group = pd.DataFrame({"key": codes, "group": intervals["link_group_id"].to_numpy()}).groupby(
        ["key", "group"], sort=True
    )
    if intervals["link_group_id"].isna().any():
        row = int(intervals["link_group_id"].isna().to_numpy().argmax())
        raise MethodError(f"link_group_id is missing in row {intervals.index[row]}")
    number = group.ngroup().to_numpy().astype(np.int64)
    largest = np.zeros(number.max() + 1 if len(number) else 0)
    np.maximum.at(largest, number, chance)
    return {"group": number, "probability": largest[number]}


def _instants(intervals: pd.DataFrame, column: str, missing: np.datetime64) -> NDArray[np.datetime64]:
    """A column as seconds, nulls replaced; numpy parses it so that 9999-12-31 works with every pandas."""
    if column not in intervals.columns:
        return np.full(len(intervals), missing, dtype="datetime64[s]")
    values = intervals[column]
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        raise MethodError(f"{column} has a time zone: give local dates")
    is_typed = values.dtype.kind == "M"
    result = values.to_numpy().astype("datetime64[s]") if is_typed else _parsed(values, column)
    return np.where(np.isnat(result), missing, result)


def _parsed(values: pd.Series, column: str) -> NDArray[np.datetime64]:
    objects = values.astype(object).where(values.notna(), None).to_numpy()
    try:
        return objects.astype("datetime64[s]")
    except (TypeError, ValueError) as error:
        raise MethodError(f"{column} holds something that is not a date: {error}") from error


def _instant(date: Any) -> np.datetime64:
    """One date as seconds."""
    try:
        instant = np.datetime64(date, "s")
    except (TypeError, ValueError) as error:
        raise MethodError(f"{date!r} is not a date") from error
    if np.isnat(instant):
        raise MethodError("the window needs both its ends")
    return instant
