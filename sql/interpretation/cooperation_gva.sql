-- Cooperation-linked GVA by year, numerator, time rule and cell. Point estimates are expected totals, the sum of GVA x
-- link probability over accepted links; bounds: identifier-only links below, all candidates above (METHODS 5).
-- Temporary table from the Python step: `verdict` (primary disclosure rules per cell).
WITH cell AS (
    SELECT
        reference_year, numerator_code, time_rule, table_code, activity_code, region_code,
        exact_sum_if(weight_ratio * probability * proxy_huf_mn, evidence <> 'candidate') AS proxy_huf_mn,
        exact_sum_if(weight_ratio * probability * bridged_huf_mn, evidence <> 'candidate') AS bridged_huf_mn,
        exact_sum_if(weight_ratio * probability * calibrated_huf_mn, evidence <> 'candidate')
            AS calibrated_huf_mn,
        exact_sum_if(weight_ratio * calibrated_huf_mn, evidence = 'identifier') AS lower_huf_mn,
        exact_sum(weight_ratio * calibrated_huf_mn) AS upper_huf_mn,
        CAST(count(*) FILTER (WHERE evidence <> 'candidate' AND weight_ratio > 0) AS INTEGER) AS firm_count
    FROM _interpretation_contribution
    GROUP BY ALL
),
national AS (
    SELECT reference_year, ref_area, activity_code, sector_code, value_huf_mn
    FROM integration.national_account WHERE sto_code = 'B1G'
),
area AS (
    SELECT c.*, CASE WHEN region_code = '_T' THEN $reference_area ELSE region_code END AS ref_area FROM cell AS c
)
SELECT
    c.reference_year, c.numerator_code, 'full' AS attribution_code, c.time_rule, c.table_code, c.activity_code,
    c.region_code,
    coalesce(c.proxy_huf_mn, 0) AS proxy_huf_mn,
    coalesce(c.bridged_huf_mn, 0) AS bridged_huf_mn,
    coalesce(c.calibrated_huf_mn, 0) AS calibrated_huf_mn,
    coalesce(c.lower_huf_mn, 0) AS lower_huf_mn,
    coalesce(c.upper_huf_mn, 0) AS upper_huf_mn,
    s1.value_huf_mn AS national_gva_huf_mn,
    s11.value_huf_mn AS s11_gva_huf_mn,
    100 * coalesce(c.calibrated_huf_mn, 0) / s1.value_huf_mn AS share_pct,
    100 * coalesce(c.calibrated_huf_mn, 0) / s11.value_huf_mn AS share_s11_pct,
    100 * coalesce(c.lower_huf_mn, 0) / s1.value_huf_mn AS share_lower_pct,
    100 * coalesce(c.upper_huf_mn, 0) / s1.value_huf_mn AS share_upper_pct,
    c.firm_count,
    coalesce(v.contributor_count, 0) AS contributor_count,
    coalesce(100 * v.largest / nullif(v.absolute_total, 0), 0) AS top1_share_pct,
    coalesce(v.is_primary, true) AS is_primary_unsafe,
    coalesce(v.rule, 'frequency') AS primary_rule
FROM area AS c
LEFT JOIN verdict AS v USING (reference_year, numerator_code, time_rule, table_code, activity_code, region_code)
LEFT JOIN national AS s1
  ON s1.reference_year = c.reference_year AND s1.ref_area = c.ref_area AND s1.activity_code = c.activity_code
 AND s1.sector_code = 'S1'
LEFT JOIN national AS s11
  ON s11.reference_year = c.reference_year AND s11.ref_area = c.ref_area AND s11.activity_code = c.activity_code
 AND s11.sector_code = 'S11'
