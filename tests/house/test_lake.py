"""The lake: what is written is deterministic, whole, and believed only when its sidecar says so."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from resources.errors import CoopgvaError
from resources.lake import ROW_GROUP, CheckOutcome, Lake, Version, table_key

SCHEMA = pa.schema(
    [pa.field("id", pa.int64(), nullable=False), pa.field("day", pa.date32()), pa.field("x", pa.float64())]
)


def numbers(rows: int) -> pa.Table:
    days = [dt.date(2020, 1, 1) + dt.timedelta(days=i % 1000) for i in range(rows)]
    return pa.table({"id": pa.array(range(rows)), "day": days, "x": [i / 7 for i in range(rows)]}, schema=SCHEMA)


def sealed(lake: Lake, key: str = "k1") -> Version:
    path = lake.path("source.thing", key)
    rows = lake.write(path, numbers(10), SCHEMA)
    check = CheckOutcome("primary_key", True, "error", "unique", {"duplicate_keys": 0})
    version = Version("source.thing", key, rows, "", {}, {"s": "d"}, {}, (check,))
    from resources.durable import file_sha256

    version = Version(**{**version.__dict__, "content_sha256": file_sha256(path)})
    lake.seal(version)
    return version


def test_bytes_do_not_depend_on_batch_sizes(tmp_path: Path) -> None:
    lake, table = Lake(tmp_path), numbers(ROW_GROUP + 5000)
    written = []
    for size in (1, 3, 7):
        path = tmp_path / f"{size}.parquet"
        reader = pa.RecordBatchReader.from_batches(SCHEMA, table.to_batches(max_chunksize=9973 * size))
        assert lake.write(path, reader, SCHEMA) == table.num_rows
        written.append(path.read_bytes())
    assert written[0] == written[1] == written[2]


def test_version_exists_only_when_sealed(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write(lake.path("source.thing", "k1"), numbers(3), SCHEMA)
    assert lake.version("source.thing", "k1") is None
    version = sealed(lake)
    assert lake.version("source.thing", "k1") == version


@pytest.mark.parametrize("damage", ["{", "", "\xff\xfe"])
def test_damaged_sidecar_is_no_version(tmp_path: Path, damage: str) -> None:
    lake = Lake(tmp_path)
    sealed(lake)
    lake.path("source.thing", "k1").with_suffix(".json").write_bytes(damage.encode("latin-1"))
    assert lake.version("source.thing", "k1") is None


def test_bit_flip_is_seen(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    version = sealed(lake)
    assert lake.is_intact(version)
    path = lake.path("source.thing", "k1")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert not lake.is_intact(version)


def test_schema_is_enforced(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    with pytest.raises(CoopgvaError, match="column 'id' is null in 1 rows"):
        lake.write(
            tmp_path / "t" / "a.parquet", pa.table({"id": [None, 1], "day": [None, None], "x": [1.0, 2.0]}), SCHEMA
        )
    with pytest.raises(CoopgvaError, match=r"unknown: \['y'\]"):
        lake.write(tmp_path / "t" / "a.parquet", pa.table({"id": [1], "y": [1]}), SCHEMA)
    assert not (tmp_path / "t" / "a.parquet").exists()
    assert not list((tmp_path / "t").glob("*.tmp")), "nothing half-written is left"


def test_same_keys_are_the_same_vintage(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    first, is_new = lake.record_vintage({"a": "1"}, {"s": "d1"}, None)
    assert is_new
    assert first.sequence == 1
    again, is_new = lake.record_vintage({"a": "1"}, {"s": "d1"}, None)
    assert (again, is_new) == (first, False)
    second, is_new = lake.record_vintage({"a": "2"}, {"s": "d2"}, None)
    assert is_new
    assert [v.vintage_id for v in lake.vintages()] == [first.vintage_id, second.vintage_id]


@pytest.mark.parametrize("damage", ["{", "", "[]", "null", '{"sequence": 1}', "\xff\xfe"])
def test_a_damaged_manifest_is_named(tmp_path: Path, damage: str) -> None:
    lake = Lake(tmp_path)
    vintage, _ = lake.record_vintage({"a": "1"}, {"s": "d1"}, None)
    path = tmp_path / "vintages" / f"{vintage.vintage_id}.json"
    path.write_bytes(damage.encode("latin-1"))
    for attempt in (lake.vintages, lambda: lake.record_vintage({"a": "2"}, {}, None)):
        with pytest.raises(CoopgvaError, match=f"{path.name}: the manifest .* is damaged; move the file away"):
            attempt()


def test_a_damaged_manifest_that_was_renamed_keeps_its_number(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.record_vintage({"a": "1"}, {}, None)
    second, _ = lake.record_vintage({"a": "2"}, {}, None)
    path = tmp_path / "vintages" / f"{second.vintage_id}.json"
    path.rename(path.with_suffix(".json.damaged"))
    again, is_new = lake.record_vintage({"a": "2"}, {}, None)
    assert is_new
    assert (again.sequence, again.tables) == (3, second.tables)


def test_key_depends_on_everything_that_can_change_a_table() -> None:
    base = {"contract": "c", "code": "k", "parameters": {"p": 1}, "inputs": {"a": "1"}, "deliveries": [["s", "x"]]}
    changes = [
        {"contract": "c2"},
        {"code": "k2"},
        {"parameters": {"p": 2}},
        {"inputs": {"a": "2"}},
        {"deliveries": [["s", "y"]]},
    ]
    keys = {table_key(**base), *(table_key(**{**base, **change}) for change in changes)}
    assert len(keys) == 6
