"""A withheld value is in no byte of any file, not even where the table that came in still covered it with a null."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from publication import files
from publication.export import FORMATS, write_export
from resources.contract import Contract
from tests.publication import released
from tests.publication.conftest import VINTAGE

CELLS = "access.cooperation_gva"
MARK = 7771234.537
COUNT = 76543217


def signs() -> list[bytes]:
    """How the marked values look in bytes: as text, as double and integer in both byte orders, exact and rounded."""
    found = [b"7771234", b"7,771,234", str(COUNT).encode()]
    for number in (MARK, round(MARK, 1), round(MARK, 4), round(MARK, 6)):
        found += [struct.pack("<d", number), struct.pack(">d", number), struct.pack("<f", number)]
    return [*found, struct.pack("<i", COUNT), struct.pack("<q", COUNT), struct.pack(">i", COUNT)]


def marked() -> tuple[pd.DataFrame, pd.Series[bool]]:
    """The table with recognisable numbers in the cells that are to be withheld, and which they are."""
    rows = released.rows(released.YEARS[:1])  # the year in which cells are withheld
    secret = pd.Series([released.is_secret(row) for row in rows])
    for row, is_secret in zip(rows, secret, strict=True):
        if is_secret:
            row.update({name: COUNT if name == "firm_count" else MARK for name in released.HIDDEN})
    return released.table(rows), secret


def covered() -> pd.DataFrame:
    """The marked table withheld by masks: the values are still in memory under them."""
    frame, secret = marked()
    for name in released.HIDDEN:
        is_count = name == "firm_count"
        values = frame[name].to_numpy(dtype="int64" if is_count else "float64", na_value=0)
        mask = (secret | frame[name].isna()).to_numpy()
        kind = pd.arrays.IntegerArray if is_count else pd.arrays.FloatingArray
        frame[name] = pd.Series(kind(values, mask))
    frame["is_withheld"] = secret
    frame["obs_status"] = frame["obs_status"].mask(secret, "Q")
    frame["conf_status"] = frame["conf_status"].mask(secret, "C")
    return frame


def as_arrow(frame: pd.DataFrame, contract: Contract) -> pa.Table:
    """The same as Arrow with the values left under the validity bitmap."""
    table = pa.Table.from_pandas(frame, schema=contract.schema, preserve_index=False)
    for name in released.HIDDEN:
        place = table.column_names.index(name)
        kind = contract.schema.field(name).type
        values = frame[name].array._data.astype(kind.to_pandas_dtype())
        bits = np.packbits(~frame[name].isna().to_numpy(), bitorder="little")
        buffers = [pa.py_buffer(bits.tobytes()), pa.py_buffer(values.tobytes())]
        array = pa.Array.from_buffers(kind, len(values), buffers)
        assert array.null_count
        table = table.set_column(place, contract.schema.field(name), array)
    return table


def contents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file of a folder; the parts of archives unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path.name}/{part}", archive.read(part)) for part in archive.namelist())


def leaks(folder: Path) -> list[str]:
    return sorted({name for name, content in contents(folder) for sign in signs() if sign in content})


@pytest.fixture(autouse=True)
def plain_parquet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parquet without compression, so that its pages can be searched."""
    write = pq.write_table

    def uncompressed(table: pa.Table, path: Path, **options: object) -> None:
        write(table, path, **(options | {"compression": "none"}))

    monkeypatch.setattr(files.pq, "write_table", uncompressed)


def test_the_search_finds_what_is_published(contracts: dict[str, Contract], tmp_path: Path) -> None:
    frame, _ = marked()
    write_export({CELLS: frame}, contracts, VINTAGE, tmp_path / "open")
    names = [path.name for path in (tmp_path / "open").rglob("*") if path.is_file()]
    data = {name for name in names if not name.startswith(("structure", "datapackage", "coopgva.xlsx"))}
    found = set(leaks(tmp_path / "open"))
    assert data <= found
    assert {f"coopgva.xlsx/xl/worksheets/sheet{number}.xml" for number in range(3, 10)} <= found


@pytest.mark.parametrize("shape", ["frame", "arrow", "parquet"])
def test_nothing_withheld_is_in_any_byte(contracts: dict[str, Contract], tmp_path: Path, shape: str) -> None:
    frame = covered()
    assert (frame["gva_huf_mn"].array._data == MARK).any()  # the values are there, under the mask
    arrow = as_arrow(frame, contracts[CELLS])
    assert struct.pack("<d", MARK) in arrow.column("gva_huf_mn").chunk(0).buffers()[1].to_pybytes()
    table: pd.DataFrame | pa.Table | Path = frame if shape == "frame" else arrow
    if shape == "parquet":
        table = tmp_path / "table.parquet"
        pq.write_table(arrow, table)
    formats = FORMATS if shape == "frame" else ("csv", "parquet", "xlsx")
    write_export({CELLS: table}, contracts, VINTAGE, tmp_path / "out", formats)
    assert leaks(tmp_path / "out") == []
    assert len(list(contents(tmp_path / "out"))) > 15


def test_statistics_of_parquet_are_over_what_is_published(contracts: dict[str, Contract], tmp_path: Path) -> None:
    write_export({CELLS: covered()}, contracts, VINTAGE, tmp_path / "out", ("parquet",))
    path = tmp_path / "out" / "data" / "cooperation_gva.parquet"
    group = pq.ParquetFile(path).metadata.row_group(0)
    table = pq.read_table(path)
    for number in range(group.num_columns):
        column = group.column(number)
        if column.path_in_schema in released.HIDDEN:
            values = [value for value in table.column(column.path_in_schema).to_pylist() if value is not None]
            assert (column.statistics.min, column.statistics.max) == (min(values), max(values))
            assert column.statistics.max < MARK
            assert column.statistics.null_count == table.num_rows - len(values)


def test_errors_do_not_tell_the_value(contracts: dict[str, Contract], tmp_path: Path) -> None:
    frame, secret = marked()
    frame["is_withheld"] = secret
    with pytest.raises(Exception, match="a withheld row has a number") as refused:
        write_export({CELLS: frame}, contracts, VINTAGE, tmp_path / "out")
    assert not any(sign in str(refused.value).encode() for sign in signs())
    assert not (tmp_path / "out").exists()
