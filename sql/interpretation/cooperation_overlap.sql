-- The overlap line of the tables by type of cooperation (T4) and by cooperation: union = sum + overlap.
WITH part AS (
    SELECT 'type' AS breakdown_code, reference_year, numerator_code, attribution_code, time_rule,
           exact_sum(calibrated_huf_mn) AS sum_huf_mn, CAST(sum(firm_count) AS INTEGER) AS sum_firm_count
    FROM interpretation.cooperation_gva WHERE table_code = 'T4' GROUP BY ALL
    UNION ALL
    SELECT 'cooperation' AS breakdown_code, reference_year, numerator_code, attribution_code, time_rule,
           exact_sum(calibrated_huf_mn) AS sum_huf_mn, CAST(sum(member_count) AS INTEGER) AS sum_firm_count
    FROM interpretation.gva_by_cooperation WHERE cooperation_id NOT IN ('_T', '_O') GROUP BY ALL
)
SELECT
    p.breakdown_code, p.reference_year, p.numerator_code, p.attribution_code, p.time_rule,
    p.sum_huf_mn, t.calibrated_huf_mn - p.sum_huf_mn AS overlap_huf_mn, t.calibrated_huf_mn AS union_huf_mn,
    100 * (p.sum_huf_mn - t.calibrated_huf_mn) / nullif(t.calibrated_huf_mn, 0) AS overlap_pct,
    p.sum_firm_count, t.firm_count - p.sum_firm_count AS overlap_firm_count, t.firm_count AS union_firm_count
FROM part AS p
JOIN interpretation.cooperation_gva AS t
  ON t.reference_year = p.reference_year AND t.numerator_code = p.numerator_code AND t.time_rule = p.time_rule
 AND t.attribution_code = p.attribution_code AND t.table_code = 'T1'
