SELECT * FROM (
    SELECT reference_year, exact_sum(calibrated_huf_mn) AS units_huf_mn FROM interpretation.firm_gva GROUP BY ALL)
FULL JOIN (
    SELECT reference_year, exact_sum(calibrated_huf_mn) AS enterprises_huf_mn FROM interpretation.enterprise_gva
    GROUP BY ALL) USING (reference_year)
WHERE units_huf_mn IS NULL OR enterprises_huf_mn IS NULL
   OR abs(units_huf_mn - enterprises_huf_mn) > 1e-9 * greatest(abs(units_huf_mn), 1)
