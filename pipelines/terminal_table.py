"""Frames on the terminal.

Belongs here: how rows are shown to a person. Does not belong here: choosing them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SHOWN_ROWS = 200


def print_table(frame: pd.DataFrame, title: str = "") -> None:
    """Prints a frame; says so where it stops before the last row."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.markup import escape
    from rich.measure import Measurement
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False)
    for name in frame.columns:
        is_number = frame[name].dtype.kind in "if"
        table.add_column(escape(str(name)), justify="right" if is_number else "left", no_wrap=True)
    for row in frame.head(SHOWN_ROWS).itertuples(index=False):
        table.add_row(*(escape(_text(item)) for item in row))
    console = Console()
    # a figure that is cut in two is none: rather a line that the terminal breaks
    needed = Measurement.get(console, console.options.update(width=100_000), table).maximum
    Console(width=max(needed, console.width)).print(table, highlight=False)
    if len(frame) > SHOWN_ROWS:
        console.print(
            f"only the first {SHOWN_ROWS} of {len(frame):,} rows are shown; --out writes all", highlight=False
        )


def _text(item: Any) -> str:
    if item is None:
        return ""
    if isinstance(item, float):
        if math.isnan(item):
            return ""
        return f"{item:,.4f}".rstrip("0").rstrip(".") if math.isfinite(item) else str(item)
    return f"{item:,}" if isinstance(item, int) and not isinstance(item, bool) else str(item)
