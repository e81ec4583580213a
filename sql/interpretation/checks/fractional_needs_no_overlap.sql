SELECT o.reference_year, o.numerator_code, o.calibrated_huf_mn AS overlap_huf_mn
FROM interpretation.gva_by_cooperation AS o
JOIN interpretation.gva_by_cooperation AS t USING (reference_year, numerator_code, attribution_code, time_rule)
WHERE o.attribution_code = 'fractional' AND o.cooperation_id = '_O' AND t.cooperation_id = '_T'
  AND abs(o.calibrated_huf_mn) > 1e-6 * abs(t.calibrated_huf_mn) + 1e-3
