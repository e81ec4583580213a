"""Projects with their participants (`cordis_json`) as CORDIS visualisations publish them: one object per project.

Belongs here: this nesting to rows. Does not belong here: CORDIS's own CSV files (`csv_file`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import duckdb

from resources.readers.base import Part, RawRows
from resources.readers.json_file import dump, kind, load_json, records, refuse_no_rows, text_of
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import RowCollector, column_names

PARTICIPANT_COLUMNS = tuple(f"participant_{name}" for name in ("order", "name", "country", "city", "lat", "lon"))


class CordisJsonOptions(ReaderOptions):
    """What a row is.

    Attributes:
        rows: `participations` repeats the project's columns for each participant; `projects` gives one row per project
            with `participant_count`.
    """

    rows: Literal["participations", "projects"] = "participations"


def read_cordis_json(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """One row per participation, or per project.

    A project without participants is a reject among participations (it is no participation) and a row among
    projects. `participant_order` is the position in the list, from 1. `_row` counts participations, empty lists as one.

    Raises:
        DeliveryError: not JSON, not a list, or an empty list.
    """
    chosen = parse_options(CordisJsonOptions, options, "cordis_json")
    found = records(part, load_json(part))
    refuse_no_rows(part, len(found), allow_empty=chosen.allow_empty)
    by_project = chosen.rows == "projects"
    keys = [key for key in dict.fromkeys(k for r in found if isinstance(r, dict) for k in r) if key != "participants"]
    own = ("participant_count",) if by_project else PARTICIPANT_COLUMNS
    names = column_names([*keys, *own], part, 1)
    rows = RowCollector(names)
    number = 0
    for record in found:
        participants = record.get("participants", []) if isinstance(record, dict) else None
        if not isinstance(participants, list):
            number += 1
            rows.reject(number, f"not a project with a list of participants but {kind(record)}", dump(record))
            continue
        project = {name: text_of(record.get(key)) for key, name in zip(keys, names, strict=False)}
        if by_project:
            number += 1
            rows.add(number, {**project, "participant_count": str(len(participants))})
            continue
        if not participants:
            number += 1
            rows.reject(number, "the project has no participants", dump(record))
        for order, participant in enumerate(participants, start=1):
            number += 1
            if not isinstance(participant, dict):
                rows.reject(number, f"participant {order} is {kind(participant)}, not an object", dump(record))
                continue
            values = {c: text_of(participant.get(c.removeprefix("participant_"))) for c in PARTICIPANT_COLUMNS}
            rows.add(number, {**project, **values, "participant_order": str(order)})
    return rows.result()
