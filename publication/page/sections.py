"""The sections of the page: a sentence that says what the data say, a chart, and the same numbers as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from publication.page import charts
from publication.page.tables import COUNTY_TILES, HEADLINE, NUTS2_TILES, WIDE, Published, known, rows_of
from publication.page.words import Words

SHOWN_ROWS = 60


@dataclass(frozen=True)
class Grid:
    """A table of the page.

    Attributes:
        columns: headings.
        rows: texts, as the language writes them; the first of a row is its heading.
        all_rows: rows that the full table has.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    all_rows: int = 0


@dataclass(frozen=True)
class Figure:
    """A chart with its message in words and its numbers."""

    name: str
    title: str
    alt: str
    specification: dict[str, Any]
    grid: Grid


@dataclass(frozen=True)
class Section:
    """A part of the page; `figures` are drawn below the lead."""

    anchor: str
    title: str
    lead: str
    figures: Sequence[Figure] = ()
    notes: Sequence[str] = ()
    extra: dict[str, Any] = field(default_factory=dict)


def headline(data: Published, words: Words) -> Section:
    """The share, its path and what is missing to the target."""
    tracker = data["target_tracker"]
    own = tracker[tracker["numerator_code"] == HEADLINE].sort_values("reference_year")
    last = own[own["reference_year"] == data.year].iloc[0]
    target, target_year = float(last["target_share_pct"]), int(last["target_year"])
    share = known(last["share_pct"])
    cells = data.cells("T1", HEADLINE).sort_values("reference_year")
    rows = [
        {"year": int(c.reference_year), "share": c.share_pct, "low": c.ci_low_share_pct, "high": c.ci_high_share_pct}
        for c in rows_of(cells)
        if not c.is_withheld and known(c.share_pct) is not None
    ]
    rows = [{k: (None if pd.isna(v) else v) for k, v in row.items()} for row in rows]
    is_reached = share is not None and share >= target
    needed = [{"year": data.year, "share": share}, {"year": target_year, "share": target}] if share is not None else []
    label = words.percent(target, 0 if target == round(target) else 2)
    points = [{"year": target_year, "share": target, "label": label, "shape": "circle", "align": "right"}]
    for year, value in rows_of(own[["reference_year", "published_baseline_pct"]]):
        if known(value) is not None:
            text = words.percent(float(value))
            points.append(
                {"year": int(year), "share": float(value), "label": text, "shape": "diamond", "align": "center"}
            )
    common = {"year": data.year, "target": label, "target_year": target_year, "share": words.percent(share)}
    change = known(last["change_pp"])
    in_words = words.say("headline_change", change=words.number(change, sign=True)) if change is not None else ""
    pace = words.number(known(last["required_pace_pp"]), sign=True)
    if share is None:
        title = lead = words.say("headline_title_withheld", year=data.year)
    else:
        title = words.say("headline_title", share=words.percent(share))
        distance = words.number(known(last["distance_pp"]))
        message = "headline_reached" if is_reached else "headline_lead"
        lead = words.say(message, change=in_words, distance=distance, pace=pace, **common)
    top = 1.12 * max([target, *(r["high"] or r["share"] for r in rows)])
    alt = title
    if rows:
        alt = words.say(
            "headline_alt",
            first_year=rows[0]["year"],
            last_year=rows[-1]["year"],
            first=words.percent(rows[0]["share"]),
            last=words.percent(rows[-1]["share"]),
            target=label,
            target_year=target_year,
        )
    grid = Grid(
        [words.say(key) for key in ("year", "share", "low", "high")],
        [
            [str(c.reference_year), *_texts(words, c.is_withheld, c.share_pct, c.ci_low_share_pct, c.ci_high_share_pct)]
            for c in rows_of(cells)
        ],
    )
    figure = Figure(
        "path",
        words.say("headline_chart", target=label),
        alt,
        charts.path_chart(rows, [] if is_reached else needed, points, words, top),
        grid,
    )
    facts = _facts(data, words, pace if not is_reached else None)
    return Section("share", title, lead, [figure], [words.say("headline_note")], {"facts": facts})


def _texts(words: Words, is_withheld: bool, *values: Any, digits: int = 2) -> list[str]:
    """Formatted numbers, or the word for confidential in each place."""
    if is_withheld:
        return [words.say("withheld")] * len(values)
    return [words.number(known(v), digits) for v in values]


def _facts(data: Published, words: Words, pace: str | None) -> list[tuple[str, str]]:
    """A few large numbers under the headline: number and what it is."""
    facts: list[tuple[str, str]] = []
    own, wide = data.total(HEADLINE, data.year), data.total(WIDE, data.year)
    if own and not own["is_withheld"]:
        low, high = known(own["ci_low_share_pct"]), known(own["ci_high_share_pct"])
        if low is not None and high is not None:
            facts.append((f"{words.number(low)}\u2013{words.percent(high)}", words.say("fact_interval")))
    if wide and not wide["is_withheld"]:
        facts.append((words.percent(known(wide["share_pct"])), words.say("fact_all")))
    if pace:
        facts.append((pace, words.say("fact_pace")))
    goal = data["goal_1"]
    now = goal[goal["reference_year"] == data.year]
    if len(now):
        passed, every = int(now["passed_count"].iloc[0]), int(now["industry_count"].iloc[0])
        facts.append((f"{passed} / {every}", words.say("fact_goal1")))
    return facts


def activities(data: Published, words: Words) -> Section:
    """Sections of activity, both numerators, in the last year."""
    cells = pd.concat([data.cells("T2", n, year=data.year) for n in (HEADLINE, WIDE)], ignore_index=True)
    cells["name"] = [words.name("NACE_REV2", code) for code in cells["activity_code"]]
    wide = cells[cells["numerator_code"] == WIDE].sort_values(
        ["share_pct", "activity_code"], ascending=[False, True], na_position="last"
    )
    series = {HEADLINE: words.say("numerator_n1"), WIDE: words.say("numerator_n2")}
    rows = [
        {"name": c.name, "series": series[c.numerator_code], "share": float(c.share_pct)}
        for c in rows_of(cells)
        if not c.is_withheld and known(c.share_pct) is not None
    ]
    withheld = [{"name": c.name, "label": words.say("withheld")} for c in rows_of(wide) if c.is_withheld]
    shares = cells.set_index(["activity_code", "numerator_code"])
    grid_rows = []
    for cell in rows_of(wide):
        texts = [cell.name]
        for numerator in (HEADLINE, WIDE):
            if (cell.activity_code, numerator) in shares.index:
                one = shares.loc[(cell.activity_code, numerator)]
                texts += _texts(words, bool(one["is_withheld"]), one["share_pct"])
            else:
                texts.append(words.number(None))
        grid_rows.append(texts)
    best = next(((c.name, float(c.share_pct)) for c in rows_of(wide) if not c.is_withheld), None)
    if best:
        lead = words.say("activities_lead", year=data.year, top=best[0], share=words.percent(best[1]))
    else:
        lead = words.say("activities_lead_none", year=data.year)
    figure = Figure(
        "activities",
        "",
        words.say("activities_alt", count=len(wide)),
        charts.dots_chart(rows, withheld, list(wide["name"]), words),
        Grid([words.say("activity"), *series.values()], grid_rows),
    )
    return Section("activities", words.say("activities_title"), lead, [figure], [words.say("withheld_note")])


def regions(data: Published, words: Words) -> Section:
    """Regions as tiles, all cooperating firms."""
    cells = data.cells("T3", WIDE, year=data.year).sort_values("share_pct", ascending=False, na_position="last")
    tiles = COUNTY_TILES if cells["region_code"].str.len().eq(5).any() else NUTS2_TILES
    rows, grid_rows = [], []
    for place, cell in enumerate(rows_of(cells)):
        version = str(cell.nuts_version_code)
        name = words.name(version, cell.region_code)
        value = None if cell.is_withheld else known(cell.share_pct)
        x, y = tiles.get(cell.region_code, (place % 4, 4 + place // 4))
        label = "(c)" if cell.is_withheld else words.number(value)
        rows.append({"x": x, "y": y, "name": name, "value": value, "label": label})
        gva = known(cell.gva_huf_mn)
        grid_rows.append(
            [
                name,
                *_texts(words, cell.is_withheld, cell.share_pct),
                *_texts(words, cell.is_withheld, None if gva is None else gva / 1000, digits=1),
            ]
        )
    best = next((row for row in rows if row["value"] is not None), None)
    top, share = (str(best["name"]), words.percent(float(str(best["value"])))) if best else ("\u2013", "\u2013")
    figure = Figure(
        "regions",
        "",
        words.say("regions_alt", count=len(rows), top=top, share=share),
        charts.tile_map(rows, words),
        Grid([words.say("region"), words.say("share"), words.say("gva")], grid_rows),
    )
    lead = words.say("regions_lead", year=data.year, top=top, share=share)
    return Section("regions", words.say("regions_title"), lead, [figure], [words.say("regions_note")])


def kinds(data: Published, words: Words) -> Section:
    """Kinds of cooperation (share of the whole economy) and size classes (contribution to it), side by side."""
    figures = []
    for name, table, code, classification, heading, alt in (
        ("kinds", "T4", "cooperation_type_code", "COOP_TYPE", "kind", "kinds_alt"),
        ("sizes", "T5", "size_class_code", "SIZE_CLASS", "size", "sizes_alt"),
    ):
        cells = data.cells(table, WIDE, year=data.year)
        cells["name"] = [words.name(classification, c) for c in cells[code]]
        if table == "T4":
            cells = cells.sort_values(["contribution_pct", code], ascending=[False, True], na_position="last")
        else:
            cells = cells.assign(low=cells[code].str.extract(r"(\d+)", expand=False).astype(int)).sort_values("low")
        rows = [
            {
                "name": c.name,
                "value": None if c.is_withheld else known(c.contribution_pct),
                "label": _texts(words, c.is_withheld, c.contribution_pct)[0],
            }
            for c in rows_of(cells)
        ]
        grid = Grid(
            [words.say(heading), words.say("contribution"), words.say("units")],
            [
                [
                    c.name,
                    *_texts(words, c.is_withheld, c.contribution_pct),
                    *_texts(words, c.is_withheld, c.firm_count, digits=0),
                ]
                for c in rows_of(cells)
            ],
        )
        order = [str(row["name"]) for row in rows]
        chart = charts.bars_chart(rows, order, words, title=words.say("contribution"))
        title = words.say(f"{name}_chart", year=data.year)
        figures.append(Figure(name, title, words.say(alt, count=len(rows)), chart, grid))
    return Section("kinds", words.say("kinds_title"), words.say("kinds_lead"), figures)
