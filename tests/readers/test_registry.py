"""Formats by name, and their options."""

from __future__ import annotations

import duckdb
import pytest

from resources.errors import ConfigurationError, DeliveryError
from resources.readers.base import Part
from resources.readers.registry import OPTIONS, READERS, check_options, read
from tests.readers.conftest import Deliver


def test_every_reader_has_options() -> None:
    assert set(OPTIONS) == set(READERS)


def test_unknown_format_names_the_known_ones(deliver: Deliver, connection: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(ConfigurationError, match=r"unknown format 'excel'; use one of cordis_json, csv, .*xlsx"):
        read("excel", deliver("a"), connection, {})


@pytest.mark.parametrize("format", sorted(READERS))
def test_unknown_options_are_errors_before_the_file_is_touched(
    format: str, deliver: Deliver, connection: duckdb.DuckDBPyConnection
) -> None:
    part = deliver("")
    with pytest.raises(
        ConfigurationError, match=rf"options of the format '{format}': colour: .*known options are allow"
    ):
        read(format, part, connection, {"colour": "red"})
    with pytest.raises(ConfigurationError, match="colour"):
        READERS[format](part, connection, {"colour": "red"})
    check_options(format, {"allow_empty": True})


@pytest.mark.parametrize("format", sorted(READERS))
def test_empty_and_missing_files(format: str, deliver: Deliver, connection: duckdb.DuckDBPyConnection) -> None:
    part = deliver(b"", "june.dat")
    with pytest.raises(DeliveryError, match=r"^june\.dat: the file is empty \(0 bytes\)"):
        read(format, part, connection, {})
    gone = Part("june.dat", part.path.with_name("gone"), "", 1)
    with pytest.raises(DeliveryError, match=r"^june\.dat: the archived file is gone"):
        read(format, gone, connection, {})


@pytest.mark.parametrize("format", ["csv", "eurostat_tsv", "sdmx_csv", "data_explorer_csv"])
def test_nothing_but_the_result_stays_in_the_connection(
    format: str, deliver: Deliver, connection: duckdb.DuckDBPyConnection
) -> None:
    content = {
        "csv": 'a,b\n1,"x\n2,y\n3\n',
        "eurostat_tsv": "geo\\TIME_PERIOD\t2020 \nHU\t1 \nAT\n",
        "sdmx_csv": "DATAFLOW,OBS_VALUE\nx,1\n",
        "data_explorer_csv": "TIME,GEO,UNIT,NA_ITEM,Value,Flag and Footnotes\n2016,Atlantis,x,Gold,1,\n",
    }[format]
    raw = read(format, deliver(content), connection, {})
    assert isinstance(raw.rows, duckdb.DuckDBPyRelation)
    tables = connection.execute("SELECT table_name FROM information_schema.tables").fetchall()
    assert [name for (name,) in tables] == [raw.rows.alias]
