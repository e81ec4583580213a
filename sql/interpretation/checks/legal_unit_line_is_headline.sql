-- Lines of legal units that are not the total of the cube. A total that mere candidates make up is no row of the cube.
SELECT e.reference_year, e.numerator_code, e.calibrated_huf_mn, t.calibrated_huf_mn AS headline_huf_mn
FROM interpretation.enterprise_cooperation_gva AS e
JOIN interpretation.cooperation_gva AS t USING (reference_year, numerator_code)
WHERE e.unit_code = 'LEGAL_UNIT' AND t.table_code = 'T1' AND t.attribution_code = 'full' AND t.time_rule = 'any_day'
  AND abs(e.calibrated_huf_mn - t.calibrated_huf_mn) > 1e-9 * greatest(abs(t.calibrated_huf_mn), 1)
