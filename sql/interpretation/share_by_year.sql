-- The share of cooperating firms by year and numerator, in the variant that all insight is about: any day of the year,
-- full attribution, expected total (sum of GVA x link probability, METHODS 5). A year with accounts in which nobody cooperates has share 0.
SELECT
    n.reference_year, c.numerator_code, n.value_huf_mn AS national_gva_huf_mn,
    coalesce(m.gva_huf_mn, 0.0) AS gva_huf_mn, 100 * coalesce(m.gva_huf_mn, 0.0) / n.value_huf_mn AS share_pct
FROM integration.national_account AS n
CROSS JOIN (SELECT DISTINCT numerator_code FROM interpretation.cooperating_firm) AS c
LEFT JOIN (
    SELECT m.reference_year, m.numerator_code, exact_sum(m.probability * g.calibrated_huf_mn) AS gva_huf_mn
    FROM interpretation.cooperating_firm AS m JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    GROUP BY ALL
) AS m USING (reference_year, numerator_code)
WHERE n.ref_area = $reference_area AND n.sector_code = 'S1' AND n.sto_code = 'B1G' AND n.activity_code = '_T'
  AND n.value_huf_mn > 0
  AND n.reference_year IN (SELECT DISTINCT reference_year FROM interpretation.firm_gva)
ORDER BY ALL
