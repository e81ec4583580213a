"""Intake of deliveries: text becomes typed rows under a contract, and what breaks the contract is quarantined.

Nothing is lost: every record that a reader saw ends either in `accepted` or in `quarantined`, the latter with the raw
row and the reasons keyed by the source's own column. The table-level verdicts (shares, accounting) are taken later,
from what was written.
"""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import duckdb
import pyarrow as pa

from resources.contract import Column, Contract
from resources.engine import sql_file
from resources.errors import ConfigurationError, DeliveryError
from resources.readers.base import ROW, Part, RawRows
from resources.readers.registry import read
from resources.row_rules import failing_rows, literal, quoted

META = {"_source": "_source_id", "_file": "_file_name", "_row": "_row_number"}
"""Names under which a contract may ask for where a row comes from."""

FORMULA = r"^[=@]|^[+-]\s*[A-Za-z_]+\s*\(|^[+-].*\|.*!"
"""Text that a spreadsheet would execute: `=1+1`, `@SUM(A1)`, `+HYPERLINK(...)`, `-1|' /C calc'!A0`."""

QUARANTINE_SCHEMA = pa.schema(
    [
        pa.field("table_name", pa.string(), nullable=False),
        pa.field("source_id", pa.string(), nullable=False),
        pa.field("file_name", pa.string(), nullable=False),
        pa.field("row_number", pa.int64(), nullable=False),
        pa.field("reasons", pa.string(), nullable=False),
        pa.field("raw_row", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True)
class SourcePart:
    """One file with what is needed to read it."""

    source_id: str
    part: Part
    format: str
    options: Mapping[str, Any] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Intake:
    """The outcome of one intake; the rows stay in the connection.

    Attributes:
        read: records that the readers saw.
        unknown_columns: source columns that the contract neither uses nor ignores, by file.
        repeated: rows among the quarantined that keep the contract but deliver a key again.
        accepted: name of the relation with typed rows that keep the contract.
        candidates: name of the relation with all typed rows, before any was rejected.
        quarantined: name of the relation with rejected rows, columns as `QUARANTINE_SCHEMA`.
    """

    read: int
    unknown_columns: dict[str, list[str]]
    repeated: int = 0
    accepted: str = "_accepted"
    candidates: str = "_candidate"
    quarantined: str = "_quarantined"


def take_in(connection: duckdb.DuckDBPyConnection, contract: Contract, parts: Sequence[SourcePart]) -> Intake:
    """Read all parts of a table's deliveries into `_accepted` and `_quarantined`.

    Raises:
        DeliveryError: a file cannot be read, lacks a column that the contract demands, or no row keeps the contract.
        ConfigurationError: a constant of the source feeds no column.
    """
    connection.execute(sql_file("source/parse.sql"))
    _register_identifiers(connection, contract)
    _create_candidates(connection, contract)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _quarantined ({_sql_fields(QUARANTINE_SCHEMA)})")
    read_rows, unknown, views, labels = 0, dict[str, list[str]](), [], []
    used = {name for column in contract.columns.values() for name in column.source}
    known = used | set(contract.ignored_columns)
    for number, source in enumerate(parts):
        _refuse_strange_constants(contract, source, used)
        raw = _read(connection, source)
        view = f"_raw_{number}"
        _expose_raw(connection, view, raw)
        views.append(view)
        chosen = _choose_columns(contract, raw, source)
        labels.append(_key_label(contract, chosen))
        extra = [name for name in raw.columns if name not in known]
        if extra:
            unknown[source.part.name] = extra
        connection.execute(_candidate_sql(contract, source, number, view, chosen))
        read_rows += _count(connection, view) + len(raw.rejects)
        _quarantine_rejects(connection, contract, source, raw)
    repeated = _mark_duplicates(connection, contract, labels)
    for number, source in enumerate(parts):
        connection.execute(_quarantine_sql(contract, source, number, views[number]))
    columns = ", ".join(quoted(name) for name in contract.columns)
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW _accepted AS SELECT {columns} FROM _candidate WHERE _reasons IS NULL"
    )
    if read_rows and not _count(connection, "_accepted") and contract.max_quarantined_share < 1:
        raise DeliveryError(
            f"none of {read_rows} rows keeps the contract; first reasons: {_first_reasons(connection)}",
            where=f"{contract.table} ({', '.join(p.part.name for p in parts[:3])})",
            action="wrong delimiter, encoding or source options are likely",
        )
    return Intake(read=read_rows, unknown_columns=unknown, repeated=repeated)


def _read(connection: duckdb.DuckDBPyConnection, source: SourcePart) -> RawRows:
    """Read one file; a reader knows the file's name, but a person looks for the source in `sources.yaml`."""
    try:
        return read(source.format, source.part, connection, dict(source.options))
    except DeliveryError as error:
        named = f"(source {source.source_id})"
        if named in error.where:
            raise
        where = f"{error.where or source.part.name} {named}"
        raise DeliveryError(error.what, where=where, action=error.action) from error


def _refuse_strange_constants(contract: Contract, source: SourcePart, used: set[str]) -> None:
    strange = sorted(set(source.constants) - used)
    if strange:
        raise ConfigurationError(
            f"constant '{strange[0]}' feeds no column of {contract.table}",
            where=f"source {source.source_id}",
            action=f"correct its name (columns take: {', '.join(sorted(used - set(META)))})",
        )


def _first_reasons(connection: duckdb.DuckDBPyConnection) -> str:
    rows = connection.execute(
        "SELECT reasons FROM _quarantined GROUP BY reasons ORDER BY count(*) DESC, reasons LIMIT 3"
    ).fetchall()
    return "; ".join(row[0] for row in rows)


def _count(connection: duckdb.DuckDBPyConnection, relation: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {relation}").fetchone()
    return int(row[0]) if row else 0


def _sql_fields(schema: pa.Schema) -> str:
    types = {pa.string(): "VARCHAR", pa.int64(): "BIGINT"}
    return ", ".join(f"{f.name} {types[f.type]}" for f in schema)


def _expose_raw(connection: duckdb.DuckDBPyConnection, view: str, raw: RawRows) -> None:
    if isinstance(raw.rows, pa.Table):
        connection.register(view, raw.rows)
    else:
        raw.rows.create_view(view, replace=True)


def _create_candidates(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    fields = [f"{quoted(name)} {column.type.upper()}" for name, column in contract.columns.items()]
    fields += ["_part INTEGER", "_row_number BIGINT", "_file_name VARCHAR", "_reasons VARCHAR"]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE _candidate ({', '.join(fields)})")


def _choose_columns(contract: Contract, raw: RawRows, source: SourcePart) -> dict[str, str | None]:
    """For every contract column the source column that feeds it in this file, or None."""
    available = set(raw.columns) | set(source.constants) | set(META)
    chosen, lacking = dict[str, str | None](), []
    for name, column in contract.columns.items():
        feeding = next((s for s in column.source if s in available), None)
        demanded = column.is_demanded or contract.is_not_null(name)
        if feeding is None and column.default is None and demanded:
            lacking.append(" or ".join(f"'{s}'" for s in column.source) or f"for '{name}'")
        chosen[name] = feeding
    if lacking:
        raise DeliveryError(
            f"column {', '.join(lacking)} is missing (found: {', '.join(raw.columns[:12])})",
            where=f"{source.part.name} (source {source.source_id})",
            action="the layout changed: adapt the contract's `source` names, or the source's options or constants",
        )
    return chosen


def _text(feeding: str, source: SourcePart, column: Column) -> str:
    """SQL for the trimmed text of a source column, null when it means 'no value'."""
    if feeding in META:
        base = literal(source.source_id) if feeding == "_source" else literal(source.part.name)
        if feeding == "_row":
            base = f"CAST({quoted(ROW)} AS VARCHAR)"
    elif feeding in source.constants:
        base = literal(source.constants[feeding])
    else:
        base = quoted(feeding)
    text = f"nullif(trim({base}, ' \t\n\r' || chr(160)), '')"
    for missing in column.missing:
        text = f"nullif({text}, {literal(missing)})"
    return text


def _candidate_sql(
    contract: Contract, source: SourcePart, number: int, view: str, chosen: Mapping[str, str | None]
) -> str:
    """INSERT of one part's rows: typed values, and the reasons why a row breaks the contract."""
    texts, typed = [], []
    broken = defaultdict[str, list[str]](list)
    for name, column in contract.columns.items():
        feeding = chosen[name]
        typed_name, text_name = quoted(name), quoted(f"_text_{name}")
        text = _text(feeding, source, column) if feeding is not None else literal(column.default)
        texts.append(f"CAST({text} AS VARCHAR) AS {text_name}")
        typed.append(f"CAST(parse_{column.parse or column.type}({text_name}) AS {column.type}) AS {typed_name}")
        broken[feeding or name] += _broken_promises(contract, name)
    for e in contract.expectations:
        if e.quarantine:
            column_name = e.arguments.get("column") or e.arguments["column_A"]
            reason = literal(e.description or e.name)
            broken[chosen[column_name] or column_name].append(f"CASE WHEN {failing_rows(e)} THEN {reason} END")
    columns = ", ".join(quoted(name) for name in contract.columns)
    return f"""
        INSERT INTO _candidate
        WITH texts AS (SELECT {quoted(ROW)} AS _row_number, {", ".join(texts)} FROM {view}),
             typed AS (SELECT *, {", ".join(typed)} FROM texts)
        SELECT {columns}, {number}, _row_number, {literal(source.part.name)}, {_reasons_json(broken)}
        FROM typed"""


def _broken_promises(contract: Contract, name: str) -> list[str]:
    """SQL texts, each null or the reason why a row breaks what the contract says of one column."""
    column = contract.columns[name]
    typed_name, text_name = quoted(name), quoted(f"_text_{name}")
    noun = (column.parse or column.type).replace("_", " ")
    promises = [
        f"CASE WHEN {text_name} IS NOT NULL AND {typed_name} IS NULL "
        f"THEN 'not a valid {noun}: ' || {text_name}[1:60] END"
    ]
    if column.type == "varchar":
        promises.append(
            f"CASE WHEN regexp_matches({text_name}, {literal(FORMULA)}) THEN 'starts like a spreadsheet formula' END"
        )
    if contract.is_not_null(name):
        promises.append(f"CASE WHEN {text_name} IS NULL THEN 'required value is missing' END")
    if column.identifier:
        promises.append(
            f"CASE WHEN {typed_name} IS NOT NULL AND NOT valid_{column.identifier.replace('.', '_')}({typed_name}) "
            f"THEN 'check digit or form is wrong: ' || {typed_name}[1:40] END"
        )
    return promises


def _reasons_json(broken: Mapping[str, list[str]]) -> str:
    """SQL for a JSON object column -> reasons, or null when there are none; one key per source column."""
    # to_json and || give null for null, which concat_ws leaves out
    pairs = [
        f"to_json({literal(label)}) || ':' || to_json(nullif(concat_ws('; ', {', '.join(reasons)}), ''))"
        for label, reasons in broken.items()
    ]
    return f"nullif('{{' || concat_ws(',', {', '.join(pairs)}) || '}}', '{{}}')"


def _key_label(contract: Contract, chosen: Mapping[str, str | None]) -> str:
    """The source's own name of the first key column that the publisher delivers."""
    labels = [chosen[name] or name for name in contract.grain]
    return next((label for label in labels if label not in META), labels[0])


def _mark_duplicates(connection: duckdb.DuckDBPyConnection, contract: Contract, labels: Sequence[str]) -> int:
    """Of several good rows with one key the first delivered is kept; returns how many were rejected."""
    if not labels:
        return 0
    grain = ", ".join(quoted(name) for name in contract.grain)
    key = " || ', ' || ".join(f"coalesce(CAST({quoted(name)} AS VARCHAR), '')" for name in contract.grain)
    label = f"[{', '.join(map(literal, labels))}][_candidate._part + 1]"
    row = connection.execute(f"""
        UPDATE _candidate SET _reasons = '{{' || to_json({label}) || ':' ||
            to_json('duplicate key ' || _d.key || ', first seen in ' || _d.first_file || ' row ' || _d.first_row)
            || '}}'
        FROM (
            SELECT _part, _row_number, {key} AS key,
                   first_value(_file_name) OVER same AS first_file, first_value(_row_number) OVER same AS first_row,
                   row_number() OVER same AS nth
            FROM _candidate WHERE _reasons IS NULL
            WINDOW same AS (PARTITION BY {grain} ORDER BY _part, _row_number)
            QUALIFY nth > 1
        ) AS _d
        WHERE _candidate._part = _d._part AND _candidate._row_number = _d._row_number""").fetchone()
    return int(row[0]) if row else 0


def _quarantine_sql(contract: Contract, source: SourcePart, number: int, view: str) -> str:
    return f"""
        INSERT INTO _quarantined
        SELECT {literal(contract.table)}, {literal(source.source_id)}, {literal(source.part.name)}, r.{quoted(ROW)},
               c._reasons, CAST(to_json(r) AS VARCHAR)
        FROM {view} AS r JOIN _candidate AS c ON c._part = {number} AND c._row_number = r.{quoted(ROW)}
        WHERE c._reasons IS NOT NULL"""


def _quarantine_rejects(
    connection: duckdb.DuckDBPyConnection, contract: Contract, source: SourcePart, raw: RawRows
) -> None:
    if not raw.rejects:
        return
    rows = [
        (contract.table, source.source_id, source.part.name, r.row, json.dumps({"_record": r.reason}), r.raw)
        for r in raw.rejects
    ]
    rejected = pa.table(
        [pa.array(values, f.type) for values, f in zip(zip(*rows, strict=True), QUARANTINE_SCHEMA, strict=True)],
        schema=QUARANTINE_SCHEMA,
    )
    connection.register("_rejects", rejected)
    connection.execute("INSERT INTO _quarantined SELECT * FROM _rejects")
    connection.unregister("_rejects")


def _register_identifiers(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Make `valid_<module>(text)` available for every python-stdnum module that the contract names."""
    from duckdb.func import PythonUDFType
    from duckdb.sqltypes import BOOLEAN, VARCHAR

    for module in sorted({c.identifier for c in contract.columns.values() if c.identifier}):
        try:
            is_valid = importlib.import_module(f"stdnum.{module}").is_valid
        except ModuleNotFoundError:
            raise ConfigurationError(
                f"python-stdnum has no module '{module}'", where=contract.table, action="correct `identifier`"
            ) from None

        name = f"valid_{module.replace('.', '_')}"
        known = connection.execute("SELECT 1 FROM duckdb_functions() WHERE function_name = ?", [name]).fetchone()
        if known is None:
            connection.create_function(name, _column_check(is_valid), [VARCHAR], BOOLEAN, type=PythonUDFType.ARROW)


def _column_check(is_valid: Callable[[str], bool]) -> Callable[[pa.ChunkedArray], pa.Array]:
    """An Arrow function that applies a python-stdnum check to a column; DuckDB passes no nulls.

    A firm files year after year: what was checked once is remembered, for as many firms as fit into some 50 MB.
    """
    remembered = lru_cache(maxsize=262_144)(is_valid)

    def check(values: pa.ChunkedArray) -> pa.Array:
        return pa.array([remembered(v) for v in values.to_pylist()], pa.bool_())

    return check
