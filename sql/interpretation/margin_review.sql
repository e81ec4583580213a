-- The list of cells that exceed their margin, with the weight of their largest contributors. Contributors are enterprise
-- groups; where some are negative, absolute values are ordered and summed (METHODS 4). Temporary tables from the step:
-- `_interpretation_cell_above_margin`, `_interpretation_review_contribution`.
WITH grouped AS (
    SELECT * EXCLUDE (legal_unit_id, value_huf_mn), abs(exact_sum(value_huf_mn)) AS value_huf_mn
    FROM _interpretation_review_contribution
    GROUP BY ALL
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
                     cooperation_type_code, sector_code
        ORDER BY value_huf_mn DESC, enterprise_group_id) AS place
    FROM grouped
),
largest AS (
    SELECT * EXCLUDE (enterprise_group_id, value_huf_mn, place), CAST(count(*) AS INTEGER) AS group_count,
           exact_sum(value_huf_mn) AS whole_huf_mn,
           exact_sum_if(value_huf_mn, place = 1) AS top1_huf_mn, exact_sum_if(value_huf_mn, place <= 5) AS top5_huf_mn
    FROM ranked
    GROUP BY ALL
),
unit AS (
    SELECT * EXCLUDE (legal_unit_id, enterprise_group_id, value_huf_mn), CAST(count(*) AS INTEGER) AS legal_unit_count,
           max_by(legal_unit_id, (abs(value_huf_mn), legal_unit_id)) AS largest_legal_unit_id
    FROM _interpretation_review_contribution
    GROUP BY ALL
)
SELECT
    c.*,
    CASE WHEN c.reason_code <> 'negative' THEN greatest(c.micro_huf_mn, c.calibrated_huf_mn) - c.margin_huf_mn END
        AS excess_huf_mn,
    CASE WHEN c.reason_code <> 'negative'
         THEN 100 * (greatest(c.micro_huf_mn, c.calibrated_huf_mn) - c.margin_huf_mn) / nullif(c.margin_huf_mn, 0) END
        AS excess_pct,
    coalesce(u.legal_unit_count, 0) AS legal_unit_count,
    coalesce(g.group_count, 0) AS group_count,
    100 * g.top1_huf_mn / nullif(g.whole_huf_mn, 0) AS top1_share_pct,
    100 * g.top5_huf_mn / nullif(g.whole_huf_mn, 0) AS top5_share_pct,
    u.largest_legal_unit_id
FROM _interpretation_cell_above_margin AS c
LEFT JOIN largest AS g
  USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
         cooperation_type_code, sector_code)
LEFT JOIN unit AS u
  USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
         cooperation_type_code, sector_code)
