-- Enterprise groups of which no legal unit has an accepted link in the last year that has a share, with the GVA that their
-- joining would add: what mere candidates already contribute to the expected total is not added twice.
WITH last_year AS (
    SELECT numerator_code, max(reference_year) AS reference_year FROM _interpretation_share_by_year GROUP BY ALL
),
inside AS (
    SELECT DISTINCT c.numerator_code, g.enterprise_group_id
    FROM interpretation.cooperating_firm AS c
    JOIN last_year AS y USING (numerator_code, reference_year)
    JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE c.evidence IN ('identifier', 'name')
)
SELECT y.numerator_code, g.enterprise_group_id, exact_sum(g.calibrated_huf_mn * (1 - coalesce(m.probability, 0))) AS gva_huf_mn
FROM last_year AS y JOIN interpretation.firm_gva AS g USING (reference_year)
LEFT JOIN interpretation.cooperating_firm AS m
  ON m.legal_unit_id = g.legal_unit_id AND m.reference_year = g.reference_year AND m.numerator_code = y.numerator_code
ANTI JOIN inside AS i ON i.numerator_code = y.numerator_code AND i.enterprise_group_id = g.enterprise_group_id
GROUP BY ALL
ORDER BY ALL
