"""`coopgva vintages revisions`: the revision triangle and its measures, printed."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.table import Table as RichTable

from publication.revisions import published_shares, revision_summary
from resources.errors import ConfigurationError
from resources.home import Home


def print_revisions(home: Home) -> None:
    """Print one triangle per numerator, then the measures.

    Raises:
        ConfigurationError: nothing is published yet.
    """
    console, shares = Console(), published_shares(home)
    if shares.empty:
        raise ConfigurationError("nothing is published yet", where=str(home.root), action="run `coopgva refresh`")
    for numerator, part in shares.groupby("numerator_code", sort=True):
        _print_triangle(console, str(numerator), part)
    table = RichTable(title="Revisions, percentage points", title_justify="left")
    for name in ("numerator", "comparison", "pairs", "mean", "mean absolute", "relative mean absolute"):
        table.add_column(name, justify="left" if name in ("numerator", "comparison") else "right")
    for row in revision_summary(shares).to_dict("records"):
        measures = [row["mean_revision_pp"], row["mean_absolute_revision_pp"]]
        relative = row["relative_mean_absolute_revision_ratio"]
        table.add_row(
            row["numerator_code"],
            row["comparison"].replace("_", " "),
            str(row["count"]),
            *("" if pd.isna(value) else f"{value:.4f}" for value in measures),
            "" if pd.isna(relative) else f"{relative:.2%}",
        )
    console.print(table, highlight=False)


def _print_triangle(console: Console, numerator: str, part: pd.DataFrame) -> None:
    """One row per publication whose shares differ from those before, one column per reference year."""
    years = sorted(part["reference_year"].unique())
    table = RichTable("published (UTC)", "vintage", title=f"{numerator}: published share, %", title_justify="left")
    for year in years:
        table.add_column(str(year), justify="right")
    before: list[str] = []
    for (published_at, vintage), group in part.groupby(["published_at", "vintage_id"], sort=False, dropna=False):
        shares = group.set_index("reference_year")["share_pct"].reindex(years)
        cells = ["" if pd.isna(share) else f"{share:.4f}" for share in shares]
        if cells != before:
            table.add_row(str(published_at)[:16].replace("T", " "), str(vintage), *cells)
        before = cells
    console.print(table, highlight=False)
