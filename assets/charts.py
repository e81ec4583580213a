"""Charts that travel inside an asset's metadata: pictures as Markdown with the image inlined, nothing to fetch.

Drawn by Altair and rendered to PNG by vl-convert, both without a browser or a network. No number is computed here.
"""

from __future__ import annotations

import base64
from typing import Any

import pandas as pd

_WIDTH, _HEIGHT = 560, 260


def headline_chart(frame: pd.DataFrame, *, target_share_pct: float, target_year: int) -> str:
    """The share of gross value added by year with the target, as a Markdown image.

    Args:
        frame: one row per year; `reference_year` (int) and `share_pct` (%, null where withheld).
        target_share_pct: the target in %.
        target_year: the year of the target.

    Returns:
        `![...](data:image/png;base64,...)`, a few tens of kilobytes.
    """
    return f"![Share of gross value added by year]({_data_uri(_headline_png(frame, target_share_pct, target_year))})"


def _headline_png(frame: pd.DataFrame, target_share_pct: float, target_year: int) -> bytes:
    import altair as alt  # half a second, needed by one asset only
    import vl_convert as vlc

    years = frame[["reference_year", "share_pct"]].sort_values("reference_year")
    first = target_year - 10 if years.empty else int(years["reference_year"].iloc[0])
    shares: list[dict[str, Any]] = [  # a withheld year stays as null: the line breaks instead of inventing a value
        {"year": int(year), "share": None if pd.isna(share) else float(share)}
        for year, share in years.itertuples(index=False)
    ]
    x = alt.X(
        "year:Q",
        title="Reference year",
        scale=alt.Scale(domain=[first - 0.4, target_year + 0.4], nice=False),
        axis=alt.Axis(format="d", tickMinStep=1, grid=False),
    )
    y = alt.Y("share:Q", title="Share of gross value added, %", scale=alt.Scale(zero=True))
    line = alt.Chart(alt.InlineData(values=shares)).encode(x=x, y=y)
    target: list[dict[str, Any]] = [
        {"year": first, "share": target_share_pct, "label": ""},
        {"year": target_year, "share": target_share_pct, "label": f"target {target_year}: {target_share_pct:g} %"},
    ]
    goal = alt.Chart(alt.InlineData(values=target)).encode(x=x, y=y)
    chart = alt.layer(
        goal.mark_line(strokeDash=[5, 4], color="#b35900"),
        goal.mark_text(align="right", dy=-8, color="#b35900").encode(text="label:N"),
        line.mark_line(color="#1f4e79"),
        line.mark_point(filled=True, size=50, color="#1f4e79"),
        line.mark_text(dy=-12, color="#1f4e79").encode(text=alt.Text("share:Q", format=".2f")),
    ).properties(width=_WIDTH, height=_HEIGHT, background="white")
    return bytes(vlc.vegalite_to_png(chart.to_json(), scale=1))


def _data_uri(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
