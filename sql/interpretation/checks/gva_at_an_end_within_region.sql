-- No region has more GVA at the end of its ties than its firms make in the year.
WITH ends AS (
    SELECT reference_year, region_code_a AS region_code, gva_a_huf_mn AS gva_huf_mn
    FROM interpretation.interregional_cooperation
    UNION ALL
    SELECT reference_year, region_code_b, gva_b_huf_mn FROM interpretation.interregional_cooperation
),
firms AS (
    SELECT reference_year, nuts2_code AS region_code,
           exact_sum_if(calibrated_huf_mn, calibrated_huf_mn > 0) AS most,
           exact_sum_if(calibrated_huf_mn, calibrated_huf_mn < 0) AS least
    FROM interpretation.firm_gva GROUP BY ALL
)
SELECT e.reference_year, e.region_code, e.gva_huf_mn, f.most
FROM ends AS e LEFT JOIN firms AS f USING (reference_year, region_code)
WHERE region_code NOT LIKE '%\_U' ESCAPE '\'
  AND (e.gva_huf_mn > coalesce(f.most, 0) + 1e-3 OR e.gva_huf_mn < coalesce(f.least, 0) - 1e-3)
