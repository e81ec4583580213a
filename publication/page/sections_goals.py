"""Further sections: goal 1, ties between regions, outlook."""

from __future__ import annotations

import pandas as pd

from publication.page import charts
from publication.page.sections import SHOWN_ROWS, Figure, Grid, Section
from publication.page.tables import HEADLINE, Published, known, rows_of
from publication.page.words import Words

COUNTRIES = 12


def goal_1(data: Published, words: Words) -> Section:
    """The scoreboard of key industries: K of N, and how far it depends on weights and thresholds."""
    goal = data["goal_1"]
    year = int(goal["reference_year"].max()) if len(goal) else data.year
    now = goal[goal["reference_year"] == year]
    board = data["key_industry"]
    board = board[board["reference_year"] == year].sort_values(
        ["is_passed", "pass_share_ratio", "industry_code"], ascending=[False, False, True]
    )
    name = "name_hu" if words.language == "hu" else "name_en"
    rows = [
        {
            "name": str(row[name]),
            "is_passed": bool(row["is_passed"]),
            "verdict": words.say("goal1_passed" if row["is_passed"] else "goal1_missed"),
            "robust": words.percent(100 * float(row["pass_share_ratio"]), 0),
            "width": round(100 * float(row["pass_share_ratio"]), 1),
            "valid": words.number(float(row["valid_count"]), 0),
        }
        for row in board.to_dict("records")
    ]
    passed, every, low, high = (
        (int(now[c].iloc[0]) if len(now) else 0)
        for c in ("passed_count", "industry_count", "draw_low_count", "draw_high_count")
    )
    return Section(
        "goal-1",
        words.say("goal1_title", passed=passed, all=every),
        words.say("goal1_lead", year=year, passed=passed, low=low, high=high),
        extra={"board": rows},
    )


def ties(data: Published, words: Words) -> Section:
    """Joint projects between regions at home, and with countries abroad."""
    every = data["interregional_cooperation"]
    every = every[every["cooperation_type_code"] == "_T"]
    year = int(every["reference_year"].max()) if len(every) else data.year
    now = every[every["reference_year"] == year]
    home = now[(now["pair_kind"] == "home-home") & (now["region_code_a"] != "HU_U") & (now["region_code_b"] != "HU_U")]

    def region(code: str) -> str:
        return words.name("NUTS_2021", code) if code != "HU_U" else words.say("REGION.HU_U")

    order = [region(c) for c in sorted({*home["region_code_a"], *home["region_code_b"]})]
    rows, listed = [], []
    for tie in rows_of(home.sort_values(["weight", "region_code_a"], ascending=[False, True])):
        a, b, label = region(tie.region_code_a), region(tie.region_code_b), words.number(tie.weight, 1)
        rows += [{"a": x, "b": y, "value": float(tie.weight), "label": label} for x, y in {(a, b), (b, a)}]
        listed.append([f"{a} \u2013 {b}", label])
    rows.sort(key=lambda row: (str(row["a"]), str(row["b"])))
    between = [text for text in listed if len(set(text[0].split(" \u2013 "))) == 2]
    strongest = between[0][0] if between else "\u2013"
    heading = [words.say("region"), words.say("weight")]
    matrix = Figure(
        "ties",
        words.say("ties_chart", year=year),
        words.say("ties_alt", top=strongest),
        charts.matrix_chart(rows, order, words),
        Grid(heading, listed[:SHOWN_ROWS], len(listed)),
    )
    abroad = now[now["pair_kind"] == "home-abroad"]
    # of a pair the first in the alphabet stands first, so the country may be at either end
    is_a = ~abroad["region_code_a"].str.match(r"HU(\d|_U)")
    country = abroad["region_code_a"].where(is_a, abroad["region_code_b"])
    weights = (
        abroad["weight"].groupby(country.to_numpy()).sum().sort_index().sort_values(ascending=False, kind="stable")
    )
    largest = [(str(code), float(weight)) for code, weight in weights.items()]
    best = [{"name": words.name("REGION", c), "value": w, "label": words.number(w, 1)} for c, w in largest[:COUNTRIES]]
    partners = Figure(
        "countries",
        words.say("countries_chart", year=year),
        words.say("countries_alt", count=len(best)),
        charts.bars_chart(best, [str(row["name"]) for row in best], words, title=words.say("weight"), digits=1),
        Grid(
            [words.say("country"), words.say("weight")],
            [[words.name("REGION", c), words.number(w, 1)] for c, w in largest[:SHOWN_ROWS]],
            len(largest),
        ),
    )
    reach = data["international_cooperation"]
    whole = (
        (reach["reference_year"] == year) & (reach["region_code"] == "_T") & (reach["cooperation_type_code"] == "_T")
    )
    row = reach[whole].to_dict("records")
    share = known(row[0]["international_share_pct"]) if row else None
    countries = int(row[0]["partner_country_count"]) if row else 0
    lead = words.say("ties_lead", year=year, top=strongest, share=words.percent(share, 0), countries=countries)
    return Section("ties", words.say("ties_title"), lead, [matrix, partners], [words.say("ties_note")])


def outlook(data: Published, words: Words) -> Section:
    """The fan to the target year, marked as a projection wherever it is."""
    frame = data["outlook"]
    own = frame[(frame["numerator_code"] == HEADLINE) & frame["model_code"].isin(["observed", "envelope"])]
    title = words.say("outlook_title")
    projected = own[own["model_code"] == "envelope"].sort_values("reference_year")
    if projected.empty:
        return Section("outlook", title, words.say("outlook_none"))
    ordered = own.sort_values(["reference_year", "model_code"])
    rows = [
        {
            "year": int(r.reference_year),
            "share": float(r.point_pct),
            "low": known(r.low80_pct),
            "high": known(r.high80_pct),
            "is_observed": r.model_code == "observed",
        }
        for r in rows_of(ordered)
    ]
    end = projected.iloc[-1]
    target = float(end["target_share_pct"])
    chance = 100 * float(end["target_probability_ratio"])
    top = 1.1 * max(target, float(projected["high80_pct"].max()))
    figure = Figure(
        "outlook",
        "",
        words.say("outlook_alt", base_year=int(end["base_year"]), target_year=int(end["reference_year"])),
        charts.fan_chart(rows, words, target=target, top=top),
        Grid(
            [words.say(key) for key in ("year", "share", "low", "high")],
            [[str(r["year"]), *(words.number(r[k]) for k in ("share", "low", "high"))] for r in rows],
        ),
    )
    lead = words.say(
        "outlook_lead",
        target_year=int(end["reference_year"]),
        point=words.percent(float(end["point_pct"])),
        low=words.number(float(end["low80_pct"])),
        high=words.percent(float(end["high80_pct"])),
        target=words.percent(target, 0 if target == round(target) else 2),
        chance=_chance(chance, words),
    )
    return Section("outlook", title, lead, [figure])


def _chance(percent: float, words: Words) -> str:
    """A chance in words of sensible precision: nobody knows a probability of 0.003 %."""
    if percent < 1:
        return words.say("less_than", value=words.percent(1, 0))
    if percent > 99:
        return words.say("more_than", value=words.percent(99, 0))
    return words.percent(percent, 0)


def quality_rows(frame: pd.DataFrame, words: Words, year: int) -> list[list[str]]:
    """Quality indicators of the last year and of all years: name, value, unit, period."""
    chosen = frame[frame["reference_period_code"].isin([str(year), "_T"])]
    rows = []
    for row in chosen.sort_values(["sims_concept_code", "indicator_code", "stratum_code"]).to_dict("records"):
        stratum = "" if row["stratum_code"] == "_T" else f" ({row['stratum_code']})"
        period = str(year) if row["reference_period_code"] != "_T" else "\u2013"
        name = words.name("QUALITY", str(row["indicator_code"]))
        rows.append(
            [f"{name}{stratum}", words.number(known(row["value"])), words.name("UNIT", str(row["unit"])), period]
        )
    return rows
