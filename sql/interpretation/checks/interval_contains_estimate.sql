-- Cells that have no interval, or whose interval misses the estimate.
SELECT reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code, activity_code,
       region_code, cooperation_type_code, size_class_code, calibrated_huf_mn, ci_low_huf_mn, ci_high_huf_mn
FROM interpretation.cooperation_gva
WHERE NOT coalesce(calibrated_huf_mn BETWEEN ci_low_huf_mn - 1e-6 * abs(ci_low_huf_mn)
                                         AND ci_high_huf_mn + 1e-6 * abs(ci_high_huf_mn), false)
