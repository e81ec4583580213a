"""The last lines of a refresh: the headline share by year, beside the truth where the economy is a sample.

Reads the published file, as every reader does; computes nothing.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table as RichTable

from resources.home import Home
from resources.parameters import Parameters
from resources.publications import publication_log

TRUTH = Path("truth") / "share.csv"
HEADLINE = """
    SELECT reference_year, numerator_code, share_pct, distance_pp, required_pace_pp, target_share_pct, target_year
    FROM access.target_tracker WHERE is_headline ORDER BY reference_year"""


@dataclass(frozen=True)
class Year:
    """The headline of one reference year; shares in %, None where withheld or unknown."""

    reference_year: int
    numerator_code: str
    share_pct: float | None
    distance_pp: float | None
    required_pace_pp: float | None
    target_share_pct: float
    target_year: int


def read_headline(file: Path) -> list[Year]:
    """The headline of every reference year in a published file; empty where it has no tracker."""
    if not file.exists():
        return []
    with duckdb.connect(file, read_only=True) as connection:
        try:
            return [Year(*row) for row in connection.execute(HEADLINE).fetchall()]
        except duckdb.CatalogException:
            return []


def find_truth(home: Home) -> Path | None:
    """`truth/share.csv` of the sample economy: beside `sources.yaml` or the home, or one folder up."""
    places = [home.sources.parent, home.sources.parent.parent, home.root, home.root.parent]
    return next((place / TRUTH for place in places if (place / TRUTH).exists()), None)


def read_truth(file: Path, parameters: Parameters) -> dict[int, float]:
    """True share in % by year, of the headline's numerator, time rule and attribution."""
    wanted = {
        "numerator": parameters.headline_numerator,
        "time_rule": parameters.headline_time_rule,
        "attribution": parameters.headline_attribution,
    }
    with file.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if all(row.get(k) == v for k, v in wanted.items())]
    return {int(row["year"]): float(row["share_pct"]) for row in rows}


def print_headline(console: Console, years: list[Year], truth: dict[int, float]) -> None:
    """Print the headline by year, and the truth in a column of its own where it is known."""
    if not years:
        return
    last = years[-1]
    table = RichTable(
        title=f"Share of gross value added from cooperating firms ({last.numerator_code}), %", title_justify="left"
    )
    table.add_column("year")
    table.add_column("share", justify="right")
    if truth:
        table.add_column("truth", justify="right")
    table.add_column(f"to {last.target_share_pct:g} %", justify="right")
    table.add_column(f"needed a year until {last.target_year}", justify="right")
    for year in years:
        cells = [str(year.reference_year), _number(year.share_pct, "withheld")]
        if truth:
            cells.append(_number(truth.get(year.reference_year), ""))
        table.add_row(*cells, _number(year.distance_pp, ""), _number(year.required_pace_pp, "", sign="+"))
    console.print(table)


def _number(value: float | None, absent: str, sign: str = "") -> str:
    return absent if value is None else f"{value:{sign}.2f}"


def release_page(home: Home) -> Path | None:
    """The page of the release that readers have; None where none was written."""
    published = [entry["vintage_id"] for entry in publication_log(home) if entry.get("as_of") is None]
    page = home.root / "releases" / published[-1] / "index.html" if published else None
    return page if page is not None and page.exists() else None
