"""Charts that travel inside an asset's metadata: pictures as Markdown with the image inlined, nothing to fetch.

Drawn by Altair and rendered to PNG by vl-convert, both without a browser or a network. No number is computed here.
"""

from __future__ import annotations

import base64
from typing import Any

import pandas as pd

_WIDTH, _HEIGHT = 560, 260
_COUNTRIES = 15
"""Countries that the matrix of regions shows beside those at home."""


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


def score_chart(frame: pd.DataFrame) -> str:
    """How sure the linkage is: histogram of the best candidate's probability by status, as a Markdown image.

    Args:
        frame: `status` (accepted, review, none), `low` (lower bound of the bar, ratio, bars of 0.05), `share` (ratio of
            all records); empty for no chart.
    """
    if frame.empty:
        return ""
    import altair as alt

    bars: list[dict[str, Any]] = [
        {"status": str(status), "low": float(low), "high": round(float(low) + 0.05, 2), "share": 100 * float(share)}
        for status, low, share in frame[["status", "low", "share"]].itertuples(index=False)
    ]
    order = ["accepted", "review", "none"]
    chart = (
        alt.Chart(alt.InlineData(values=bars))
        .mark_bar(binSpacing=1, opacity=0.85)
        .encode(
            x=alt.X("low:Q", bin="binned", title="Probability of the best candidate", scale=alt.Scale(domain=[0, 1])),
            x2="high:Q",
            # most links are all but certain; on an even scale the doubtful ones, which matter, could not be seen
            y=alt.Y("share:Q", stack=False, title="Share of records, % (square roots)", scale=alt.Scale(type="sqrt")),
            color=alt.Color(
                "status:N", title=None, scale=alt.Scale(domain=order, range=["#1f4e79", "#b35900", "#9aa5b1"])
            ),
        )
        .properties(width=_WIDTH, height=_HEIGHT, background="white")
    )
    return f"![Probabilities of the best candidates by status]({_data_uri(_png(chart))})"


def calibration_chart(frame: pd.DataFrame) -> str:
    """Probabilities against a clerk's verdicts with 95 % intervals, as a Markdown image.

    Args:
        frame: one row per band; `expected`, `observed`, `low`, `high` (ratios), `sample_size`; empty for no chart.
    """
    if frame.empty:
        return ""
    import altair as alt

    values: list[dict[str, Any]] = [
        {str(name): float(value) for name, value in row.items()}
        for row in frame[["expected", "observed", "low", "high", "sample_size"]].to_dict("records")
    ]
    bands = alt.Chart(alt.InlineData(values=values))
    unit = alt.Scale(domain=[0, 1])
    x = alt.X("expected:Q", title="Mean probability", scale=unit)
    line = alt.Chart(alt.InlineData(values=[{"at": 0}, {"at": 1}])).encode(x=alt.X("at:Q"), y=alt.Y("at:Q"))
    chart = alt.layer(
        line.mark_line(strokeDash=[5, 4], color="#b35900"),
        bands.mark_rule(color="#1f4e79").encode(x=x, y=alt.Y("low:Q"), y2="high:Q"),
        bands.mark_point(filled=True, color="#1f4e79").encode(
            x=x,
            y=alt.Y("observed:Q", title="Share that is the firm meant", scale=unit),
            size=alt.Size("sample_size:Q", title="verdicts", scale=alt.Scale(range=[30, 250])),
        ),
    ).properties(width=_WIDTH, height=_HEIGHT, background="white")
    return f"![Calibration of the probabilities]({_data_uri(_png(chart))})"


def scoreboard_chart(frame: pd.DataFrame) -> str:
    """Goal 1 by key industry and year, as a Markdown image: shade for the share of draws that pass, a mark for a pass.

    Args:
        frame: one row per year and industry; `reference_year`, `name_en`, `is_passed`, `pass_share_ratio`; empty for no
            chart.
    """
    if frame.empty:
        return ""
    import altair as alt

    values: list[dict[str, Any]] = [
        {"year": int(year), "industry": str(name), "mark": "●" if passed else "", "share": 100 * float(share)}
        for year, name, passed, share in frame[
            ["reference_year", "name_en", "is_passed", "pass_share_ratio"]
        ].itertuples(index=False)
    ]
    cell = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("year:O", title="Reference year"), y=alt.Y("industry:N", title=None, axis=alt.Axis(labelLimit=260))
    )
    shade = alt.Color(
        "share:Q",
        title=["Share of draws", "that pass, %"],
        scale=alt.Scale(domain=[0, 100], range=["#eef2f6", "#1f4e79"]),
    )
    chart = alt.layer(
        cell.mark_rect(stroke="white").encode(color=shade), cell.mark_text(color="#b35900").encode(text="mark:N")
    ).properties(width=_WIDTH - 140, height=_HEIGHT + 80, background="white")
    return f"![Key industries that pass goal 1 (●), by year]({_data_uri(_png(chart))})"


def region_matrix_chart(frame: pd.DataFrame) -> str:
    """Weight of ties of each region at home with each region and the foremost countries, as a Markdown image.

    Args:
        frame: both halves of one year's matrix: `reference_year`, `region_code`, `partner_code`, `is_home` (the partner
            is a region at home), `weight` (> 0); empty for no chart.
    """
    if frame.empty:
        return ""
    import altair as alt

    abroad = frame[~frame["is_home"]].groupby("partner_code")["weight"].sum()
    countries = abroad.sort_values(ascending=False, kind="stable").index[:_COUNTRIES].tolist()
    partners = [*sorted(frame.loc[frame["is_home"], "partner_code"].unique()), *countries]
    shown = frame[frame["partner_code"].isin(partners)]
    values: list[dict[str, Any]] = [
        {"region": str(region), "partner": str(partner), "weight": float(weight)}
        for region, partner, weight in shown[["region_code", "partner_code", "weight"]].itertuples(index=False)
    ]
    cell = alt.Chart(alt.InlineData(values=values)).encode(
        x=alt.X("partner:O", sort=partners, title="Partner's region or country", axis=alt.Axis(labelAngle=-45)),
        y=alt.Y("region:O", title="Region"),
    )
    # most ties are of few pairs; on an even scale the rest would look empty
    shade = alt.Color(
        "weight:Q", title="Weight of ties", scale=alt.Scale(type="sqrt", range=["#eef2f6", "#1f4e79"], domainMin=0)
    )
    limit = shown["weight"].max() / 4
    ink = alt.condition(f"datum.weight > {limit}", alt.value("white"), alt.value("#1f4e79"))
    chart = alt.layer(
        cell.mark_rect(stroke="white").encode(color=shade),
        cell.mark_text(fontSize=8).encode(text=alt.Text("weight:Q", format=".2~r"), color=ink),
    ).properties(width=_WIDTH + 40, height=_HEIGHT, background="white")
    year = int(frame["reference_year"].iloc[0])
    return f"![Ties of joint projects between regions, {year}]({_data_uri(_png(chart))})"


def _png(chart: Any) -> bytes:
    import vl_convert as vlc

    return bytes(vlc.vegalite_to_png(chart.to_json(), scale=1))


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
