SELECT r.reference_year, r.activity_code, r.nuts2_code, f.calibrated_huf_mn, r.calibrated_huf_mn AS cell_huf_mn
FROM interpretation.reconciliation AS r
JOIN (
    SELECT reference_year, activity_code, nuts2_code, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn
    FROM interpretation.regional_gva WHERE calibration_flag = 'calibrated' GROUP BY ALL
) AS f USING (reference_year, activity_code, nuts2_code)
WHERE r.is_calibrated
  AND abs(f.calibrated_huf_mn - r.calibrated_huf_mn) > 1e-6 * greatest(abs(r.calibrated_huf_mn), 1)
