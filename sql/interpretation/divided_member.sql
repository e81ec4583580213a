-- Cooperating legal units divided among regions by employment, which only stands for the wage bill.
SELECT r.reference_year, r.legal_unit_id, r.nuts2_code AS region_code, exact_sum(r.share_ratio) AS share_ratio,
       exact_sum(r.calibrated_huf_mn) AS calibrated_huf_mn
FROM interpretation.regional_gva AS r
SEMI JOIN interpretation.cooperating_firm AS m USING (reference_year, legal_unit_id)
WHERE r.allocation_flag = 'employment' AND r.share_ratio > 0
GROUP BY r.reference_year, r.legal_unit_id, r.nuts2_code
QUALIFY count(*) OVER (PARTITION BY r.reference_year, r.legal_unit_id) > 1
ORDER BY ALL
