"""Known quality of the links on every refresh: shares, expected and sampled precision and recall, calibration.

Belongs here: gathering the frames, thresholds, charts. Does not belong here: estimators (`methods.link_quality`), the
clerk's file (`pipelines.link_sample`).
"""

from __future__ import annotations

import pandas as pd

from assets.charts import calibration_chart, score_chart
from assets.table import Build, Chart, Result, SqlCheck, python_table
from methods.link_quality import expected, read_verdicts, sampled, shares

FRAME = "integration/link_quality_frame.sql"

# of one record reviewed twice the latest verdict counts; an older id of the same unit means the unit
REVIEWS = """
    SELECT r.sample_id, r.record_id, r.stratum_code, max(r.stratum_size) OVER stratum AS stratum_size,
           coalesce(b.successor_id, r.shown_legal_unit_id) AS shown_unit_id, r.verdict,
           coalesce(a.successor_id, r.right_legal_unit_id) AS right_unit_id,
           u.legal_unit_id IS NOT NULL AS is_unit_known
    FROM (
        SELECT * FROM source.clerical_review
        QUALIFY row_number() OVER (
            PARTITION BY sample_id, record_id
            ORDER BY verdict IS NOT NULL DESC, reviewed_date DESC NULLS LAST, source_id DESC, file_name DESC,
                     row_number DESC) = 1
    ) AS r
    LEFT JOIN integration.legal_unit_succession AS a
      ON a.predecessor_id = r.right_legal_unit_id AND a.event_kind = 'registered'
    LEFT JOIN integration.legal_unit_succession AS b
      ON b.predecessor_id = r.shown_legal_unit_id AND b.event_kind = 'registered'
    LEFT JOIN integration.legal_unit AS u ON u.legal_unit_id = coalesce(a.successor_id, r.right_legal_unit_id)
    WINDOW stratum AS (PARTITION BY r.sample_id, r.stratum_code)
    ORDER BY r.sample_id, r.record_id"""

# what a person decided is certain; a decided unit need not be among the candidates
CANDIDATES = """
    SELECT f.cooperation_type, coalesce(s.gva_proxy_huf_mn, 0) AS gva_huf_mn,
           f.status = 'accepted' AND c.legal_unit_id IS NOT DISTINCT FROM f.unit_id AS is_linked,
           CASE WHEN f.method <> 'decision' OR f.status = 'review' THEN c.probability
                WHEN f.status = 'accepted' AND c.legal_unit_id IS NOT DISTINCT FROM f.unit_id THEN 1.0 ELSE 0.0 END
               AS probability
    FROM (
        SELECT record_id, legal_unit_id, probability FROM integration.link_candidate WHERE legal_unit_id IS NOT NULL
        UNION ALL
        SELECT record_id, legal_unit_id, probability FROM integration.firm_identity AS i
        WHERE method = 'decision' AND legal_unit_id IS NOT NULL
          AND NOT EXISTS (FROM integration.link_candidate AS k
                          WHERE k.record_id = i.record_id AND k.legal_unit_id = i.legal_unit_id)
    ) AS c
    JOIN record AS f ON f.record_id = c.record_id
    LEFT JOIN integration.firm_size AS s ON s.legal_unit_id = c.legal_unit_id
    ORDER BY c.record_id, c.legal_unit_id"""

SIZES = "SELECT legal_unit_id, gva_proxy_huf_mn FROM integration.firm_size ORDER BY legal_unit_id"

SHOWN = ("expected_precision", "expected_recall", "precision", "recall", "calibration_error")
"""Measures over all records that the materialisation shows, so that they are plotted over time."""


def _link_quality(build: Build) -> Result:
    records = build.sql(FRAME).order("record_id").df()
    build.connection.register("record", records)
    parts = [shares(records), expected(build.frame(CANDIDATES))]
    reviews = _whole(build.frame(REVIEWS))
    if reviews["verdict"].isin(["RIGHT", "WRONG"]).any():
        sizes = build.frame(SIZES).set_index("legal_unit_id")["gva_proxy_huf_mn"]
        parts.append(sampled(records, read_verdicts(records, reviews), sizes))
    table = pd.concat(parts, ignore_index=True)
    ways = table[(table["measure_code"] == "linked_share") & (table["weight"] == "count")]
    shown = table[table["measure_code"].isin(SHOWN) & (table["stratum_code"] == "all")]
    names = [*("linked_" + ways["stratum_code"]), *(shown["measure_code"] + "_" + shown["weight"])]
    values = [*ways["value"].tolist(), *shown["value"].tolist()]
    build.facts |= {f"{name}_pct": 100 * float(value) for name, value in zip(names, values, strict=True)}
    build.facts["records_of_firms_without_accounts"] = int((records["gva_huf_mn"].fillna(0) <= 0).sum())
    return table


def _whole(reviews: pd.DataFrame) -> pd.DataFrame:
    """Strata at least as large as what was drawn from them, whatever a hand did to the file."""
    drawn = reviews.groupby(["sample_id", "stratum_code"])["record_id"].transform("size")
    return reviews.assign(stratum_size=reviews["stratum_size"].where(reviews["stratum_size"] >= drawn, drawn))


link_quality = python_table(
    "integration.link_quality",
    _link_quality,
    inputs=(
        "integration.participant",
        "integration.link_candidate",
        "integration.firm_identity",
        "integration.legal_unit",
        "integration.legal_unit_succession",
        "integration.firm_size",
        "source.clerical_review",
    ),
    sql=(FRAME,),
    parameters=(
        "reference_area",
        "linkage_min_accepted_share",
        "linkage_min_expected_precision",
        "linkage_min_sampled_precision",
        "linkage_min_sampled_recall",
        "linkage_max_calibration_error",
    ),
    checks=(
        SqlCheck("links_accepted_often_enough", "Enough of the records at home are linked", "warn"),
        SqlCheck(
            "expected_precision_high_enough", "The links are as right as is asked for, by their probabilities", "warn"
        ),
        SqlCheck("sampled_precision_high_enough", "The clerical sample does not refute the precision asked for"),
        SqlCheck("sampled_recall_high_enough", "The clerical sample does not refute the recall asked for", "warn"),
        SqlCheck("probabilities_calibrated", "The clerical sample does not contradict the probabilities", "warn"),
        SqlCheck(
            "reviews_name_known_records",
            "Every verdict is on a record that is there; otherwise the record changed and the verdict rests",
            "warn",
        ),
        SqlCheck("reviews_name_known_units", "Every firm that a clerk named is in the register", "warn"),
    ),
    charts=(
        Chart(
            "score_distribution",
            """SELECT split_part(stratum_code, '|', 1) AS status,
                      CAST(split_part(stratum_code, '|', 2) AS DOUBLE) AS low,
                      value AS share FROM integration.link_quality WHERE measure_code = 'score_share' ORDER BY ALL""",
            score_chart,
        ),
        Chart(
            "calibration",
            """SELECT e.value AS expected, o.value AS observed, o.interval_low AS low, o.interval_high AS high,
                      o.sample_size FROM integration.link_quality AS e JOIN integration.link_quality AS o
                      ON o.stratum_code = e.stratum_code AND o.measure_code = 'calibration_observed'
               WHERE e.measure_code = 'calibration_expected' ORDER BY ALL""",
            calibration_chart,
        ),
    ),
)

TABLES = (link_quality,)
