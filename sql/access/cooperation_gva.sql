-- The published cells: T1 and T2 of the headline variant. Withheld cells carry no value at all.
-- Temporary tables from the Python step: `withheld` (reference_year, numerator_code, table_code, activity_code) and
-- `unsafe_bound` (reference_year, numerator_code).
SELECT
    c.reference_year, c.numerator_code, c.table_code, c.activity_code,
    CASE WHEN w.table_code IS NULL THEN c.calibrated_huf_mn END AS gva_huf_mn,
    CASE WHEN w.table_code IS NULL THEN c.share_pct END AS share_pct,
    CASE WHEN w.table_code IS NULL THEN c.share_s11_pct END AS share_s11_pct,
    CASE WHEN w.table_code IS NULL THEN c.proxy_huf_mn END AS proxy_huf_mn,
    CASE WHEN w.table_code IS NULL THEN c.bridged_huf_mn END AS bridged_huf_mn,
    CASE WHEN b.has_bounds THEN c.share_lower_pct END AS share_lower_pct,
    CASE WHEN b.has_bounds THEN c.share_upper_pct END AS share_upper_pct,
    c.national_gva_huf_mn,
    CASE WHEN w.table_code IS NULL THEN c.firm_count END AS firm_count,
    c.attribution_code, c.time_rule, 'NACE_REV2' AS nace_version,
    w.table_code IS NOT NULL AS is_withheld,
    CASE WHEN w.table_code IS NULL THEN 'A' ELSE 'Q' END AS obs_status,
    CASE WHEN w.table_code IS NULL THEN 'F' ELSE 'C' END AS conf_status
FROM interpretation.cooperation_gva AS c
LEFT JOIN withheld AS w USING (reference_year, numerator_code, table_code, activity_code)
LEFT JOIN unsafe_bound AS u USING (reference_year, numerator_code)
-- bounds for the headline only: those of N2 less those of N1 would be one more set to protect
CROSS JOIN LATERAL (
    SELECT w.table_code IS NULL AND u.reference_year IS NULL AND c.table_code = 'T1'
           AND c.numerator_code = $headline_numerator AS has_bounds
) AS b
WHERE c.table_code IN ('T1', 'T2') AND c.time_rule = $headline_time_rule AND c.attribution_code = $headline_attribution
  AND c.numerator_code IN ('N1', 'N2') AND c.nace_version_code IN ('_Z', 'NACE_REV2')
  AND c.firm_count > 0  -- a cell with candidates under review only has nothing to publish
