-- The cells of cooperation-linked GVA: every place of every table under every variant. Point estimates are expected
-- totals, the sum of GVA x expected weight over all candidates; bounds: identifier-only links below; above, every
-- accepted link and the best candidate of every record under review counts in full (METHODS 5).
-- Temporary tables from the step: `_interpretation_contribution`, `published_variant`.
WITH place AS (
    SELECT DISTINCT place_id, reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code
    FROM _interpretation_contribution
),
weighted AS (
    SELECT
        c.place_id, v.attribution_code, v.time_rule, c.evidence, c.proxy_huf_mn, c.bridged_huf_mn, c.calibrated_huf_mn,
        c.pyp_huf_mn,
        CASE v.weight_name WHEN 'any_day' THEN c.any_day_weight WHEN 'year_end' THEN c.year_end_weight
             WHEN 'day' THEN c.day_weight WHEN 'fractional' THEN c.fractional_weight
             WHEN 'project' THEN c.project_weight END AS weight_ratio,
        CASE v.weight_name WHEN 'any_day' THEN c.any_day_expected WHEN 'year_end' THEN c.year_end_expected
             WHEN 'day' THEN c.day_expected WHEN 'fractional' THEN c.fractional_expected
             WHEN 'project' THEN c.project_expected END AS expected_ratio
    FROM _interpretation_contribution AS c CROSS JOIN published_variant AS v
),
summed AS (
    SELECT
        place_id, attribution_code, time_rule,
        exact_sum(expected_ratio * proxy_huf_mn) AS proxy_huf_mn,
        exact_sum(expected_ratio * bridged_huf_mn) AS bridged_huf_mn,
        exact_sum(expected_ratio * calibrated_huf_mn) AS calibrated_huf_mn,
        CASE WHEN count(*) = count(pyp_huf_mn) THEN exact_sum(expected_ratio * pyp_huf_mn) END AS pyp_huf_mn,
        exact_sum_if(expected_ratio * calibrated_huf_mn, evidence = 'identifier') AS lower_huf_mn,
        exact_sum(if(evidence = 'possible', expected_ratio, weight_ratio) * calibrated_huf_mn) AS upper_huf_mn,
        CAST(count(*) FILTER (WHERE evidence IN ('identifier', 'name') AND weight_ratio > 0) AS INTEGER) AS firm_count
    FROM weighted
    GROUP BY ALL
)
SELECT p.*, s.* EXCLUDE (place_id) FROM summed AS s JOIN place AS p USING (place_id)
