-- Legal units that take part more surely than the enterprise they belong to, or whose enterprise is not listed.
SELECT c.reference_year, c.numerator_code, g.enterprise_id, c.legal_unit_id, c.probability AS unit_probability,
       e.probability AS enterprise_probability
FROM interpretation.cooperating_firm AS c
JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
LEFT JOIN interpretation.cooperating_enterprise AS e
  ON e.reference_year = c.reference_year AND e.numerator_code = c.numerator_code AND e.enterprise_id = g.enterprise_id
WHERE coalesce(e.probability, -1) < c.probability - 1e-9
