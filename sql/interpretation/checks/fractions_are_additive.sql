SELECT reference_year, numerator_code,
       exact_sum_if(calibrated_huf_mn, table_code = 'T1') AS total_huf_mn,
       exact_sum_if(calibrated_huf_mn, table_code = 'T4') AS types_huf_mn
FROM interpretation.cooperation_gva
WHERE attribution_code = 'fractional' AND table_code IN ('T1', 'T4')
GROUP BY ALL
HAVING abs(coalesce(total_huf_mn, 0) - coalesce(types_huf_mn, 0)) > 1e-6 * abs(coalesce(total_huf_mn, 0)) + 1e-3
