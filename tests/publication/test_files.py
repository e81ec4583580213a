"""CSV, Parquet, XLSX and the data package: the same numbers, the same bytes."""

from __future__ import annotations

import csv
import datetime as dt
import json
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import load_workbook

from publication.data_package import CC_BY, table_schema
from publication.export import FORMATS, write_export
from publication.files import NOT_IN_SHEET, TABLES, WITHHELD_MARK, write_csv, write_workbook
from publication.release_table import decimals, release_table
from resources.contract import Contract
from resources.durable import file_sha256
from resources.errors import CoopgvaError, PublishRefusedError
from tests.publication import released
from tests.publication.conftest import EMBARGO, VINTAGE

CELLS = "access.cooperation_gva"
Contracts = dict[str, Contract]
Tables = dict[str, pd.DataFrame]


def every_file(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()
    }


# -- the table as it is released -------------------------------------------------------------------------------------
def test_rows_are_ordered_rounded_and_typed(table: pa.Table, contracts: Contracts) -> None:
    contract = contracts[CELLS]
    assert table.schema.equals(contract.schema)
    keys = [tuple(row[name] for name in contract.grain) for row in table.to_pylist()]
    assert keys == sorted(keys)
    for name, column in contract.columns.items():
        if column.type == "double":
            values = [value for value in table.column(name).to_pylist() if value is not None]
            assert values
            assert all(value == round(value, decimals(column)) for value in values)


def test_a_key_twice_a_value_withheld_or_an_infinite_number_is_refused(contracts: Contracts) -> None:
    contract, rows = contracts[CELLS], released.withhold(released.rows())
    with pytest.raises(CoopgvaError, match=r"access.cooperation_gva \(reference_year=\d+.*: the key is there twice"):
        release_table(contract, released.table([*rows, rows[0]]))
    secret = next(row for row in rows if row["is_withheld"])
    for name in released.HIDDEN:
        leaking = [row | {name: 5} if row is secret else row for row in rows]
        with pytest.raises(PublishRefusedError, match=f"a withheld row has a number in {name}"):
            release_table(contract, released.table(leaking))
    endless = [row | {"national_gva_huf_mn": float("inf")} if row is secret else row for row in rows]
    with pytest.raises(CoopgvaError, match="national_gva_huf_mn is infinite"):
        release_table(contract, released.table(endless))


def test_other_columns_or_types_than_the_contract_has_are_refused(contracts: Contracts, tmp_path: Path) -> None:
    frame = released.table(released.rows())
    for odd in (frame.drop(columns="share_pct"), frame.assign(more=1)):
        with pytest.raises(CoopgvaError, match="its columns are not those of the contract"):
            release_table(contracts[CELLS], odd)
    with pytest.raises(CoopgvaError, match="it does not fit its contract"):
        release_table(contracts[CELLS], frame.assign(reference_year="x"))
    with pytest.raises(CoopgvaError, match="it does not fit its contract"):
        release_table(contracts[CELLS], tmp_path / "absent.parquet")


# -- formats ---------------------------------------------------------------------------------------------------------
def expected(table: pa.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.to_pylist()
    return rows


def test_csv(exported: Path, table: pa.Table, contracts: Contracts) -> None:
    content = (exported / "data" / "cooperation_gva.csv").read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == table.num_rows + 1
    with (exported / "data" / "cooperation_gva.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row, wanted in zip(rows, expected(table), strict=True):
        for name, column in contracts[CELLS].columns.items():
            value = wanted[name]
            if value is None:
                assert row[name] == ""
            elif column.type == "double":
                assert row[name] == f"{value:.{decimals(column)}f}"
            else:
                assert row[name] == (str(value).lower() if column.type == "boolean" else str(value))


def test_csv_quotes_what_rfc_4180_wants(tmp_path: Path) -> None:
    contract = Contract.model_validate(
        {
            "table": "access.words",
            "title": "Words",
            "purpose": "Words with signs that CSV must quote.",
            "grain": ["word"],
            "gsbpm": "6.4",
            "confidentiality": "public",
            "columns": {"word": {"type": "varchar", "description": "Any word at all"}},
        }
    )
    words = ['a,"b"', "c\r\nd", "ő"]
    table = release_table(contract, pd.DataFrame({"word": words}))
    path = write_csv(tmp_path / "words.csv", contract, table).path
    assert path.read_bytes() == 'word\r\n"a,""b"""\r\n"c\r\nd"\r\nő\r\n'.encode()


def test_parquet(exported: Path, table: pa.Table, contracts: Contracts) -> None:
    path = exported / "data" / "cooperation_gva.parquet"
    found = pq.read_table(path)
    assert found.equals(table)
    assert found.schema.metadata[b"vintage"] == VINTAGE.encode()
    assert found.schema.field("gva_huf_mn").metadata[b"unit"] == b"HUF mn"
    pd.testing.assert_frame_equal(pd.read_parquet(path), table.to_pandas())


def test_workbook(exported: Path, table: pa.Table, contracts: Contracts) -> None:
    book = load_workbook(exported / "data" / "coopgva.xlsx")
    assert book.sheetnames == ["README", *TABLES, "target_tracker"]
    for code in TABLES:
        head, *found = book[code].iter_rows(values_only=True)
        wanted = [row for row in expected(table) if row["table_code"] == code]
        assert wanted
        for cells, row in zip(found, wanted, strict=True):
            for name, value in zip(head, cells, strict=True):
                is_hidden = row["is_withheld"] and name in released.HIDDEN
                assert value == (WITHHELD_MARK if is_hidden else row[name]), (code, name)
        left_out = set(contracts[CELLS].columns) - set(head)
        assert set(NOT_IN_SHEET[code]) <= left_out
        assert all(row[name] in (None, "_T", "_Z", code) for name in left_out for row in wanted)
    readme = "\n".join(str(value) for row in book["README"].iter_rows(values_only=True) for value in row if value)
    for words in (VINTAGE, EMBARGO, "obs_status Q", "nem közölt", "methodology", contracts[CELLS].purpose):
        assert words in readme
    for column in contracts[CELLS].columns.values():
        assert column.description in readme
    assert book["T1"].freeze_panes == "A2"
    assert book.properties.modified == dt.datetime(2000, 1, 1)


def test_numbers_in_the_workbook_show_the_decimals_of_the_release(exported: Path) -> None:
    sheet = load_workbook(exported / "data" / "coopgva.xlsx")["T1"]
    head = [cell.value for cell in sheet[1]]
    row = list(sheet[3])
    assert row[head.index("gva_huf_mn")].number_format == "#,##0.0"
    assert row[head.index("share_pct")].number_format == "#,##0.0000"
    assert isinstance(row[head.index("firm_count")].value, int)


def test_the_same_number_in_every_format(exported: Path) -> None:
    key = {"reference_year": 2023, "numerator_code": "N1", "table_code": "T1"}
    parquet = pd.read_parquet(exported / "data" / "cooperation_gva.parquet")
    text = pd.read_csv(exported / "data" / "cooperation_gva.csv", dtype=str)
    sdmx = pd.read_csv(exported / "sdmx" / "coop_gva.sdmx-csv-2.0.csv", dtype=str)
    sheet = pd.read_excel(exported / "data" / "coopgva.xlsx", sheet_name="T1", engine="openpyxl").set_index(
        ["reference_year", "numerator_code"]
    )
    value = parquet[(parquet[list(key)] == list(key.values())).all(axis=1)]["gva_huf_mn"].item()
    hit = text[(text[list(key)] == [str(v) for v in key.values()]).all(axis=1)]["gva_huf_mn"].item()
    observed = sdmx.query(
        "TIME_PERIOD == '2023' and NUMERATOR == 'N1' and UNIT_MEASURE == 'HUF' and REF_AREA == 'HU'"
        " and ACTIVITY == '_T' and COOP_TYPE == '_T' and SIZE_CLASS == '_T'"
    )["OBS_VALUE"].item()
    assert hit == observed == f"{value:.1f}"
    assert sheet.loc[(2023, "N1"), "gva_huf_mn"] == value


# -- bytes -----------------------------------------------------------------------------------------------------------
def test_the_same_tables_are_the_same_bytes(
    exported: Path, tables: Tables, contracts: Contracts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.time() + 100_000
    monkeypatch.setattr(time, "time", lambda: later)
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in reversed(tables.items())}
    write_export(shuffled, contracts, VINTAGE, tmp_path / "again", embargo=EMBARGO)
    first, second = every_file(exported), every_file(tmp_path / "again")
    assert list(first) == list(second)
    assert [name for name in first if first[name] != second[name]] == []


def test_no_rows_are_whole_files(tables: Tables, contracts: Contracts, tmp_path: Path) -> None:
    empty = {name: frame.iloc[:0] for name, frame in tables.items()}
    files = write_export(empty, contracts, VINTAGE, tmp_path / "empty")
    assert {file.form for file in files} == {"csv", "parquet", "xlsx", "xml"}
    head = (tmp_path / "empty" / "data" / "cooperation_gva.csv").read_text()
    assert head.strip().split(",") == list(contracts[CELLS].columns)
    assert pq.read_table(tmp_path / "empty" / "data" / "cooperation_gva.parquet").num_rows == 0
    assert len(load_workbook(tmp_path / "empty" / "data" / "coopgva.xlsx")["T7"]["A"]) == 1


def test_long_names_fit_a_sheet(contracts: Contracts, tmp_path: Path) -> None:
    contract = contracts["access.target_tracker"].model_copy(update={"table": f"access.{'long_' * 9}name"})
    table = pa.Table.from_pylist([], schema=contract.schema)
    write_workbook(tmp_path / "x.xlsx", {contract.table: (contract, table)}, VINTAGE)
    assert load_workbook(tmp_path / "x.xlsx").sheetnames == ["README", ("long_" * 9)[:31]]


# -- data package ----------------------------------------------------------------------------------------------------
def test_the_data_package_lists_every_file_with_its_hash(exported: Path, contracts: Contracts) -> None:
    package = json.loads((exported / "datapackage.json").read_text(encoding="utf-8"))
    assert (package["version"], package["embargo"], package["licenses"]) == (VINTAGE, EMBARGO, [vars(CC_BY)])
    listed = {resource["path"]: resource for resource in package["resources"]}
    assert set(listed) | {"datapackage.json"} == set(every_file(exported))
    for path, resource in listed.items():
        assert resource["bytes"] == (exported / path).stat().st_size
        assert resource["hash"] == f"sha256:{file_sha256(exported / path)}"
        assert {"name", "title", "format", "mediatype"} <= set(resource)
    assert len({resource["name"] for resource in listed.values()}) == len(listed)
    schema = listed["data/cooperation_gva.csv"]["schema"]
    assert schema == table_schema(contracts[CELLS])
    assert schema["primaryKey"] == contracts[CELLS].grain
    assert [field["name"] for field in schema["fields"]] == list(contracts[CELLS].columns)
    assert next(f for f in schema["fields"] if f["name"] == "share_pct") == {
        "name": "share_pct",
        "type": "number",
        "unit": "%",
        "description": contracts[CELLS].columns["share_pct"].description,
    }


def test_only_the_formats_that_were_asked_for(tables: Tables, contracts: Contracts, tmp_path: Path) -> None:
    endings = {
        "csv": {".csv"},
        "parquet": {".parquet"},
        "xlsx": {".xlsx"},
    }
    for form in FORMATS[:3]:
        files = write_export(tables, contracts, VINTAGE, tmp_path / form, (form,))
        assert {file.path.suffix for file in files} == endings[form]
        assert not (tmp_path / form / "sdmx").exists()
