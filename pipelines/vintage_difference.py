"""`coopgva vintages diff` and `explain`: what differs between two vintages, and why, in figures and words.

Belongs here: comparing what two manifests name, and showing it. Does not belong here: recomputing
(`pipelines.explain`), sentences (`pipelines.vintage_words`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pandas as pd
from rich.console import Console
from rich.table import Table as RichTable

from assets.table import Table
from assets.workshop import Workshop
from methods.revisions import METHOD
from pipelines.explain import CAUSES, CELL, PUBLISHED, Explanation, read_table
from pipelines.vintage_words import changed_deliveries, paragraph
from resources.contract import Contract
from resources.errors import CoopgvaError
from resources.home import Home
from resources.lake import Lake, Version, Vintage
from resources.row_rules import quoted

WITHHELD = "is_withheld"
UNSAID = ("_T", "_Z", "NACE_REV2")
SHOWN_CELLS = 10


@dataclass(frozen=True)
class CellChange:
    """How the cells of one published table changed their state.

    Attributes:
        table: its name.
        opened: keys of cells that were withheld or absent and are published now.
        closed: keys of cells that were published and are withheld or absent now.
    """

    table: str
    opened: tuple[str, ...]
    closed: tuple[str, ...]


def share_revisions(lake: Lake, before: Vintage, after: Vintage) -> pd.DataFrame:
    """Published shares of the whole economy (T1) in both vintages.

    Returns:
        `numerator_code`, `reference_year`, `before_pct`, `after_pct` (null where withheld or absent), `revision_pp`.

    Raises:
        CoopgvaError: a vintage's table is no longer in the lake.
    """
    query = "SELECT numerator_code, reference_year, share_pct FROM t WHERE table_code = 'T1'"
    old, new = (read_table(lake, v, PUBLISHED, query).set_index(CELL)["share_pct"] for v in (before, after))
    both = pd.concat({"before_pct": old, "after_pct": new}, axis=1).sort_index().reset_index()
    return both.assign(revision_pp=both["after_pct"] - both["before_pct"])


def cell_changes(lake: Lake, contracts: dict[str, Contract], before: Vintage, after: Vintage) -> Iterator[CellChange]:
    """Which cells of the published tables were opened and closed, table by table; tables without either are left out.

    Cells are matched by the columns of today's primary key that both versions have; a column that one of them lacks
    was added or dropped with the table's layout, and then only cells with what was meant before are compared: totals
    (`_T`), columns that do not apply (`_Z`), the older version of NACE.
    """
    for name, contract in sorted(contracts.items()):
        if WITHHELD not in contract.columns or not all(
            name in v.tables and lake.path(name, v.tables[name]).exists() for v in (before, after)
        ):
            continue
        old, new = (_states(lake, name, v, contract.grain) for v in (before, after))
        key = [column for column in contract.grain if column in old and column in new]
        both = _totals(old, key, contract.grain).merge(
            _totals(new, key, contract.grain), on=key, how="outer", suffixes=("_before", "_after")
        )
        was, now = (both[f"is_open_{side}"].astype("boolean").fillna(value=False) for side in ("before", "after"))
        opened, closed = (tuple(_named(both[rows], key)) for rows in (now & ~was, was & ~now))
        if opened or closed:
            yield CellChange(name, opened, closed)


def _states(lake: Lake, table: str, vintage: Vintage, grain: list[str]) -> pd.DataFrame:
    with duckdb.connect() as connection:
        relation = connection.read_parquet(str(lake.path(table, vintage.tables[table])))
        columns = [quoted(column) for column in grain if column in relation.columns]
        state = f"NOT {WITHHELD} AS is_open" if WITHHELD in relation.columns else "true AS is_open"
        return relation.project(", ".join([*columns, state])).df()


def _totals(states: pd.DataFrame, key: list[str], grain: list[str]) -> pd.DataFrame:
    alone = [column for column in grain if column in states and column not in key]
    is_total = states[alone].isin(UNSAID).all(axis=1)
    return states.loc[is_total, [*key, "is_open"]].drop_duplicates(key)


def _named(cells: pd.DataFrame, key: list[str]) -> list[str]:
    return [" ".join(str(code) for code in row if code not in UNSAID) for row in cells[key].itertuples(index=False)]


def changed_sources(shop: Workshop, before: Vintage, after: Vintage) -> dict[str, list[str]]:
    """Sources whose delivery differs, by cause; sources of classifications and unknown ones are `method`."""
    tables = {source.id: source.table for source in shop.sources} if shop.home.sources.exists() else {}
    cause_of = {table: cause for cause, names in CAUSES.items() for table in names}
    found: dict[str, list[str]] = {}
    for source in changed(before.deliveries, after.deliveries):
        found.setdefault(cause_of.get(tables.get(source, ""), METHOD), []).append(source)
    return {cause: found[cause] for cause in (*CAUSES, METHOD) if cause in found}


def changed_parameters(lake: Lake, before: Vintage, after: Vintage) -> dict[str, tuple[object, object]]:
    """Parameters of the tables of both vintages that have another value, by name."""
    found: dict[str, tuple[object, object]] = {}
    for table in sorted(before.tables.keys() & after.tables.keys()):
        old, new = (lake.version(table, v.tables[table]) for v in (before, after))
        if old is not None and new is not None:
            for name in old.parameters.keys() & new.parameters.keys():
                if old.parameters[name] != new.parameters[name]:
                    found[name] = (old.parameters[name], new.parameters[name])
    return dict(sorted(found.items()))


def print_difference(home: Home, tables: dict[str, Table], before: Vintage, after: Vintage) -> None:
    """Print words, shares, cells, deliveries, parameters and tables that differ."""
    console, shop = Console(), Workshop(home, tables)
    if not changed(before.tables, after.tables):
        console.print(f"{before.vintage_id} and {after.vintage_id} are the same", highlight=False)
        return
    try:
        revisions = share_revisions(shop.lake, before, after)
    except CoopgvaError as error:
        console.print(str(error), highlight=False, markup=False, soft_wrap=True)
    else:
        hint = changed_deliveries(changed_sources(shop, before, after))
        text = paragraph(revisions, shop.parameters.headline_numerator, hint=hint)
        console.print(text, highlight=False, markup=False, soft_wrap=True)
        _print_shares(console, revisions, before, after)
    for change in cell_changes(shop.lake, shop.contracts, before, after):
        _print_cells(console, change)
    _print_deliveries(console, before, after)
    for name, values in changed_parameters(shop.lake, before, after).items():
        is_short = all(isinstance(value, int | float | str | None) for value in values)
        words = f" from {values[0]} to {values[1]}" if is_short else ""
        console.print(f"parameter {name} changed{words}", highlight=False, markup=False, soft_wrap=True)
    _print_tables(console, shop.lake, before, after)


def print_explanation(explanation: Explanation, numerator: str) -> None:
    """Print words and the terms of every share, in percentage points."""
    console, terms = Console(), explanation.terms
    causes = [*CAUSES, METHOD]
    known = terms.reset_index().rename(columns={"before": "before_pct", "after": "after_pct"})
    console.print(paragraph(known, numerator, causes), highlight=False, markup=False, soft_wrap=True)
    table = RichTable(title="Change of the share by cause, percentage points", title_justify="left")
    for name in ("share", "before %", "after %", "change", *(cause.replace("_", " ") for cause in causes)):
        table.add_column(name, justify="left" if name == "share" else "right")
    for row in known.to_dict("records"):
        cells = [f"{row[c]:+.4f}" for c in ("change", *causes)]
        share = f"{row['numerator_code']} {row['reference_year']}"
        table.add_row(share, f"{row['before_pct']:.4f}", f"{row['after_pct']:.4f}", *cells)
    console.print(table, highlight=False)
    for line in explanation.warnings:
        console.print(f"warning: {line}", highlight=False, markup=False, soft_wrap=True)
    console.print(
        "For inside: terms by cause did not pass disclosure control. Before the paragraph leaves, take out the figure "
        "of a cause that only a few firms explain.",
        highlight=False,
        soft_wrap=True,
    )


def _print_shares(console: Console, revisions: pd.DataFrame, before: Vintage, after: Vintage) -> None:
    table = RichTable(title="Share of gross value added, %", title_justify="left")
    for name in ("numerator", "year", before.vintage_id, after.vintage_id, "revision (pp)"):
        table.add_column(name, justify="left" if name == "numerator" else "right")
    for row in revisions.to_dict("records"):
        revision = "" if pd.isna(row["revision_pp"]) else f"{row['revision_pp']:+.4f}"
        shares = (_share(row[column]) for column in ("before_pct", "after_pct"))
        table.add_row(str(row["numerator_code"]), str(row["reference_year"]), *shares, revision)
    console.print(table, highlight=False)


def _share(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, float) and not pd.isna(value) else "not published"


def _print_cells(console: Console, change: CellChange) -> None:
    for cells, words in ((change.opened, "opened"), (change.closed, "closed")):
        if cells:
            more = f" and {len(cells) - SHOWN_CELLS} more" if len(cells) > SHOWN_CELLS else ""
            line = f"{change.table}: {len(cells)} cells {words}: {', '.join(cells[:SHOWN_CELLS])}{more}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)


def _print_deliveries(console: Console, before: Vintage, after: Vintage) -> None:
    sources = changed(before.deliveries, after.deliveries)
    if not sources:
        console.print("the same deliveries: code, contracts or parameters changed", highlight=False)
        return
    shown = RichTable("source", before.vintage_id, after.vintage_id)
    for source in sources:
        shown.add_row(source, before.deliveries.get(source, "")[:16], after.deliveries.get(source, "")[:16])
    console.print(shown)


def _print_tables(console: Console, lake: Lake, before: Vintage, after: Vintage) -> None:
    shown = RichTable("table", "rows before", "rows after", "")
    for table in changed(before.tables, after.tables):
        one, other = (_version(lake, table, v) for v in (before, after))
        equal = one is not None and other is not None and one.content_sha256 == other.content_sha256
        shown.add_row(table, rows_in_words(one), rows_in_words(other), "same content" if equal else "")
    console.print(shown)


def changed(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Names whose value differs or that only one of the two has, sorted."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _version(lake: Lake, table: str, vintage: Vintage) -> Version | None:
    return lake.version(table, vintage.tables[table]) if table in vintage.tables else None


def rows_in_words(version: Version | None) -> str:
    """The number of rows of a table version, or that it is gone."""
    return f"{version.rows:,}" if version else "no longer in the lake"
