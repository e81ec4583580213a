-- Intervals of every cell of cooperation-linked GVA, in every variant.
-- Temporary tables from the step: `_interpretation_contribution`, `_interpretation_denominator`, `drawn` (by place_id
-- and variant; `weight_name` says which weight the variant has).
-- An interval is widened to the estimate it belongs to: where a single firm is linked with probability 0.97, more than
-- 95 % of the draws have all of its value added, and the expected total would lie outside.
WITH place AS (
    SELECT place_id, reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code,
           CASE WHEN region_code = '_T' THEN $reference_area ELSE region_code END AS ref_area,
           coalesce(exact_sum(any_day_expected * calibrated_huf_mn), 0) AS any_day_huf_mn,
           coalesce(exact_sum(year_end_expected * calibrated_huf_mn), 0) AS year_end_huf_mn,
           coalesce(exact_sum(day_expected * calibrated_huf_mn), 0) AS day_huf_mn,
           coalesce(exact_sum(fractional_expected * calibrated_huf_mn), 0) AS fractional_huf_mn,
           coalesce(exact_sum(project_expected * calibrated_huf_mn), 0) AS project_huf_mn
    FROM _interpretation_contribution
    GROUP BY ALL
),
estimated AS (
    SELECT p.*, d.* EXCLUDE (place_id),
           CASE d.weight_name WHEN 'any_day' THEN p.any_day_huf_mn WHEN 'year_end' THEN p.year_end_huf_mn
                WHEN 'day' THEN p.day_huf_mn WHEN 'fractional' THEN p.fractional_huf_mn
                WHEN 'project' THEN p.project_huf_mn END AS expected_huf_mn
    FROM place AS p JOIN drawn AS d USING (place_id)
),
limited AS (
    SELECT *, least(low_huf_mn, expected_huf_mn) AS ci_low_huf_mn,
           greatest(high_huf_mn, expected_huf_mn) AS ci_high_huf_mn
    FROM estimated
)
SELECT
    p.reference_year, p.numerator_code, p.attribution_code, p.time_rule, p.table_code,
    p.nace_version_code, p.activity_code, p.region_code, p.cooperation_type_code, p.size_class_code,
    p.mean_huf_mn, p.standard_error_huf_mn, p.ci_low_huf_mn, p.ci_high_huf_mn,
    -- national accounts know no size classes
    CASE WHEN p.size_class_code = '_T' THEN 100 * p.ci_low_huf_mn / d.s1_huf_mn END AS ci_low_share_pct,
    CASE WHEN p.size_class_code = '_T' THEN 100 * p.ci_high_huf_mn / d.s1_huf_mn END AS ci_high_share_pct,
    CAST($uncertainty_draws AS INTEGER) AS draw_count
FROM limited AS p
LEFT JOIN _interpretation_denominator AS d USING (reference_year, nace_version_code, ref_area, activity_code)
