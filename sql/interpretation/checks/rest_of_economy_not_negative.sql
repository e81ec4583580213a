-- Activities in which non-financial corporations alone produce more than the whole economy: the complement is negative.
SELECT c.reference_year, c.activity_code, c.calibrated_huf_mn, m.value_huf_mn AS economy_huf_mn
FROM (
    SELECT reference_year, activity_code, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn
    FROM interpretation.reconciliation WHERE method_flag <> 'not_calibrated' GROUP BY ALL
) AS c
JOIN integration.national_account AS m
  ON m.reference_year = c.reference_year AND m.activity_code = c.activity_code AND m.ref_area = $reference_area
 AND m.sector_code = 'S1' AND m.sto_code = 'B1G'
WHERE c.calibrated_huf_mn > m.value_huf_mn + 1e-6 * greatest(abs(m.value_huf_mn), 1)
