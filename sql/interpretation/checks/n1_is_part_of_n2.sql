SELECT a.reference_year, a.legal_unit_id
FROM interpretation.cooperating_firm AS a
ANTI JOIN (SELECT reference_year, legal_unit_id FROM interpretation.cooperating_firm WHERE numerator_code = 'N2') AS b
  ON a.reference_year = b.reference_year AND a.legal_unit_id = b.legal_unit_id
WHERE a.numerator_code = 'N1'
