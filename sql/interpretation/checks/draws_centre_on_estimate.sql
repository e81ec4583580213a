-- Totals whose draws are not centred on the published estimate: further away than four standard errors of the mean of
-- the draws allow, and a thousandth of the estimate (groups of records whose candidates say more than one together).
SELECT g.reference_year, g.numerator_code, g.calibrated_huf_mn, i.mean_huf_mn, i.standard_error_huf_mn
FROM interpretation.cooperation_gva AS g
JOIN interpretation.gva_interval AS i
  USING (reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code, activity_code,
         region_code, cooperation_type_code, size_class_code)
WHERE g.table_code = 'T1'
  AND abs(i.mean_huf_mn - g.calibrated_huf_mn)
      > 4 * i.standard_error_huf_mn / sqrt(i.draw_count) + 1e-3 * abs(g.calibrated_huf_mn)
