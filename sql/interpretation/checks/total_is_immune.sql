-- Variants whose two breakdowns by activity differ in total by more than firms coded in one version only would explain.
SELECT reference_year, numerator_code, attribution_code, time_rule,
       exact_sum_if(calibrated_huf_mn, nace_version_code = 'NACE_REV2') AS rev2_huf_mn,
       exact_sum_if(calibrated_huf_mn, nace_version_code = 'NACE_REV21') AS rev21_huf_mn
FROM interpretation.cooperation_gva WHERE table_code = 'T2'
GROUP BY ALL
HAVING abs(coalesce(rev2_huf_mn, 0) - coalesce(rev21_huf_mn, 0)) > 0.01 * abs(coalesce(rev2_huf_mn, 0)) + 1
