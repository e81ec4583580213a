-- The published cells of T1 to T8. A withheld cell carries no value at all, whatever the reason.
-- Temporary table from the Python step: `unsafe_bound` (reference_year, numerator_code).
WITH cell AS (
    SELECT c.*, p.status <> 'open' AS is_withheld, coalesce(r.status = 'open', false) AS has_constant_prices
    FROM interpretation.cooperation_gva AS c
    JOIN (FROM interpretation.cell_protection WHERE is_published AND price_code = 'V') AS p
        USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
               cooperation_type_code, size_class_code)
    LEFT JOIN (FROM interpretation.cell_protection WHERE is_published AND price_code = 'Y') AS r
        USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
               cooperation_type_code, size_class_code)
    WHERE c.attribution_code = $headline_attribution AND c.time_rule = $headline_time_rule
),
interval AS (
    FROM interpretation.gva_interval WHERE attribution_code = $headline_attribution AND time_rule = $headline_time_rule
)
SELECT
    c.reference_year, c.numerator_code, c.table_code, c.nace_version_code, c.activity_code, c.region_code,
    c.cooperation_type_code, c.size_class_code,
    CASE WHEN NOT c.is_withheld THEN c.calibrated_huf_mn END AS gva_huf_mn,
    CASE WHEN NOT c.is_withheld THEN i.ci_low_huf_mn END AS ci_low_huf_mn,
    CASE WHEN NOT c.is_withheld THEN i.ci_high_huf_mn END AS ci_high_huf_mn,
    CASE WHEN NOT c.is_withheld THEN c.share_pct END AS share_pct,
    CASE WHEN NOT c.is_withheld AND c.share_pct IS NOT NULL THEN i.ci_low_share_pct END AS ci_low_share_pct,
    CASE WHEN NOT c.is_withheld AND c.share_pct IS NOT NULL THEN i.ci_high_share_pct END AS ci_high_share_pct,
    CASE WHEN NOT c.is_withheld THEN c.share_s11_pct END AS share_s11_pct,
    CASE WHEN NOT c.is_withheld THEN c.contribution_pct END AS contribution_pct,
    CASE WHEN NOT c.is_withheld AND c.has_constant_prices THEN c.share_pyp_pct END AS share_pyp_pct,
    -- the other lines were protected for the total only
    CASE WHEN NOT c.is_withheld AND c.table_code = 'T1' THEN c.proxy_huf_mn END AS proxy_huf_mn,
    CASE WHEN NOT c.is_withheld AND c.table_code = 'T1' THEN c.bridged_huf_mn END AS bridged_huf_mn,
    CASE WHEN b.has_bounds THEN c.share_lower_pct END AS share_lower_pct,
    CASE WHEN b.has_bounds THEN c.share_upper_pct END AS share_upper_pct,
    c.national_gva_huf_mn,
    CASE WHEN NOT c.is_withheld THEN c.firm_count END AS firm_count,
    c.attribution_code, c.time_rule,
    CASE WHEN c.region_code = '_T' THEN '_Z' ELSE 'NUTS_2021' END AS nuts_version_code,
    c.method_flag, c.is_break, c.is_withheld,
    CASE WHEN c.is_withheld THEN 'Q' WHEN c.is_break THEN 'B' ELSE 'A' END AS obs_status,
    CASE WHEN c.is_withheld THEN 'C' ELSE 'F' END AS conf_status
FROM cell AS c
LEFT JOIN interval AS i
    USING (reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code, activity_code,
           region_code, cooperation_type_code, size_class_code)
LEFT JOIN unsafe_bound AS u USING (reference_year, numerator_code)
-- bounds for the headline only: those of N2 less those of N1 would be one more set to protect
CROSS JOIN LATERAL (
    SELECT NOT c.is_withheld AND u.reference_year IS NULL AND c.table_code = 'T1'
           AND c.numerator_code = $headline_numerator AS has_bounds
) AS b
