"""Eurostat's bulk TSV (`eurostat_tsv`), in the present and the older layout, as one row per observation.

The first column holds the dimensions (`freq,unit,geo\\TIME_PERIOD`, formerly `unit,nace_r2,na_item,geo\\time`), the
others one period each, formerly newest first. A cell is a value, `:` where there is none, and flags behind a space
(formerly also without one): `5000 `, `: `, `10100 b`, `: c`.

Belongs here: wide to long. Does not belong here: numbers; a cell that is none stays as it is for the contract to catch.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb

from resources.errors import DeliveryError
from resources.readers.base import ROW, Part, RawRows, Reject
from resources.readers.csv_file import CsvOptions, ends_with_line_end, read_delimited, truncated
from resources.readers.options import ReaderOptions, parse_options
from resources.readers.tables import column_names, literal, quoted, scratch_name, table_of

TIME_PERIOD, OBS_VALUE, OBS_FLAG = "TIME_PERIOD", "OBS_VALUE", "OBS_FLAG"

_PERIOD = re.compile(r"\d{4}(?:-?[AHMQSTWD]\d{0,3}|-\d{2}(?:-\d{2})?)?")
# Only letters that Eurostat has used as flags are cut from a number; `12x` is not an observation with a flag.
_ATTACHED_FLAG = r"([-+]?[0-9][0-9.]*|:)([bcdefiknprsuz]{1,3})"


class EurostatTsvOptions(ReaderOptions):
    """What becomes of cells.

    Attributes:
        keep_missing: emit cells that are `:` without a flag, too; every series then has one row per period.
    """

    keep_missing: bool = False


def read_eurostat_tsv(part: Part, connection: duckdb.DuckDBPyConnection, options: Mapping[str, Any]) -> RawRows:
    """Read a bulk TSV as long rows: the dimensions under their own names, TIME_PERIOD, OBS_VALUE, OBS_FLAG.

    A cell without value and flag is no observation and no row; series x periods = rows + such cells, which
    `keep_missing: true` shows. `_row` is the position of the cell: (series - 1) x periods + period.

    Raises:
        DeliveryError: as `csv`, a header that is not Eurostat's, and an end in front of the last cell.
    """
    chosen = parse_options(EurostatTsvOptions, options, "eurostat_tsv")
    dialect = CsvOptions(delimiter="\t", quote="none", allow_empty=chosen.allow_empty)
    wide = read_delimited(part, connection, dialect, "Eurostat's TSV")
    corner, *periods = wide.columns
    dimensions, backslash, _ = corner.partition("\\")
    names = [name.strip() for name in dimensions.split(",")]
    odd = next((period for period in periods if not _PERIOD.fullmatch(period)), None)
    if not backslash or not periods or odd is not None:
        what = f"the column '{odd}' is not a period" if odd is not None else f"the header starts with '{corner[:60]}'"
        raise DeliveryError(
            f"not Eurostat's TSV: {what}",
            where=f"{part.name}:1",
            action="its header is 'dimension,...,geo\\TIME_PERIOD' and then periods; check the source's format",
        )
    columns = column_names([*names, TIME_PERIOD, OBS_VALUE, OBS_FLAG], part, 1)
    source = table_of(wide)
    _refuse_empty_end(part, connection, source, periods[-1])
    table = _unpivot(connection, source, corner, columns[:-3], periods, keep_missing=chosen.keep_missing)
    short = connection.execute(
        f"SELECT {ROW}, {quoted(corner)} FROM {source} "
        f"WHERE coalesce(len(string_split({quoted(corner)}, ',')), 0) <> {len(names)} ORDER BY {ROW}"
    ).fetchall()
    connection.execute(f"DROP TABLE {source}")
    first = {row: (row - 1) * len(periods) + 1 for row in [*(r.row for r in wide.rejects), *(r for r, _ in short)]}
    rejects = [Reject(first[r.row], r.reason, r.raw) for r in wide.rejects]
    rejects += [
        Reject(first[row], f"the key does not have the {len(names)} dimensions of the header", key or "")
        for row, key in short
    ]
    return RawRows(tuple(columns), connection.table(table), tuple(sorted(rejects, key=lambda r: r.row)))


def _refuse_empty_end(part: Part, connection: duckdb.DuckDBPyConnection, source: str, last_period: str) -> None:
    """A cell without a value holds `:`; a last line that has neither it nor an end was cut behind the tab."""
    if ends_with_line_end(part.path):
        return
    last = connection.execute(
        f"SELECT {quoted(last_period)} IS NULL FROM {source} ORDER BY {ROW} DESC LIMIT 1"
    ).fetchone()
    if last is not None and last[0]:
        with part.path.open("rb") as file:
            raise truncated(part, sum(1 for _ in file))


def _unpivot(
    connection: duckdb.DuckDBPyConnection,
    source: str,
    corner: str,
    names: list[str],
    periods: list[str],
    *,
    keep_missing: bool,
) -> str:
    table = scratch_name("long")
    keys = ", ".join(f"nullif(trim(key[{i}]), '') AS {quoted(name)}" for i, name in enumerate(names, start=1))
    cells = ", ".join(f"coalesce({quoted(period)}, ':')" for period in periods)
    labels = ", ".join(literal(period) for period in periods)
    attached = literal(_ATTACHED_FLAG)
    connection.execute(
        f"""
        CREATE TEMP TABLE {table} AS
        WITH series AS (
            SELECT {ROW}, string_split({quoted(corner)}, ',') AS key, [{cells}] AS cells FROM {source}
        ),
        cell AS (
            SELECT ({ROW} - 1) * {len(periods)} + unnest(range(1, {len(periods) + 1})) AS {ROW}, key,
                   unnest([{labels}]) AS period, trim(unnest(cells)) AS cell
            FROM series WHERE len(key) = {len(names)}
        ),
        parted AS (
            SELECT *, split_part(cell, ' ', 1) AS head, trim(substr(cell, length(split_part(cell, ' ', 1)) + 1)) AS tail
            FROM cell
        ),
        flagged AS (
            SELECT *, tail = '' AND regexp_full_match(head, {attached}) AS attached FROM parted
        ),
        observation AS (
            SELECT {ROW}, key, period,
                   nullif(CASE WHEN attached THEN regexp_extract(head, {attached}, 1) ELSE head END, ':') AS value,
                   nullif(CASE WHEN attached THEN regexp_extract(head, {attached}, 2) ELSE tail END, '') AS flag
            FROM flagged
        )
        SELECT {ROW}, {keys}, period AS {TIME_PERIOD}, nullif(value, '') AS {OBS_VALUE}, flag AS {OBS_FLAG}
        FROM observation
        WHERE {str(keep_missing).upper()} OR coalesce(value, '') <> '' OR flag IS NOT NULL
        """
    )
    return table
