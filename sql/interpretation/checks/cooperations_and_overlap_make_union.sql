SELECT reference_year, numerator_code, attribution_code, time_rule,
       exact_sum_if(calibrated_huf_mn, cooperation_id <> '_T') AS lines_huf_mn,
       exact_sum_if(calibrated_huf_mn, cooperation_id = '_T') AS union_huf_mn
FROM interpretation.gva_by_cooperation
GROUP BY ALL
HAVING count(*) FILTER (WHERE cooperation_id = '_T') <> 1 OR count(*) FILTER (WHERE cooperation_id = '_O') <> 1
    OR abs(lines_huf_mn - union_huf_mn) > 1e-6 * abs(union_huf_mn) + 1e-3
