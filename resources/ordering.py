"""Rows in the order of their key, by whole numbers, for large results in which numbers stand for texts.

An engine that sorts a table moves every column through its sort, texts as texts. Here texts become numbers as they
come in (`pyarrow` dictionaries), the key becomes one number per row, and rows are gathered when they are written.
What may be sorted as it is, the engine sorts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

TOGETHER = 8
"""Batches that are put together as they come in."""

POOL = pa.jemalloc_memory_pool() if "jemalloc" in pa.supported_memory_backends() else None
"""Where large columns are put together: memory that is used again, because the first touch of a page is what costs."""

NEAR = 2**40
"""Whole numbers that are further apart are ranked like texts."""

Integers = NDArray[np.int64]


def in_order(
    batches: pa.RecordBatchReader, key: Sequence[str], rows: int, texts: Mapping[str, pa.Array] | None = None
) -> pa.RecordBatchReader:
    """The same rows, ordered by the columns of `key`; texts by their bytes, what is null last.

    Args:
        batches: columns of any type but lists; all rows are held in memory, texts as numbers.
        key: columns to order by, the first of them first.
        rows: rows per batch of the result, all but the last.
        texts: columns in which numbers came in place of texts, and the texts, the first of them number 0.
    """
    texts = texts or {}
    schema = pa.schema([f.with_type(texts[f.name].type) if f.name in texts else f for f in batches.schema])
    encoded, pending = list[pa.Table](), list[pa.RecordBatch]()
    for batch in batches:
        pending.append(_encoded(batch))
        if len(pending) == TOGETHER:
            # a copy: a column of the engine's batch would keep the whole batch in memory
            encoded.append(pa.Table.from_batches(pending).unify_dictionaries().combine_chunks(POOL))
            pending = []
    if pending:
        encoded.append(pa.Table.from_batches(pending).unify_dictionaries().combine_chunks(POOL))
    if not encoded:
        return pa.RecordBatchReader.from_batches(schema, [])
    table = pa.concat_tables(encoded).unify_dictionaries()
    encoded.clear()
    columns = dict[str, pa.Array]()
    for name in schema.names:  # one after another: both forms of a column are in memory only for a moment
        columns[name] = table.column(name).combine_chunks(POOL)
        if name in texts:
            columns[name] = pa.DictionaryArray.from_arrays(columns[name], texts[name])
        table = table.drop_columns([name])
    order = _order([_ranks(columns[name]) for name in key])
    return pa.RecordBatchReader.from_batches(schema, _gathered(schema, columns, order, rows))


def _encoded(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Texts as numbers of a dictionary."""
    columns = [c.dictionary_encode() if pa.types.is_string(c.type) else c for c in batch.columns]
    return pa.RecordBatch.from_arrays(columns, names=batch.schema.names)


def _ranks(column: pa.Array) -> Integers:
    """Numbers from 0 on in the order of the values; null is last."""
    if pa.types.is_date32(column.type):
        column = column.cast(pa.int32())
    elif pa.types.is_boolean(column.type):
        column = column.cast(pa.int8())
    if pa.types.is_integer(column.type):
        known = pc.min_max(column).as_py()
        least, most = known["min"] or 0, known["max"] or 0
        if most - least < NEAR:
            numbers = column.cast(pa.int64()).fill_null(most + 1).to_numpy(zero_copy_only=False)
            return np.asarray(numbers - least, np.int64)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    values = column.dictionary
    codes = column.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)
    if len(values) < 2 or pc.all(pc.less(values[:-1], values[1:])).as_py():
        return np.asarray(codes, np.int64)
    ranks = np.empty(len(values) + 1, np.int64)
    ranks[pc.array_sort_indices(values).to_numpy()] = np.arange(len(values))
    ranks[-1] = len(values)
    return np.asarray(ranks[codes], np.int64)


def _order(ranks: Sequence[Integers]) -> Integers | None:
    """Which row comes first, second, ...; None where they stand in order."""
    width = 1
    for rank in ranks:
        width *= int(rank.max()) + 1 if len(rank) else 1
    if width < 2**63:  # one number for the whole key
        whole = np.zeros(len(ranks[0]), np.int64)
        for rank in ranks:
            whole = whole * (int(rank.max()) + 1 if len(rank) else 1) + rank
        return None if bool(np.all(whole[1:] >= whole[:-1])) else np.argsort(whole, kind="stable")
    return np.lexsort(tuple(reversed(ranks)))


def _gathered(
    schema: pa.Schema, columns: dict[str, pa.Array], order: Integers | None, rows: int
) -> Iterator[pa.RecordBatch]:
    length = len(next(iter(columns.values()))) if columns else 0
    for start in range(0, length, rows):
        wanted = None if order is None else pa.array(order[start : start + rows])
        part = [column.slice(start, rows) if wanted is None else column.take(wanted) for column in columns.values()]
        # texts again
        whole = [a.cast(f.type) if pa.types.is_dictionary(a.type) else a for a, f in zip(part, schema, strict=True)]
        yield pa.RecordBatch.from_arrays(whole, schema=schema)
