"""Eurostat's own layouts: bulk TSV, present and older, and the Data Explorer's labels."""

from __future__ import annotations

import pytest

from resources.errors import DeliveryError
from resources.readers.data_explorer import codelists
from tests.readers.conftest import Read, assert_sound, records, without_row

PRESENT = "freq,unit,geo\\TIME_PERIOD\t2020 \t2021 \t2022 \n"


def test_present_layout(read_text: Read) -> None:
    raw = read_text("eurostat_tsv", PRESENT + "A,EUR,HU\t5000 \t: \t10100 b\nA,EUR,AT\t: c\t-3.5 e/p/d\t 7 \n")
    assert raw.columns == ("freq", "unit", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")
    assert [(r["_row"], *without) for r, without in zip(records(raw), without_row(raw), strict=True)] == [
        (1, "A", "EUR", "HU", "2020", "5000", None),
        (3, "A", "EUR", "HU", "2022", "10100", "b"),
        (4, "A", "EUR", "AT", "2020", None, "c"),
        (5, "A", "EUR", "AT", "2021", "-3.5", "e/p/d"),
        (6, "A", "EUR", "AT", "2022", "7", None),
    ]
    assert_sound(raw)


def test_missing_cells_can_be_kept(read_text: Read) -> None:
    raw = read_text("eurostat_tsv", PRESENT + "A,EUR,HU\t5000 \t: \t\n", keep_missing=True)
    assert [(r["TIME_PERIOD"], r["OBS_VALUE"]) for r in records(raw)] == [
        ("2020", "5000"),
        ("2021", None),
        ("2022", None),
    ]


def test_older_layout(read_text: Read) -> None:
    raw = read_text(
        "eurostat_tsv",
        "unit,nace_r2,na_item,geo\\time\t2013 \t2012 \n"
        "CP_MEUR,TOTAL,B1G,HU\t101.5p\t: \nCP_MEUR,A,B1G,HU\t:c\t7.1 bp\n",
    )
    assert raw.columns == ("unit", "nace_r2", "na_item", "geo", "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG")
    assert without_row(raw) == [
        ("CP_MEUR", "TOTAL", "B1G", "HU", "2013", "101.5", "p"),
        ("CP_MEUR", "A", "B1G", "HU", "2013", None, "c"),
        ("CP_MEUR", "A", "B1G", "HU", "2012", "7.1", "bp"),
    ]


@pytest.mark.parametrize("period", ["2020", "2020-Q1", "2020Q1", "2020M01", "2020-01", "2020-S1", "2020-W52"])
def test_periods(read_text: Read, period: str) -> None:
    raw = read_text("eurostat_tsv", f"geo\\TIME_PERIOD\t{period} \nHU\t1 \n")
    assert without_row(raw) == [("HU", period, "1", None)]


@pytest.mark.parametrize("cell", ["12x", "1,234", "n/a", "1e5", "--3", "12 345 b"])
def test_what_is_no_number_stays_visible(read_text: Read, cell: str) -> None:
    found = records(read_text("eurostat_tsv", f"geo\\TIME_PERIOD\t2020 \nHU\t{cell}\n"))
    assert " ".join(filter(None, [found[0]["OBS_VALUE"], found[0]["OBS_FLAG"]])) == cell


def test_broken_series_are_rejects_at_their_first_cell(read_text: Read) -> None:
    raw = read_text(
        "eurostat_tsv", PRESENT + "A,EUR,HU\t1 \t2 \t3 \nA,HU\t1 \t2 \t3 \nA,EUR,AT\t1 \t2 \nA,EUR,SK\t1 \t2 \t3 \n"
    )
    assert [r["geo"] for r in records(raw)] == ["HU"] * 3 + ["SK"] * 3
    assert [(r.row, r.reason) for r in raw.rejects] == [
        (4, "the key does not have the 3 dimensions of the header"),
        (7, "3 fields instead of 4 (line 4)"),
    ]
    assert records(raw)[-1]["_row"] == 12
    assert_sound(raw)


@pytest.mark.parametrize(
    "header", ["freq,unit,geo\t2020 ", "geo\\TIME_PERIOD\tvalue", "geo\\TIME_PERIOD\t2020 \t", "geo\\TIME_PERIOD"]
)
def test_another_header(read_text: Read, header: str) -> None:
    with pytest.raises(DeliveryError, match=r"gdp\.tsv:1: not Eurostat's TSV"):
        read_text("eurostat_tsv", header + "\nA,HU" + "\t1" * header.count("\t") + "\n", "gdp.tsv")


EXPLORER = "TIME,GEO,UNIT,NA_ITEM,Value,Flag and Footnotes\n"
UNIT = '"Current prices, million euro"'


def test_data_explorer_gives_codes(read_text: Read) -> None:
    raw = read_text(
        "data_explorer_csv",
        EXPLORER + f'2016,Hungary,{UNIT},"Value added, gross","96,144.90",\n2016,Greece,{UNIT},Subsidies,:,c\n',
    )
    assert without_row(raw) == [
        ("A", "CP_MEUR", "B1G", "HU", "2016", "96,144.90", None),
        ("A", "CP_MEUR", "D3", "EL", "2016", None, "c"),
    ]


def test_unknown_labels_are_rejects(read_text: Read) -> None:
    raw = read_text(
        "data_explorer_csv",
        EXPLORER
        + f"2016,Atlantis,{UNIT},Subsidies,1,\n2016,Norway,{UNIT},Subsidies,2,\n2016,Norway,Euro,Gold,3,\n2016\n",
    )
    assert [(r["_row"], r["geo"]) for r in records(raw)] == [(2, "NO")]
    assert [(r.row, r.reason) for r in raw.rejects] == [
        (1, "unknown label: GEO 'Atlantis'"),
        (3, "unknown label: UNIT 'Euro', NA_ITEM 'Gold'"),
        (4, "1 fields instead of 6 (line 5)"),
    ]
    assert_sound(raw)


def test_codelists_are_unambiguous_text() -> None:
    for codelist in codelists().values():
        assert all(isinstance(code, str) for code in codelist.values())
        assert len(set(codelist.values())) == len(codelist)


def test_other_columns(read_text: Read) -> None:
    with pytest.raises(DeliveryError, match="no column TIME, NA_ITEM"):
        read_text("data_explorer_csv", "YEAR,GEO,UNIT,Value,Flag and Footnotes\n2016,Hungary,x,1,\n")


@pytest.mark.parametrize("last", ["A,EUR,AT\t1 \t2", "A,EUR,AT\t1 \t", "A,EUR,AT\t1 \t2 \t", "A,EUR", "A,EUR,AT"])
def test_a_tsv_that_ends_within_a_series_is_refused(read_text: Read, last: str) -> None:
    content = PRESENT + "A,EUR,HU\t5000 \t: \t10100 b\n" + last
    with pytest.raises(DeliveryError, match=r"ends in the middle of a record \(line 3\): the delivery is truncated"):
        read_text("eurostat_tsv", content)


def test_a_whole_last_series_needs_no_line_end(read_text: Read) -> None:
    raw = read_text("eurostat_tsv", PRESENT + "A,EUR,HU\t\t: \t10100 b\nA,EUR,AT\t\t: \t: ")
    assert [(r["geo"], r["OBS_VALUE"]) for r in records(raw)] == [("HU", "10100")]
