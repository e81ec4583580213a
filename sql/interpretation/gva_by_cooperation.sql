-- Value added of the members of each cooperation, under every variant, as expected totals.
-- `_T` counts every firm once (T1 of interpretation.cooperation_gva); `_O`, the overlap line, is what the total is less
-- than the sum of the cooperations. Temporary table from the step: `published_variant`.
WITH credited AS (
    SELECT
        m.reference_year, m.numerator_code, v.attribution_code, v.time_rule, m.cooperation_id, m.cooperation_type_code,
        m.evidence, g.proxy_huf_mn, g.bridged_huf_mn, g.calibrated_huf_mn,
        CASE v.weight_name WHEN 'any_day' THEN 1 WHEN 'year_end' THEN CAST(m.is_year_end AS INTEGER)
             WHEN 'day' THEN m.day_share_ratio WHEN 'fractional' THEN m.fractional_ratio
             WHEN 'project' THEN m.project_share_ratio END AS weight_ratio,
        CASE v.weight_name WHEN 'any_day' THEN m.probability WHEN 'year_end' THEN m.year_end_probability
             WHEN 'day' THEN m.expected_day_share_ratio WHEN 'fractional' THEN m.expected_fractional_ratio
             WHEN 'project' THEN m.project_share_ratio * m.probability END AS expected_ratio
    FROM interpretation.member_attribution AS m
    JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    CROSS JOIN published_variant AS v
),
cooperation AS (
    SELECT
        reference_year, numerator_code, attribution_code, time_rule, cooperation_id, cooperation_type_code,
        exact_sum(expected_ratio * proxy_huf_mn) AS proxy_huf_mn,
        exact_sum(expected_ratio * bridged_huf_mn) AS bridged_huf_mn,
        exact_sum(expected_ratio * calibrated_huf_mn) AS calibrated_huf_mn,
        CAST(count(*) FILTER (WHERE evidence IN ('identifier', 'name') AND weight_ratio > 0) AS INTEGER) AS member_count
    FROM credited GROUP BY ALL
),
union_line AS (
    SELECT reference_year, numerator_code, attribution_code, time_rule, '_T' AS cooperation_id,
           '_T' AS cooperation_type_code, proxy_huf_mn, bridged_huf_mn, calibrated_huf_mn, firm_count AS member_count
    FROM interpretation.cooperation_gva WHERE table_code = 'T1'
),
summed AS (
    SELECT reference_year, numerator_code, attribution_code, time_rule, exact_sum(proxy_huf_mn) AS proxy_huf_mn,
           exact_sum(bridged_huf_mn) AS bridged_huf_mn, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn,
           CAST(sum(member_count) AS INTEGER) AS member_count
    FROM cooperation GROUP BY ALL
)
SELECT * REPLACE (coalesce(proxy_huf_mn, 0) AS proxy_huf_mn) FROM cooperation
UNION ALL BY NAME
SELECT * FROM union_line
UNION ALL BY NAME
SELECT u.reference_year, u.numerator_code, u.attribution_code, u.time_rule, '_O' AS cooperation_id,
       '_O' AS cooperation_type_code,
       u.proxy_huf_mn - coalesce(s.proxy_huf_mn, 0) AS proxy_huf_mn,
       u.bridged_huf_mn - s.bridged_huf_mn AS bridged_huf_mn,
       u.calibrated_huf_mn - s.calibrated_huf_mn AS calibrated_huf_mn,
       u.member_count - s.member_count AS member_count
FROM union_line AS u JOIN summed AS s USING (reference_year, numerator_code, attribution_code, time_rule)
