"""Goal 1: who is assessed, by which indicators, with how many points, and which key industries pass.

The industries, thresholds and scales are configuration (`key_industries.yaml`, `cluster_assessment.yaml`); the verdict
is `methods.scoreboard`, the points `methods.assessment`. Instruments of the strategy over time are `instruments`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from assets.charts import scoreboard_chart
from assets.table import Build, Chart, Result, SqlCheck, python_table
from methods.assessment import dimension_points, indicator_points
from methods.scoreboard import DIMENSIONS, Choices, draw_choices, judge, passes_by_draw, scoreboard

YEARS = ("first_reference_year", "last_reference_year")
SCALING_RULE = "linear between floor and ceiling"

UNIT_CODES = """
    SELECT DISTINCT nace_rev2_code, nace_rev2_section FROM integration.legal_unit
    WHERE nace_rev2_code IS NOT NULL ORDER BY ALL"""

TEXTS = "SELECT DISTINCT key_industry AS text FROM integration.cooperation WHERE key_industry IS NOT NULL ORDER BY text"


def industries(configuration: Mapping[str, Any]) -> pd.DataFrame:
    """The key industries in the order of `code`, with `texts`, everything by which a register may name them."""
    frame = pd.DataFrame(configuration["industries"])
    named = frame[["code", "name_hu", "name_en"]].to_numpy().tolist()
    frame["texts"] = [
        sorted({t.strip().casefold() for t in (*names, *declared)})
        for names, declared in zip(named, frame["declared_as"], strict=True)
    ]
    return frame.drop(columns="declared_as").sort_values("code").reset_index(drop=True)


def industries_of_year(frame: pd.DataFrame, year: int) -> pd.DataFrame:
    """The industries that are valid on 31 December of a year."""
    day, open_end = f"{year}-12-31", "9999-12-31"
    return frame[(frame["valid_from"] <= day) & (frame["valid_to"].fillna(open_end) > day)]


def industry_of_texts(texts: pd.Series, frame: pd.DataFrame) -> pd.DataFrame:
    """`industry_code` and `text` of every declared text that the configuration knows, whatever its case."""
    known = {text: code for code, names in zip(frame["code"], frame["texts"], strict=True) for text in names}
    codes = texts.str.strip().str.casefold().map(known)
    return pd.DataFrame({"industry_code": codes, "text": texts}).dropna()


def industry_of_codes(codes: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """`industry_code` and `nace_rev2_code`: which activities make up which industry.

    Args:
        codes: `nace_rev2_code` with or without its point, `nace_rev2_section`.
        frame: as `industries` returns it.
    """
    plain = codes["nace_rev2_code"].str.replace(".", "", regex=False)
    found = []
    for code, prefixes in zip(frame["code"], frame["nace_rev2"], strict=True):
        sections = [p for p in prefixes if p.isalpha()]
        numbers = tuple(p.replace(".", "") for p in prefixes if not p.isalpha())
        inside = codes["nace_rev2_section"].isin(sections) | plain.str.startswith(numbers)
        found.append(codes.loc[inside, ["nace_rev2_code"]].assign(industry_code=code))
    return pd.concat(found, ignore_index=True)


def scales(configuration: Mapping[str, Any]) -> pd.DataFrame:
    """The scale as `methods.assessment` wants it."""
    rows = [
        {
            "dimension_code": dimension["code"],
            "indicator_code": indicator["code"],
            "floor": float(indicator["floor"]),
            "ceiling": float(indicator["ceiling"]),
            "max_points": float(indicator["points"]),
        }
        for dimension in configuration["dimensions"]
        for indicator in dimension["indicators"]
    ]
    return pd.DataFrame(rows)


def _show_configuration(build: Build) -> None:
    """Make the temporary tables `rule` and `industry_unit_code`, and the members."""
    configuration = build.parameters["key_industries"]
    rule = {name: [configuration[name]] for name in ("long_lived_days", "long_lived_min_members", "tie_window_years")}
    build.connection.register("rule", pd.DataFrame(rule))
    build.connection.register(
        "industry_unit_code", industry_of_codes(build.frame(UNIT_CODES), industries(configuration))
    )
    build.sql("interpretation/cooperation_member.sql")


def _assessed_cooperation(build: Build) -> Result:
    _show_configuration(build)
    listed = industries(build.parameters["key_industries"])
    build.connection.register("industry_text", industry_of_texts(build.frame(TEXTS)["text"], listed).astype("str"))
    return build.sql("interpretation/assessed_cooperation.sql")


def _cooperation_indicator(build: Build) -> Result:
    _show_configuration(build)
    build.sql("interpretation/member_project.sql")
    return build.sql("interpretation/cooperation_indicator.sql")


def _cluster_assessment_point(build: Build) -> Result:
    indicators = build.frame("SELECT * FROM interpretation.cooperation_indicator ORDER BY ALL")
    points = indicator_points(indicators, scales(build.parameters["cluster_assessment"]))
    described = indicators.drop(columns=["value", "dimension_code"])
    keys = ["reference_year", "cooperation_id", "indicator_code"]
    return points.merge(described, on=keys, how="left").assign(scaling_rule=SCALING_RULE)


def _cluster_assessment(build: Build) -> Result:
    points = build.frame("SELECT * FROM interpretation.cluster_assessment_point ORDER BY ALL")
    return dimension_points(points).assign(
        scaling_rule=SCALING_RULE, configuration_version=build.parameters["cluster_assessment"]["version"]
    )


@dataclass(frozen=True)
class _Verdict:
    """Goal 1 in one year: the scoreboard, the judged cooperations, and passes by industry and draw."""

    year: int
    board: pd.DataFrame
    judged: pd.DataFrame
    draws: pd.DataFrame


def verdicts(
    cooperations: pd.DataFrame, points: pd.DataFrame, configuration: Mapping[str, Any], years: range
) -> list[_Verdict]:
    """Goal 1 of every year.

    Args:
        cooperations: `reference_year`, `cooperation_id`, `industry_code`, `is_accredited`.
        points: rows of `interpretation.cluster_assessment_point`.
        configuration: the document of `key_industries.yaml`.
        years: reference years; one without any cooperation has a scoreboard on which no industry passes.
    """
    thresholds = {d: float(configuration[f"{d}_threshold"]) for d in DIMENSIONS}
    points = points.sort_values(["dimension_code", "indicator_code"])
    wanted = {d: sorted(points.loc[points["dimension_code"] == d, "indicator_code"].unique()) for d in DIMENSIONS}
    choices: Choices | None = None
    if all(wanted.values()):
        choices = draw_choices(
            wanted,
            thresholds,
            draws=configuration["sensitivity_draws"],
            seed=configuration["sensitivity_seed"],
            spread=configuration["sensitivity_threshold_spread"],
        )
    listed = industries(configuration)
    found = []
    for year in years:
        codes = industries_of_year(listed, year)["code"].tolist()
        of_year = cooperations[cooperations["reference_year"] == year].sort_values("cooperation_id")
        ids = of_year["cooperation_id"].tolist()
        part = points[points["reference_year"] == year].assign(share=lambda f: f["points"] / f["max_points"])
        shares, scores = {}, {}
        for dimension in DIMENSIONS:
            rows = part[part["dimension_code"] == dimension]
            grid = rows.pivot(index="cooperation_id", columns="indicator_code", values="share")
            shares[dimension] = grid.reindex(index=ids, columns=wanted[dimension]).to_numpy(dtype=np.float64)
            sums = rows.groupby("cooperation_id")[["points", "max_points"]].sum()
            scores[dimension] = (sums["points"] / sums["max_points"]).round(9).reindex(ids).to_numpy(dtype=np.float64)
        frame = pd.DataFrame(
            {
                "cooperation_id": ids,
                "industry_code": of_year["industry_code"].where(of_year["industry_code"].isin(codes)).to_numpy(),
                "is_valid": of_year["is_accredited"].to_numpy(dtype=bool),
                **scores,
            }
        )
        judged = judge(frame, thresholds)
        if choices is None:
            draws = pd.DataFrame(False, index=pd.Index(codes), columns=range(configuration["sensitivity_draws"]))
        else:
            draws = passes_by_draw(frame, shares, choices, codes)
        found.append(_Verdict(year, scoreboard(judged, codes), judged, draws))
    return found


def _verdicts(build: Build) -> list[_Verdict]:
    return verdicts(
        build.frame("SELECT * FROM interpretation.assessed_cooperation ORDER BY reference_year, cooperation_id"),
        build.frame("SELECT * FROM interpretation.cluster_assessment_point ORDER BY ALL"),
        build.parameters["key_industries"],
        range(build.parameters["first_reference_year"], build.parameters["last_reference_year"] + 1),
    )


PLAYERS = """
    SELECT reference_year, cooperation_id AS best_cooperation_id, value AS best_industry_gva_share_pct
    FROM interpretation.cooperation_indicator WHERE indicator_code = 'industry_gva_share_pct' ORDER BY ALL"""


def _key_industry(build: Build) -> Result:
    configuration = build.parameters["key_industries"]
    boards = []
    for verdict in _verdicts(build):
        shares = verdict.draws.mean(axis=1).rename("pass_share_ratio")
        boards.append(verdict.board.join(shares, on="industry_code").assign(reference_year=verdict.year))
    board = pd.concat(boards, ignore_index=True)
    names = industries(configuration)[["code", "name_hu", "name_en"]].rename(columns={"code": "industry_code"})
    board = board.merge(names, on="industry_code", how="left")
    board = board.merge(build.frame(PLAYERS), on=["reference_year", "best_cooperation_id"], how="left")
    return board.rename(
        columns={
            "best_innovation": "best_innovation_ratio",
            "best_international": "best_international_ratio",
            "best_margin": "best_margin_ratio",
        }
    ).assign(
        innovation_threshold_ratio=float(configuration["innovation_threshold"]),
        international_threshold_ratio=float(configuration["international_threshold"]),
        configuration_version=configuration["version"],
    )


def _goal_1(build: Build) -> Result:
    configuration = build.parameters["key_industries"]
    rows = []
    for verdict in _verdicts(build):
        passed = verdict.draws.sum(axis=0).to_numpy()
        rows.append(
            {
                "reference_year": verdict.year,
                "passed_count": int(verdict.board["is_passed"].sum()),
                "industry_count": len(verdict.board),
                "draw_mean_count": round(float(passed.mean()), 9),
                "draw_low_count": int(np.quantile(passed, 0.05, method="inverted_cdf")),
                "draw_high_count": int(np.quantile(passed, 0.95, method="inverted_cdf")),
                "draw_count": len(passed),
                "configuration_version": configuration["version"],
            }
        )
    last = rows[-1]
    build.facts |= {"passed_industries": last["passed_count"], "key_industries": last["industry_count"]}
    return pd.DataFrame(rows)


def _goal_1_cooperation(build: Build) -> Result:
    columns = {
        "industry_code": "industry_code",
        "innovation": "innovation_ratio",
        "international": "international_ratio",
        "margin_ratio": "margin_ratio",
    }
    frames = [
        v.judged[v.judged["is_passed"]].rename(columns=columns).assign(reference_year=v.year) for v in _verdicts(build)
    ]
    return pd.concat(frames, ignore_index=True)[["reference_year", "cooperation_id", *columns.values()]]


assessed_cooperation = python_table(
    "interpretation.assessed_cooperation",
    _assessed_cooperation,
    inputs=(
        "integration.cooperation",
        "integration.participation",
        "integration.legal_unit",
        "source.cluster",
        "source.cluster_label",
    ),
    sql=("interpretation/cooperation_member.sql", "interpretation/assessed_cooperation.sql"),
    parameters=(*YEARS, "key_industries"),
    checks=(
        SqlCheck(
            "declared_industry_known",
            "Every key industry that a cluster declares is in the configuration; others are on no scoreboard",
            severity="warn",
        ),
    ),
)

cooperation_indicator = python_table(
    "interpretation.cooperation_indicator",
    _cooperation_indicator,
    inputs=(
        "interpretation.assessed_cooperation",
        "interpretation.firm_gva",
        "integration.cooperation",
        "integration.participation",
        "integration.participant",
        "integration.legal_unit",
        "source.c2c_agreement",
        "source.cooperation_event",
        "source.exchange_rate",
    ),
    sql=(
        "interpretation/cooperation_member.sql",
        "interpretation/member_project.sql",
        "interpretation/cooperation_indicator.sql",
    ),
    parameters=(*YEARS, "reference_area", "key_industries"),
)

cluster_assessment_point = python_table(
    "interpretation.cluster_assessment_point",
    _cluster_assessment_point,
    inputs=("interpretation.cooperation_indicator",),
    parameters=("cluster_assessment",),
    checks=(SqlCheck("points_have_their_indicator", "Every indicator of the scale is measured"),),
)

cluster_assessment = python_table(
    "interpretation.cluster_assessment",
    _cluster_assessment,
    inputs=("interpretation.cluster_assessment_point",),
    parameters=("cluster_assessment",),
    checks=(SqlCheck("dimensions_add_up", "The dimensions of an assessment have 100 points together"),),
)

SCOREBOARD_INPUTS = ("interpretation.assessed_cooperation", "interpretation.cluster_assessment_point")

key_industry = python_table(
    "interpretation.key_industry",
    _key_industry,
    inputs=(*SCOREBOARD_INPUTS, "interpretation.cooperation_indicator"),
    parameters=(*YEARS, "key_industries"),
    charts=(
        Chart(
            "scoreboard",
            "SELECT reference_year, name_en, is_passed, pass_share_ratio FROM interpretation.key_industry ORDER BY ALL",
            scoreboard_chart,
        ),
    ),
)

goal_1 = python_table("interpretation.goal_1", _goal_1, inputs=SCOREBOARD_INPUTS, parameters=(*YEARS, "key_industries"))

goal_1_cooperation = python_table(
    "interpretation.goal_1_cooperation",
    _goal_1_cooperation,
    inputs=SCOREBOARD_INPUTS,
    parameters=(*YEARS, "key_industries"),
    checks=(SqlCheck("passing_cooperation_is_accredited", "Who passes goal 1 held an accreditation in the year"),),
)

TABLES = (
    assessed_cooperation,
    cooperation_indicator,
    cluster_assessment_point,
    cluster_assessment,
    key_industry,
    goal_1,
    goal_1_cooperation,
)
