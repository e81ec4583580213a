"""The figures of a report: indicators under their concepts, published tables, verdicts of checks.

Belongs here: what only a release can tell (metadata completeness, revisions, punctuality), in the shape of
`access.quality_indicator`. Of published cells only whether they are withheld is read, never a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pandas as pd

from publication.quality.concepts import Concept, require_known
from resources.contract import Contract
from resources.errors import CoopgvaError
from resources.lake import Version
from resources.release_calendar import ReleaseCalendar

CELLS = "access.cooperation_gva"
COLUMNS = (
    "indicator_code",
    "reference_period_code",
    "stratum_code",
    "sims_concept_code",
    "name",
    "value",
    "unit",
    "definition",
)
TOTAL = "_T"
PP = "percentage points"
_REVISION = {  # column of the summary -> what it is called here, its unit
    "count": ("count", "revisions"),
    "mean_revision_pp": ("mean", PP),
    "mean_absolute_revision_pp": ("absolute", PP),
}


def all_indicators(
    indicators: pd.DataFrame,
    tables: Mapping[str, pd.DataFrame],
    contracts: Mapping[str, Contract],
    concepts: Iterable[Concept],
    revisions: pd.DataFrame | None,
    punctuality: pd.DataFrame | None,
) -> pd.DataFrame:
    """Published indicators and those that a release adds, in the columns of `access.quality_indicator`.

    Raises:
        ConfigurationError: an indicator stands under an unknown concept.
        CoopgvaError: a table has no contract, or a frame lacks a column.
    """
    _need(indicators, "access.quality_indicator", COLUMNS)
    rows = [*_described(tables, contracts), *_completed(concepts)]
    if revisions is not None:
        rows += _revised(revisions)
    if punctuality is not None:
        rows += _punctual(punctuality)
    added = pd.DataFrame(rows, columns=list(COLUMNS))
    frame = pd.concat([indicators[list(COLUMNS)].astype(added.dtypes.to_dict()), added], ignore_index=True)
    for code in sorted(frame["sims_concept_code"].unique()):
        require_known(str(code), "access.quality_indicator")
    return frame[frame["value"].notna()].reset_index(drop=True)


def _row(
    code: str, concept: str, value: float, unit: str, *, period: str = TOTAL, stratum: str = TOTAL
) -> list[object]:
    return [code, period, stratum, concept, code, float(value), unit, ""]


def _described(tables: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract]) -> list[list[object]]:
    columns = []
    for table in sorted(tables):
        if table not in contracts:
            raise CoopgvaError("there is no contract of this table", where=table, action="hand over its contract")
        columns += list(contracts[table].columns.values())
    if not columns:
        return []
    described = sum(bool(column.description.strip()) for column in columns)
    return [_row("described_columns", "S.10.6.1", 100 * described / len(columns), "%")]


def _completed(concepts: Iterable[Concept]) -> list[list[object]]:
    elements = report_elements(concepts)
    done = sum(not concept.needs_office for concept in elements)
    return [_row("completed_elements", "S.10.6.1", 100 * done / len(elements), "%")]


def report_elements(concepts: Iterable[Concept]) -> list[Concept]:
    """Concepts that are to be filled in: all but mere headings."""
    return [concept for concept in concepts if concept.texts or concept.needs_office]


def _revised(summary: pd.DataFrame) -> list[list[object]]:
    """`publication.revisions.revision_summary` as indicators; a measure of nothing is left out."""
    _need(summary, "revisions", ("numerator_code", "comparison", *_REVISION))
    rows = []
    for record in summary.sort_values(["comparison", "numerator_code"], kind="stable").to_dict("records"):
        for column, (kind, unit) in _REVISION.items():
            value, code = record[column], f"{record['comparison']}_{kind}"
            rows.append(_row(code, "S.17.2.1", value, unit, stratum=str(record["numerator_code"])))
    return rows


def _punctual(times: pd.DataFrame) -> list[list[object]]:
    """Delay of every release that was made, and the lag of the first release of every year (`release_times`)."""
    _need(times, "punctuality", ("release_id", "reference_year", "planned_at", "released_at"))
    made = times[times["released_at"].notna()]
    rows = []
    for year, at in made.groupby("reference_year", sort=True)["released_at"].min().items():
        end = pd.Timestamp(year=int(str(year)) + 1, month=1, day=1, tz=UTC)
        rows.append(_row("time_lag_first", "S.14.1.1", (at - end).days, "days", period=str(year)))
    for record in made.drop_duplicates("release_id").sort_values(["planned_at", "release_id"]).to_dict("records"):
        days = (record["released_at"] - record["planned_at"]).total_seconds() / 86_400
        rows.append(_row("punctuality", "S.14.2.1", round(days, 2), "days", stratum=str(record["release_id"])))
    return rows


def release_times(calendar: ReleaseCalendar, made: Mapping[str, datetime]) -> pd.DataFrame:
    """When each release was planned and made, one row for each of its reference years.

    Args:
        calendar: the planned releases.
        made: when each was made, by its id (`assets.access.embargo.made_releases`).

    Returns:
        `release_id`, `reference_year`, `planned_at`, `released_at` (UTC; empty for those to come).
    """
    rows = [
        (planned.release_id, year, planned.planned_at, made.get(planned.release_id, planned.released_at))
        for planned in calendar.releases
        for year in planned.reference_years
    ]
    frame = pd.DataFrame(rows, columns=["release_id", "reference_year", "planned_at", "released_at"])
    for column in ("planned_at", "released_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    return frame


def check_verdicts(versions: Iterable[Version]) -> pd.DataFrame:
    """The recorded verdicts of checks: `table`, `check`, `severity`, `passed`; samples of values stay in the lake."""
    rows = [(v.table, check.name, check.severity, check.passed) for v in versions for check in v.checks]
    return pd.DataFrame(rows, columns=["table", "check", "severity", "passed"])


def cell_counts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Rows and withheld rows of each published table, the cells of `access.cooperation_gva` by table T1 to T8.

    Returns:
        `table`, `part` (T1 to T8, or empty), `cells`, `withheld` (empty where a table cannot withhold).
    """
    rows: list[tuple[str, str, int, int | None]] = []
    for name in sorted(tables):
        table = tables[name]
        parts = (
            [(str(code), part) for code, part in table.groupby("table_code", sort=True)]
            if name == CELLS
            else [("", table)]
        )
        for code, part in parts:
            withheld = int(part["is_withheld"].astype("bool").sum()) if "is_withheld" in part else None
            rows.append((name, code, len(part), withheld))
    return pd.DataFrame(rows, columns=["table", "part", "cells", "withheld"]).astype({"withheld": "Int64"})


def _need(frame: pd.DataFrame, what: str, columns: Iterable[str]) -> None:
    missing = [column for column in columns if column not in frame]
    if missing:
        raise CoopgvaError(f"has no column {missing[0]}", where=what, action="hand over the frame as it is documented")
