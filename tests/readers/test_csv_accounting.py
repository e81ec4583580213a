"""No record vanishes: rows and rejects together are the records of the file, each with its own ordinal."""

from __future__ import annotations

import random

import pytest

from resources.errors import DeliveryError
from resources.readers import csv_file
from tests.readers.conftest import Read, assert_sound, records, without_row


def test_too_few_and_too_many_fields(read_text: Read) -> None:
    raw = read_text("csv", "a,b,c\n1,2\n4,5,6\n7,8,9,10\n\n11,12,13\n14\n")
    assert [(r["_row"], r["a"]) for r in records(raw)] == [(2, "4"), (4, "11")]
    assert [(r.row, r.reason, r.raw) for r in raw.rejects] == [
        (1, "2 fields instead of 3 (line 2)", "1,2"),
        (3, "4 fields instead of 3 (line 4)", "7,8,9,10"),
        (5, "1 fields instead of 3 (line 7)", "14"),
    ]


def test_surplus_delimiters_at_the_end_are_tolerated(read_text: Read) -> None:
    raw = read_text("csv", "a,b\n1,2,,\n3,4,\n")
    assert without_row(raw) == [("1", "2"), ("3", "4")]


QUOTE = "a quotation mark is not closed or not doubled"


@pytest.mark.parametrize(
    ("body", "good", "rejected"),
    [
        ('1,"x,3\n4,5,6\n7,8,9\n', [2, 3], {1: '1,"x,3'}),
        ('1,2,3\n4,5,"\n', [1], {2: '4,5,"'}),
        ('1,2,3\n4,"5,6\n', [1], {2: '4,"5,6'}),
        ('1,"x,3\n4,"5",6\n7,8,9\n', [2, 3], {1: '1,"x,3'}),
        ('1,"x,3\n4,5,6\n7,"y,9\n10,11,12\n', [2, 4], {1: '1,"x,3', 3: '7,"y,9'}),
        ('1,"A" Kft.,3\n4,5,6\n', [2], {1: '1,"A" Kft.,3'}),
        # Behind the first line the closing mark of record 2 looks like an opening one.
        ('1,"x,3\n2,"ok\n",5\n3,"y",6\n4,4,4\n', [2, 3, 4], {1: '1,"x,3'}),
        ('1,"ok\nok",3\n4,"x,6\n7,"ok\nok",9\n', [1, 3], {2: '4,"x,6'}),
    ],
)
def test_unclosed_quotes_cost_their_own_line_only(
    read_text: Read, body: str, good: list[int], rejected: dict[int, str]
) -> None:
    raw = read_text("csv", "a,b,c\n" + body)
    assert [r["_row"] for r in records(raw)] == good
    assert {r.row: r.raw for r in raw.rejects} == rejected
    assert all(r.reason.startswith(QUOTE) for r in raw.rejects)
    assert_sound(raw)


def test_a_broken_record_over_several_lines_is_kept_line_by_line(read_text: Read) -> None:
    raw = read_text("csv", 'a,b,c\n1,"one\ntwo "bad" more\nthree",3\n4,5,6\n')
    assert [r["a"] for r in records(raw)] == ["4"]
    assert [r.raw for r in raw.rejects] == ['1,"one', 'two "bad" more', 'three",3']


def test_a_stray_quote_in_a_long_file_without_quotes(read_text: Read) -> None:
    """DuckDB alone loses everything up to its longest line and more, without a reject."""
    count = 60_000
    lines = [f"{i},{'y' * 60},{i}" for i in range(1, count + 1)]
    lines[4] = '5,"x,5'
    raw = read_text("csv", "a,b,c\n" + "\n".join(lines) + "\n")
    found = records(raw)
    assert len(found) == count - 1
    assert all(int(r["a"]) == r["_row"] for r in found)
    assert [(r.row, r.raw) for r in raw.rejects] == [(5, '5,"x,5')]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_any_mixture_of_dirt_is_accounted_for(read_text: Read, seed: int, line_end: str) -> None:
    random_ = random.Random(seed)
    lines, good, bad = [], {}, {}
    for ordinal in range(1, 401):
        kind = random_.choices(["plain", "quoted", "multi", "few", "many", "stray"], [50, 20, 15, 5, 5, 5])[0]
        text = f"szöveg {random_.randrange(10**6)}"
        fields = {
            "plain": [str(ordinal), text, "z"],
            "quoted": [str(ordinal), f'"{text}, ""x"""', "z"],
            "multi": [str(ordinal), f'"{text}{line_end}{line_end}más"', "z"],
            "few": [str(ordinal), text],
            "many": [str(ordinal), text, "z", "extra"],
            "stray": [str(ordinal), f'"{text}" Kft.' if random_.random() < 0.5 else f'"{text}', "z"],
        }[kind]
        lines.append(",".join(fields))
        if kind in ("plain", "quoted", "multi"):
            good[ordinal] = {
                "plain": text,
                "quoted": f'{text}, "x"',
                "multi": f"{text}{line_end}{line_end}más",
            }[kind]
        else:
            bad[ordinal] = lines[-1]
    raw = read_text("csv", line_end.join(["id,text,z", *lines, ""]))
    assert {r["_row"]: r["text"] for r in records(raw)} == good
    assert all(r["id"] == str(r["_row"]) for r in records(raw))
    assert {r.row: r.raw for r in raw.rejects} == bad


def test_many_blank_lines_do_not_shift_ordinals(read_text: Read) -> None:
    raw = read_text("csv", "a,b\n1,x\n\n\n2\n\n3,y\n\n4\n5,z\n\n")
    assert [(r["_row"], r["a"]) for r in records(raw)] == [(1, "1"), (3, "3"), (5, "5")]
    assert [(r.row, r.raw) for r in raw.rejects] == [(2, "2"), (4, "4")]


def test_what_cannot_be_accounted_for_refuses_the_file(read_text: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """If mending found nothing, the count of lines would still notice the loss."""
    monkeypatch.setattr(csv_file, "mend", lambda part, scan, text, scratch: (text, {}))
    with pytest.raises(DeliveryError, match="3 lines cannot be accounted for"):
        read_text("csv", 'a,b,c\n0,0,0\n1,"x,3\n4,5,6\n7,8,9\n')


def test_hardly_a_record_that_fits(read_text: Read) -> None:
    with pytest.raises(DeliveryError, match="10 of 11 records do not fit the 3 columns"):
        read_text("csv", "a,b,c\n1,2,3\n" + "1,2\n" * 10)
    raw = read_text("csv", "a,b,c\n1,2,3\n" + "1,2\n" * 9)
    assert len(raw.rejects) == 9


def test_an_endless_line_is_refused_with_its_place(read_text: Read) -> None:
    with pytest.raises(DeliveryError, match=r"published\.csv:3: .*longer than 2,000,000 bytes"):
        read_text("csv", "a,b\n1,2\n3," + "x" * 4_100_000 + "\n4,5\n")
