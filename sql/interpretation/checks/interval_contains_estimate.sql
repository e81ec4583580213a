-- Cells whose interval misses the published estimate, or that have no interval.
SELECT g.reference_year, g.numerator_code, g.table_code, g.nace_version_code, g.activity_code, g.region_code,
       g.cooperation_type_code, g.size_class_code, g.calibrated_huf_mn, i.ci_low_huf_mn, i.ci_high_huf_mn
FROM interpretation.cooperation_gva AS g
LEFT JOIN interpretation.gva_interval AS i
  USING (reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code, activity_code,
         region_code, cooperation_type_code, size_class_code)
WHERE g.attribution_code = 'full' AND g.time_rule = 'any_day'
  AND NOT coalesce(g.calibrated_huf_mn BETWEEN i.ci_low_huf_mn - 1e-6 * abs(i.ci_low_huf_mn)
                                           AND i.ci_high_huf_mn + 1e-6 * abs(i.ci_high_huf_mn), false)
