"""Large results: rows in the order of their key by whole numbers, amounts rounded as the engine sums them, and
statements that hold their parameters."""

from __future__ import annotations

import datetime as dt

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resources.exact import rounded
from resources.ordering import in_order
from resources.statements import with_parameters

ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from(["", "a", "B", "é", "ű", "a\x00", "aa"]),
        st.none() | st.integers(-3, 3) | st.sampled_from([-(2**62), 2**62]),
        st.none() | st.dates(dt.date(1999, 1, 1), dt.date(1999, 1, 5)),
        st.none() | st.booleans(),
    ),
    max_size=60,
)
SCHEMA = pa.schema([("t", pa.string()), ("n", pa.int64()), ("d", pa.date32()), ("b", pa.bool_()), ("row", pa.int32())])


@given(ROWS, st.integers(1, 7), st.permutations(["t", "n", "d", "b"]))
@settings(max_examples=60, deadline=None)
def test_rows_come_in_the_engines_order(
    rows: list[tuple[str | None, int | None, dt.date | None, bool | None]], size: int, key: list[str]
) -> None:
    columns = [pa.array([row[i] for row in rows], SCHEMA.field(i).type) for i in range(4)]
    table = pa.Table.from_arrays([*columns, pa.array(range(len(rows)), pa.int32())], schema=SCHEMA)
    found = in_order(table.to_reader(size), [*key, "row"], size)
    batches = list(found)
    assert all(batch.num_rows == size for batch in batches[:-1])
    engine = duckdb.connect()
    engine.register("given", table)
    wanted = engine.sql(f"FROM given ORDER BY {', '.join(key)}, row").fetchall()
    assert [tuple(row.values()) for batch in batches for row in batch.to_pylist()] == wanted


def test_numbers_become_the_texts_they_stand_for() -> None:
    texts = pa.array(["b", "a", "c"])  # not in their order
    table = pa.table({"id": pa.array([0, 1, 2, 1], pa.int32()), "x": [1.0, 2.0, 3.0, 4.0]})
    found = in_order(table.to_reader(3), ["id", "x"], 3, {"id": texts}).read_all()
    assert found.schema.field("id").type == pa.string()
    assert found.to_pydict() == {"id": ["a", "a", "b", "c"], "x": [2.0, 4.0, 1.0, 3.0]}


@given(st.lists(st.floats(-1e15, 1e15) | st.floats(-10, 10) | st.integers(-(10**9), 10**9).map(lambda n: n * 5e-10)))
@settings(max_examples=200, deadline=None)
def test_amounts_are_rounded_as_the_engine_does(values: list[float]) -> None:
    engine = duckdb.connect()
    engine.register("given", pa.table({"x": pa.array(values, pa.float64())}))
    wanted = engine.sql("SELECT CAST(CAST(x AS DECIMAL(38, 9)) AS DOUBLE) FROM given").fetchall()
    np.testing.assert_array_equal(rounded(np.array(values, np.float64)), [x for (x,) in wanted])


def test_halves_are_rounded_away_from_zero() -> None:
    assert rounded(np.array([2.5e-9, -2.5e-9, np.nan, 1.5])).tolist()[:2] == [3e-9, -3e-9]
    assert np.isnan(rounded(np.array([np.nan]))).all()


def test_unknown_types_of_parameters_are_refused() -> None:
    given_ = {"n": 2, "x": 0.95, "t": "it's", "all": [1]}
    text = with_parameters("SELECT $n, typeof($x), $x, $t", given_)
    assert duckdb.sql(text).fetchone() == (2, "DOUBLE", 0.95, "it's")
    with pytest.raises(TypeError, match="parameter all"):
        with_parameters("SELECT $all", given_)
