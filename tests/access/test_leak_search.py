"""A withheld value is in no byte of anything that leaves the house, nor in what Dagster keeps and shows."""

from __future__ import annotations

import gzip
import io
import re
import sqlite3
import struct
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from resources.engine import EngineLimits, open_engine
from resources.home import Home
from resources.lake import Lake
from tests.sample_home import make_sample_home

MEASURES = ("calibrated_huf_mn", "share_pct", "share_s11_pct", "contribution_pct", "ci_low_huf_mn", "ci_high_huf_mn")
CELL = [
    "reference_year",
    "numerator_code",
    "table_code",
    "nace_version_code",
    "activity_code",
    "region_code",
    "cooperation_type_code",
    "size_class_code",
]
TELLING_DIGITS = 7
"""A number with fewer digits is found by chance."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Home:
    return Home(make_sample_home(tmp_path_factory, worker_id))


def withheld_values(home: Home) -> pd.DataFrame:
    """Cells that are withheld, with the values that they have inside."""
    lake = Lake(home.lake)
    newest = lake.vintages()[-1].tables
    names = ("access.cooperation_gva", "interpretation.cooperation_gva")
    views = {name: lake.path(name, newest[name]) for name in names}
    with open_engine(EngineLimits.from_environment(home.spill), views) as connection:
        known = [row[0] for row in connection.execute(f"DESCRIBE {names[1]}").fetchall()]
        measures = ", ".join(f"i.{name}" for name in MEASURES if name in known)
        return connection.execute(
            f"SELECT {', '.join('a.' + name for name in CELL)}, {measures} FROM {names[0]} AS a "
            f"JOIN {names[1]} AS i USING ({', '.join(CELL)}, attribution_code, time_rule) "
            "WHERE a.is_withheld ORDER BY ALL"
        ).df()


def needles(value: float) -> set[bytes]:
    """How a value could be written: as text to several digits, as the eight bytes of a double."""
    texts = {repr(value), *(f"{value:.{digits}f}" for digits in (1, 2, 3, 4, 6)), f"{value:.12g}", f"{value:,.3f}"}
    texts |= {text.replace(".", ",") for text in texts}
    return {t.encode() for t in texts if sum(c.isdigit() for c in t.lstrip("-0.,")) >= TELLING_DIGITS} | {
        struct.pack("<d", value),
        struct.pack(">d", value),
    }


def layers_of(name: str, content: bytes) -> Iterator[tuple[str, bytes]]:
    """The bytes, and what is inside of archives, compressed files, databases and Parquet pages."""
    yield name, content
    if content[:2] == b"PK":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for inner in archive.namelist():
                yield from layers_of(f"{name}!{inner}", archive.read(inner))
    elif content[:2] == b"\x1f\x8b":
        yield from layers_of(f"{name}!gz", gzip.decompress(content))
    elif content[:4] == b"PAR1":
        file = pq.ParquetFile(io.BytesIO(content))
        yield f"{name}!metadata", str(file.metadata.to_dict()).encode()
        yield f"{name}!rows", file.read().to_pandas().to_csv(index=False).encode()
    elif content[:15] == b"SQLite format 3":
        # a copy of its own: a file in WAL mode cannot be read from memory
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.db"
            copy.write_bytes(content)
            with closing(sqlite3.connect(copy)) as database:
                yield f"{name}!dump", "\n".join(database.iterdump()).encode()


def artefacts(home: Home) -> Iterator[Path]:
    """Everything that readers get, and everything that Dagster and the command line keep."""
    for place in ("warehouse/access.duckdb", "releases", "dagster", "charts", "publications.jsonl", ".made"):
        path = home.root / place
        yield from sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path] * path.exists()


def test_no_withheld_value_is_in_any_byte(home: Home) -> None:
    withheld = withheld_values(home)
    assert len(withheld) > 20, "the sample withholds cells, or this test finds nothing"
    wanted: dict[bytes, str] = {}
    for row in withheld.itertuples(index=False):
        for name, value in zip(withheld.columns[len(CELL) :], row[len(CELL) :], strict=True):
            if pd.notna(value) and value != 0:
                wanted |= dict.fromkeys(needles(float(value)), f"{name} of {row[: len(CELL)]}")
    assert_finds_a_planted_value(wanted)
    found = [
        f"{place}: {wanted[needle]}"
        for path in artefacts(home)
        for place, content in layers_of(str(path.relative_to(home.root)), path.read_bytes())
        for needle in hits(content, wanted)
    ]
    assert found == []


def assert_finds_a_planted_value(wanted: dict[bytes, str]) -> None:
    needle = sorted(wanted)[len(wanted) // 2]
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sheet.xml", b"<v>" + needle + b"</v>")
    assert any(needle in set(hits(content, wanted)) for _, content in layers_of("x.xlsx", buffer.getvalue()))


def hits(content: bytes, wanted: dict[bytes, str]) -> set[bytes]:
    """The needles that are in the content: numbers as text, and doubles at any offset in either byte order."""
    found = {token for token in re.findall(rb"-?\d[\d.,e-]{5,}", content) if token in wanted}
    found |= {token.rstrip(b".,") for token in re.findall(rb"\d[\d.,]{5,}", content) if token.rstrip(b".,") in wanted}
    doubles = np.array([struct.unpack("<Q", n)[0] for n in wanted if len(n) == 8 and not n.isdigit()], dtype=np.uint64)
    for offset in range(min(8, len(content))):
        words = np.frombuffer(content, dtype="<u8", offset=offset, count=(len(content) - offset) // 8)
        found |= {struct.pack("<Q", int(word)) for word in np.intersect1d(words, doubles)}
    return found
