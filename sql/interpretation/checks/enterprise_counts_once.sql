-- Lines of enterprises that differ from the sum over interpretation.enterprise_gva, or count other enterprises.
WITH once AS (
    SELECT c.reference_year, c.numerator_code, exact_sum(c.probability * g.calibrated_huf_mn) AS once_huf_mn,
           count(*) FILTER (WHERE c.evidence IN ('identifier', 'name')) AS once_count
    FROM interpretation.cooperating_enterprise AS c
    JOIN interpretation.enterprise_gva AS g USING (reference_year, enterprise_id)
    GROUP BY ALL
)
SELECT e.reference_year, e.numerator_code, e.calibrated_huf_mn, o.once_huf_mn, e.unit_count, o.once_count
FROM interpretation.enterprise_cooperation_gva AS e
LEFT JOIN once AS o USING (reference_year, numerator_code)
WHERE e.unit_code = 'ENTERPRISE'
  AND (o.once_huf_mn IS NULL OR e.unit_count <> o.once_count
       OR abs(e.calibrated_huf_mn - o.once_huf_mn) > 1e-6 + 1e-9 * abs(o.once_huf_mn))
