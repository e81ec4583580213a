-- Activities and regions whose calibrated cells miss their S.11 margin by more than 1e-6 of it; regions may give way by
-- the rounding of the published figures.
SELECT c.reference_year, c.ref_area, c.activity_code, c.calibrated_huf_mn, m.value_huf_mn AS margin_huf_mn
FROM (
    SELECT reference_year, $reference_area AS ref_area, activity_code,
           exact_sum(calibrated_huf_mn) AS calibrated_huf_mn, 0 AS rounding_huf_mn
    FROM interpretation.reconciliation WHERE method_flag <> 'not_calibrated' GROUP BY ALL
    UNION ALL
    SELECT reference_year, nuts2_code, '_T', exact_sum(calibrated_huf_mn),
           2 * $margin_rounding_huf_mn * count(DISTINCT activity_code)
    FROM interpretation.reconciliation WHERE method_flag <> 'not_calibrated' GROUP BY ALL
) AS c
JOIN integration.national_account AS m
  ON m.reference_year = c.reference_year AND m.activity_code = c.activity_code AND m.ref_area = c.ref_area
 AND m.sector_code = 'S11' AND m.sto_code = 'B1G'
WHERE abs(c.calibrated_huf_mn - m.value_huf_mn) > 1e-6 * greatest(abs(m.value_huf_mn), 1) + c.rounding_huf_mn
