"""Files with the same bytes for the same content: CSV, Parquet, zip, xlsx."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from sample.economy import NEVER

EPOCH = (2025, 12, 31, 0, 0, 0)
"""Time stamp of everything inside an archive."""


def days(values: np.ndarray | pd.Series) -> pa.Array:
    """Return ISO dates as text; `NEVER` and NaT become null."""
    array = np.asarray(values).astype("datetime64[D]")
    missing = (array == NEVER) | np.isnat(array)
    return pa.array(np.datetime_as_string(array), type=pa.string(), mask=missing)


def write_csv(table: pa.Table, path: Path, **options: str) -> None:
    """Write a CSV file with header; nulls are empty cells, quotes only where needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = duckdb.connect()
    try:
        connection.execute("SET preserve_insertion_order = true")
        connection.register("rows", table)
        extra = "".join(f", {name} {value}" for name, value in options.items())
        target = str(path).replace("'", "''")
        connection.execute(f"COPY (SELECT * FROM rows) TO '{target}' (FORMAT csv, HEADER{extra})")
    finally:
        connection.close()


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write a Parquet file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, compression="zstd", row_group_size=250_000)


def write_table(table: pa.Table, path: Path, *, large: bool) -> None:
    """Write `path`.csv, or `path`.parquet when large."""
    if large:
        write_parquet(table, path.with_suffix(".parquet"))
    else:
        write_csv(table, path.with_suffix(".csv"))


def quoted_lines(header: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ";") -> str:
    """Return CSV text in which every field is quoted and quotes are doubled."""
    lines = [header, *rows]
    return "".join(delimiter.join('"' + str(v).replace('"', '""') + '"' for v in line) + "\n" for line in lines)


def write_zip(path: Path, members: Mapping[str, bytes]) -> None:
    """Write a zip archive without the time of day in it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members.items():
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)


def write_xlsx(path: Path, title: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a workbook with one sheet; the writer's clock is taken out of its properties."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title)
    sheet.append(list(header))
    for row in rows:
        sheet.append(list(row))
    buffer = io.BytesIO()
    book.save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    stamp = b"%04d-%02d-%02dT00:00:00Z" % EPOCH[:3]
    core = members["docProps/core.xml"]
    members["docProps/core.xml"] = re.sub(rb">\d{4}-\d\d-\d\dT[\d:.]+Z<", b">" + stamp + b"<", core)
    write_zip(path, dict(sorted(members.items(), key=lambda item: item[0] != "[Content_Types].xml")))
