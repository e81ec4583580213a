"""The charts of the release page as Vega-Lite specifications, drawn by Altair; no number is computed here.

One theme, direct labels instead of legends where there is room, colours that colour-blind readers tell apart, and never
a mark for a withheld cell but its word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from publication.page.words import Words

INK, MUTED, GRID = "#1b2733", "#5b6772", "#e3e8ed"
BLUE, ORANGE, BAND = "#0b5394", "#b45309", "#9cc3e6"
RAMP = ["#eaf2f9", "#c3daf0", "#8fbbe3", "#2f6fae", "#0b3a66"]
DARK_FROM = 0.6
"""Where in the range the ramp is so dark that its text is white; its steps are discrete, so every text can be read."""
Rows = Sequence[Mapping[str, Any]]

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_THEME = {
    "font": _FONT,
    "view": {"stroke": None},
    "axis": {
        "labelColor": MUTED,
        "titleColor": MUTED,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "gridColor": GRID,
        "domainColor": GRID,
        "tickColor": GRID,
        "labelLimit": 240,
    },
    "legend": {"labelColor": INK, "labelFontSize": 12, "titleColor": MUTED, "titleFontWeight": "normal"},
    "text": {"color": INK, "fontSize": 12},
    "header": {"labelColor": INK},
}


SPLIT = "split(datum.label, '\\n')"
JOINED = "replace(datum.label, '\\n', '')"
"""Labels of names: on a phone the page breaks them into lines, which slanted labels undo."""


def specification(chart: Any, *, height: int, names: Sequence[str] = (), narrow: Rows = ()) -> dict[str, Any]:
    """The chart as Vega-Lite, as wide as its place on the page.

    Args:
        chart: the chart.
        height: pixels.
        names: long names that a narrow page breaks into lines.
        narrow: names of marks that a narrow page leaves out, as `{"leave_out": name}`.
    """
    result: dict[str, Any] = chart.properties(width="container", height=height).to_dict(validate=False)
    # not validated against the schema, which takes a second for each page: a browser draws every chart in the tests
    result["usermeta"] = {"names": sorted(set(names)), "leaveOut": [row["leave_out"] for row in narrow]}
    result["config"] = _THEME
    result["autosize"] = {"type": "fit-x", "contains": "padding"}
    result["background"] = "transparent"
    return result


def _values(rows: Rows) -> Any:
    return alt.InlineData(values=[dict(row) for row in rows])


def _year_axis() -> Any:
    return alt.Axis(format="d", title=None, tickMinStep=1, labelOverlap=True, grid=False)


def path_chart(rows: Rows, needed: Rows, points: Rows, words: Words, top: float) -> dict[str, Any]:
    """Share by year with its band, the steady path to the target, baseline and target as labelled points.

    Args:
        rows: `year`, `share`, `low`, `high` (%), years without a figure left out.
        needed: `year`, `share` of the path that is needed; empty where the target is reached.
        points: `year`, `share`, `label`, `shape` and `align` (of the mark and its label).
        words: language.
        top: upper end of the axis in %.
    """
    x = alt.X("year:Q", axis=_year_axis(), scale=alt.Scale(nice=False, padding=16))
    y_axis = alt.Axis(title=words.say("percent_axis"), tickCount=6)
    y = alt.Y("share:Q", axis=y_axis, scale=alt.Scale(domain=[0, top]))
    tooltip = [alt.Tooltip("year:Q", title=words.say("year"), format="d"), _share_tooltip("share", words)]
    base = alt.Chart(_values(rows))
    band = base.mark_area(color=BAND, opacity=0.55).encode(x=x, y=alt.Y("low:Q", axis=y_axis), y2="high:Q")
    line = base.mark_line(color=BLUE, strokeWidth=2.5, point=alt.OverlayMarkDef(color=BLUE, size=36)).encode(
        x=x, y=y, tooltip=tooltip
    )
    dashed = alt.Chart(_values(needed)).mark_line(color=MUTED, strokeDash=[5, 4]).encode(x=x, y=y)
    layers = band + dashed + line
    for point in points:
        mark = alt.Chart(_values([point]))
        dot = mark.mark_point(filled=True, size=90, color=ORANGE, opacity=1, shape=point["shape"])
        label = mark.mark_text(dy=-14, align=point["align"], fontWeight="bold", color=ORANGE)
        layers = layers + dot.encode(x=x, y=y) + label.encode(x=x, y=y, text="label:N")
    return specification(layers, height=330)


def _share_tooltip(field: str, words: Words) -> Any:
    return alt.Tooltip(f"{field}:Q", title=words.say("share"), format=",.2f")


def dots_chart(rows: Rows, withheld: Rows, order: Sequence[str], words: Words) -> dict[str, Any]:
    """Two numerators as dots on a line for each name; a withheld cell is its word.

    Args:
        rows: `name`, `series`, `share`.
        withheld: `name`, `label`.
        order: names from top to bottom.
        words: language.
    """
    names = [words.say("numerator_n1"), words.say("numerator_n2")]
    y = alt.Y(
        "name:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=330, grid=True, ticks=False, labelExpr=SPLIT)
    )
    x = alt.X("share:Q", title=words.say("percent_axis"), scale=alt.Scale(domainMin=0))
    colour = alt.Color(
        "series:N",
        title=None,
        scale=alt.Scale(domain=names, range=[BLUE, ORANGE]),
        legend=alt.Legend(orient="top", symbolType="circle"),
    )
    base = alt.Chart(_values(rows))
    line = base.mark_line(color=GRID, strokeWidth=3).encode(x=x, y=y, detail="name:N")
    dots = base.mark_circle(size=110, opacity=1).encode(
        x=x, y=y, color=colour, tooltip=[alt.Tooltip("name:N", title=""), "series:N", _share_tooltip("share", words)]
    )
    none = (
        alt.Chart(_values(withheld))
        .mark_text(align="left", dx=4, fontStyle="italic", color=MUTED)
        .encode(x=alt.datum(0), y=y, text="label:N")
    )
    return specification(line + dots + none, height=28 * max(len(order), 1), names=order)


def bars_chart(rows: Rows, order: Sequence[str], words: Words, *, title: str, digits: int = 2) -> dict[str, Any]:
    """Horizontal bars with their numbers beside them.

    Args:
        rows: `name`, `value` (null where withheld), `label`.
        order: names from top to bottom.
        words: language.
        title: title of the axis.
        digits: decimals in the tooltip.
    """
    largest = max((row["value"] or 0.0 for row in rows), default=0.0)
    base = alt.Chart(_values(rows))
    y = alt.Y("name:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=230, ticks=False, labelExpr=SPLIT))
    x = alt.X("value:Q", title=title, scale=alt.Scale(domain=[0, largest * 1.25 or 1]), axis=alt.Axis(tickCount=4))
    tooltip = [alt.Tooltip("name:N", title=""), alt.Tooltip("value:Q", title=title, format=f",.{digits}f")]
    bars = base.mark_bar(color=BLUE, height=16, cornerRadiusEnd=2).encode(x=x, y=y, tooltip=tooltip)
    labels = base.transform_calculate(at="datum.value === null ? 0 : datum.value").mark_text(align="left", dx=5)
    return specification(
        bars + labels.encode(x=alt.X("at:Q"), y=y, text="label:N"), height=30 * max(len(rows), 1), names=order
    )


def tile_map(rows: Rows, words: Words) -> dict[str, Any]:
    """Regions as tiles, roughly where they lie; withheld tiles are white with their word.

    Args:
        rows: `x`, `y` (tile), `name`, `value` (null where withheld), `label`.
        words: language.
    """
    base = alt.Chart(_values(rows)).encode(
        x=alt.X("x:O", axis=None, scale=alt.Scale(paddingInner=0.06)),
        y=alt.Y("y:O", axis=None, scale=alt.Scale(paddingInner=0.06)),
    )
    values = [row["value"] for row in rows if row["value"] is not None]
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    dark = low + DARK_FROM * (high - low)
    colour = alt.condition(
        "datum.value === null",
        alt.value("#ffffff"),
        alt.Color("value:Q", scale=_steps(low, high), legend=None),
    )
    tiles = base.mark_rect(cornerRadius=6, stroke="#c4ced8").encode(
        color=colour, tooltip=[alt.Tooltip("name:N", title=""), _share_tooltip("value", words)]
    )
    light = f"datum.value !== null && datum.value >= {dark!r}"
    ink = alt.condition(light, alt.value("#ffffff"), alt.value(INK))
    names = base.mark_text(dy=-2, fontSize=12, baseline="bottom", lineBreak="\n", lineHeight=12).encode(
        text="name:N", color=ink
    )
    numbers = base.mark_text(dy=13, fontSize=15, fontWeight="bold").encode(text="label:N", color=ink)
    height = 84 * (max((row["y"] for row in rows), default=0) + 1)
    return specification(tiles + names + numbers, height=height, names=[str(row["name"]) for row in rows])


def _steps(low: float, high: float) -> Any:
    """Colours in equal steps between two values."""
    return alt.Scale(type="quantize", domain=[low, high if high > low else low + 1], range=RAMP)


def matrix_chart(rows: Rows, order: Sequence[str], words: Words) -> dict[str, Any]:
    """Heat map of ties between regions.

    Args:
        rows: `a`, `b` (names), `value`, `label`.
        order: names of regions.
        words: language.
    """
    base = alt.Chart(_values(rows)).encode(
        x=alt.X(
            "a:N",
            sort=list(order),
            title=None,
            axis=alt.Axis(labelAngle=-40, orient="top", labelLimit=130, labelExpr=JOINED),
        ),
        y=alt.Y("b:N", sort=list(order), title=None, axis=alt.Axis(labelLimit=140, labelExpr=SPLIT)),
    )
    low, high = (f((row["value"] for row in rows), default=1.0) for f in (min, max))
    dark = low + DARK_FROM * (high - low)
    tiles = base.mark_rect(cornerRadius=3).encode(
        color=alt.Color("value:Q", scale=_steps(low, high), legend=None),
        tooltip=["a:N", "b:N", alt.Tooltip("value:Q", title=words.say("weight"), format=",.1f")],
    )
    ink = alt.condition(f"datum.value >= {dark!r}", alt.value("#ffffff"), alt.value(INK))
    numbers = base.mark_text(fontSize=11, style="number").encode(text="label:N", color=ink)
    chart = specification(tiles + numbers, height=360, names=order, narrow=[{"leave_out": "number"}])
    return {**chart, "padding": {"left": 5, "top": 5, "bottom": 5, "right": 44}}  # the slanted last label


def fan_chart(rows: Rows, words: Words, *, target: float, top: float) -> dict[str, Any]:
    """Observed shares and their projection with the envelope of the 80 % intervals, stamped as a projection.

    Args:
        rows: `year`, `share`, `low`, `high` (null for observed years), `is_observed`.
        words: language.
        target: the target in %.
        top: upper end of the axis in %.
    """
    x = alt.X("year:Q", axis=_year_axis(), scale=alt.Scale(nice=False, padding=16))
    y = alt.Y("share:Q", title=words.say("percent_axis"), scale=alt.Scale(domain=[0, top]))
    tooltip = [alt.Tooltip("year:Q", title=words.say("year"), format="d"), _share_tooltip("share", words)]
    observed = [row for row in rows if row["is_observed"]]
    projected = [{**row, "low": row["low"], "high": row["high"]} for row in rows if not row["is_observed"]]
    joint = [{**observed[-1], "low": observed[-1]["share"], "high": observed[-1]["share"]}] if observed else []
    fan = alt.Chart(_values([*joint, *projected]))
    layers = (
        fan.mark_area(color="#f0c9a0", opacity=0.6).encode(x=x, y="low:Q", y2="high:Q")
        + fan.mark_line(color=ORANGE, strokeDash=[5, 4], strokeWidth=2).encode(x=x, y=y, tooltip=tooltip)
        + alt.Chart(_values(observed)).mark_line(color=BLUE, strokeWidth=2.5).encode(x=x, y=y, tooltip=tooltip)
        + alt.Chart(_values([{"share": target}])).mark_rule(color=MUTED, strokeDash=[2, 3]).encode(y=y)
        + alt.Chart(_values([{"label": words.say("outlook_stamp")}]))
        .mark_text(fontSize=13, fontStyle="italic", color=ORANGE, align="left")
        .encode(x=alt.value(12), y=alt.value(16), text="label:N")
    )
    return specification(layers, height=280)
