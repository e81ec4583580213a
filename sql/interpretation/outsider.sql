-- Firms without an accepted link in the last year that has a share: how large they are, by numerator and size class.
WITH last_year AS (
    SELECT numerator_code, max(reference_year) AS reference_year FROM _interpretation_share_by_year GROUP BY ALL
)
SELECT y.numerator_code, g.size_class, CAST(count(*) AS INTEGER) AS available_count,
       median(g.calibrated_huf_mn) AS median,
       exact_sum(g.calibrated_huf_mn) / count(*) AS mean,
       quantile_cont(g.calibrated_huf_mn, 0.9) AS p90
FROM last_year AS y JOIN interpretation.firm_gva AS g USING (reference_year)
ANTI JOIN (SELECT * FROM interpretation.cooperating_firm WHERE evidence IN ('identifier', 'name')) AS c
  ON c.legal_unit_id = g.legal_unit_id AND c.reference_year = g.reference_year AND c.numerator_code = y.numerator_code
GROUP BY ALL
ORDER BY ALL
