SELECT reference_year, numerator_code, time_rule,
       exact_sum_if(calibrated_huf_mn, table_code = 'T1') AS total_huf_mn,
       exact_sum_if(calibrated_huf_mn, table_code = 'T2') AS sections_huf_mn
FROM interpretation.cooperation_gva GROUP BY ALL
HAVING abs(total_huf_mn - sections_huf_mn) > 0.01 * total_huf_mn + 1
