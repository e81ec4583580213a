-- What each enterprise group contributes to the share of a year and numerator (expected total). `is_accepted`: a link of
-- one of its legal units is accepted; the others are candidates.
SELECT c.reference_year, c.numerator_code, g.enterprise_group_id,
       exact_sum(c.probability * g.calibrated_huf_mn) AS gva_huf_mn,
       bool_or(c.evidence IN ('identifier', 'name')) AS is_accepted
FROM interpretation.cooperating_firm AS c JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
GROUP BY ALL
ORDER BY ALL
