"""Charts of what stands behind the share and of where it may go: Markdown images as in `assets.charts`.

Drawn by Altair and rendered to PNG by vl-convert, both without a browser or a network. No number is computed here.
"""

from __future__ import annotations

import base64
from typing import Any

import pandas as pd

_WIDTH, _HEIGHT = 520, 280
_BLUE, _GREY, _TARGET = "#1f4e79", "#7f7f7f", "#b35900"

TERMS = {
    "entrants_pp": "entrants",
    "leavers_pp": "leavers",
    "own_growth_pp": "members' growth beyond the economy's",
    "link_pp": "surer or less sure links",
    "economy_pp": "growth of the economy",
}
"""Bars of the decomposition; the last one is national growth of members and denominator, which nearly cancel."""
_COLOURS = ["#2a7f62", "#b03a2e", _BLUE, "#c8a415", "#a6a6a6"]


def outlook_chart(outlook: pd.DataFrame) -> str:
    """The share so far and the fan of its outlook with scenarios, one picture per numerator.

    Args:
        outlook: `numerator_code`, `model_code`, `reference_year`, `point_pct`, `low80_pct`, `high80_pct` and
            `target_share_pct` of `interpretation.outlook`; empty for no chart.

    Returns:
        `![...](data:image/png;base64,...)` for each numerator.
    """
    return "\n\n".join(
        _image(_fan(part, str(numerator)), f"Outlook of {numerator}")
        for numerator, part in outlook.groupby("numerator_code", sort=True)
    )


def decomposition_chart(changes: pd.DataFrame) -> str:
    """The yearly change of the share as stacked terms with the change as a point, one picture per numerator.

    Args:
        changes: `numerator_code`, `reference_year`, `change_pp` and a column per key of `TERMS`; empty for no chart.

    Returns:
        `![...](data:image/png;base64,...)` for each numerator.
    """
    return "\n\n".join(
        _image(_bars(part, str(numerator)), f"Change of {numerator} by cause")
        for numerator, part in changes.groupby("numerator_code", sort=True)
    )


def unit_chart(shares: pd.DataFrame) -> str:
    """The share by statistical unit, a line per numerator and unit, as a Markdown image.

    Args:
        shares: `numerator_code`, `reference_year`, `unit_code`, `share_pct` (%); empty for no chart.
    """
    return "" if shares.empty else _image(_lines(shares), "Share by statistical unit")


def _lines(shares: pd.DataFrame) -> Any:
    import altair as alt

    values: list[dict[str, Any]] = [
        {"numerator": str(numerator), "year": int(year), "unit": str(unit).lower().replace("_", " "), "share": share}
        for numerator, year, unit, share in shares[
            ["numerator_code", "reference_year", "unit_code", "share_pct"]
        ].itertuples(index=False)
    ]
    return (
        alt.Chart(alt.InlineData(values=values))
        .mark_line(point=True)
        .encode(
            x=alt.X("year:O", title="Reference year"),
            y=alt.Y("share:Q", title="Share of gross value added, %", scale=alt.Scale(zero=True)),
            color=alt.Color("numerator:N", title="Numerator", scale=alt.Scale(range=[_BLUE, _TARGET, _GREY])),
            strokeDash=alt.StrokeDash("unit:N", title="Unit", sort=["legal unit", "enterprise"]),
        )
    )


def _fan(outlook: pd.DataFrame, numerator: str) -> Any:
    import altair as alt  # half a second, needed by few tables

    is_observed = outlook["model_code"] == "observed"
    past = [{"year": int(year), "share": float(share)} for year, share in _pairs(outlook[is_observed], "point_pct")]
    last = past[-1:]
    x = alt.X("year:Q", title="Reference year", axis=alt.Axis(format="d", tickMinStep=1, grid=False, labelFlush=False))
    y = alt.Y("share:Q", title="Share of gross value added, %", scale=alt.Scale(zero=True))
    layers: list[Any] = []
    for _, part in outlook[outlook["low80_pct"].notna()].groupby("model_code", sort=True):
        band = [{"year": point["year"], "low": point["share"], "high": point["share"]} for point in last]
        both = part.sort_values("reference_year")[["reference_year", "low80_pct", "high80_pct"]]
        band += [
            {"year": int(t), "low": float(low), "high": float(high)} for t, low, high in both.itertuples(index=False)
        ]
        area = alt.Chart(alt.InlineData(values=band)).mark_area(opacity=0.12, color=_BLUE)
        layers.append(area.encode(x=x, y=alt.Y("low:Q"), y2="high:Q"))
    for model, part in outlook[~is_observed].groupby("model_code", sort=True):
        line: list[dict[str, Any]] = [*last]
        line += [{"year": int(year), "share": float(share)} for year, share in _pairs(part, "point_pct")]
        name = str(model).removeprefix("scenario_").replace("_", " ")
        base = alt.Chart(alt.InlineData(values=line)).encode(x=x, y=y)
        if str(model).startswith("scenario_"):
            end = alt.Chart(alt.InlineData(values=[{**line[-1], "name": name}])).encode(x=x, y=y, text="name:N")
            layers.append(base.mark_line(color=_GREY, strokeDash=[2, 3]))
            layers.append(end.mark_text(align="left", dx=5, fontSize=9, color=_GREY))
        else:
            layers.append(base.mark_line(color=_BLUE, opacity=0.7, strokeWidth=1))
    observed = alt.Chart(alt.InlineData(values=past)).encode(x=x, y=y)
    goal = alt.Chart(alt.InlineData(values=[{"share": float(outlook["target_share_pct"].iloc[0])}])).encode(y=y)
    layers += [
        goal.mark_rule(strokeDash=[5, 4], color=_TARGET),
        observed.mark_line(color=_BLUE, strokeWidth=2.5),
        observed.mark_point(filled=True, size=45, color=_BLUE),
    ]
    return alt.layer(*layers).properties(
        title=f"{numerator}: outlook with 80 % intervals of three models; projection, not an official statistic"
    )


def _bars(changes: pd.DataFrame, numerator: str) -> Any:
    import altair as alt

    bars = [
        {"year": str(year), "term": name, "pp": float(value), "order": position}
        for position, (column, name) in enumerate(TERMS.items())
        for year, value in _pairs(changes, column)
    ]
    totals = [{"year": str(year), "pp": float(value)} for year, value in _pairs(changes, "change_pp")]
    x = alt.X("year:N", title="Change against the year before", axis=alt.Axis(labelAngle=0))
    y = alt.Y("pp:Q", title="Percentage points")
    colour = alt.Color(
        "term:N",
        title=None,
        scale=alt.Scale(domain=list(TERMS.values()), range=_COLOURS),
        legend=alt.Legend(orient="bottom", columns=2, labelLimit=300),
    )
    stacked = alt.Chart(alt.InlineData(values=bars)).mark_bar().encode(x=x, y=y, order="order:Q", color=colour)
    change = alt.Chart(alt.InlineData(values=totals)).mark_point(filled=True, size=55, color="black").encode(x=x, y=y)
    return alt.layer(stacked, change).properties(title=f"{numerator}: why the share changed (point: change)")


def _pairs(frame: pd.DataFrame, column: str) -> Any:
    return frame.sort_values("reference_year")[["reference_year", column]].itertuples(index=False)


def _image(chart: Any, text: str) -> str:
    import vl_convert as vlc

    drawn = chart.properties(width=_WIDTH, height=_HEIGHT, background="white")
    png = bytes(vlc.vegalite_to_png(drawn.to_json(), scale=1))
    return f"![{text}](data:image/png;base64,{base64.b64encode(png).decode('ascii')})"
