"""Hungarian structural-funds projects (`structural_funds_json`): a list of flat objects, whose keys differ by period.

Belongs here: any such list of flat objects. Does not belong here: amounts like `11 065 359 .- HUF` (the contract's).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from resources.readers.base import Part, RawRows
from resources.readers.json_file import dump, kind, load_json, records, refuse_no_rows, text_of
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import RowCollector, column_names


def read_structural_funds_json(
    part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]
) -> RawRows:
    """One row per object; columns are the union of all keys in order of first appearance, as published.

    Raises:
        DeliveryError: not JSON, not a list, an empty list, or keys that differ in letter case only.
    """
    chosen = parse_options(ReaderOptions, options, "structural_funds_json")
    found = records(part, load_json(part))
    refuse_no_rows(part, len(found), allow_empty=chosen.allow_empty)
    keys = list(dict.fromkeys(key for record in found if isinstance(record, dict) for key in record))
    by_key = dict(zip(keys, column_names(keys, part, 1), strict=True))
    rows = RowCollector(list(by_key.values()))
    for number, record in enumerate(found, start=1):
        if isinstance(record, dict):
            rows.add(number, {by_key[key]: text_of(value) for key, value in record.items()})
        else:
            rows.reject(number, f"the record is {kind(record)}, not an object", dump(record))
    return rows.result()
