-- Years and numerators in which enterprises come to less than their cooperating legal units alone, by more than sister
-- units with negative value explain; or in which there is only one of the two lines.
SELECT e.reference_year, e.numerator_code, e.difference_huf_mn, e.negative_difference_huf_mn
FROM interpretation.enterprise_cooperation_gva AS e
WHERE e.unit_code = 'ENTERPRISE'
  AND e.difference_huf_mn < e.negative_difference_huf_mn - 1e-6 - 1e-9 * abs(e.calibrated_huf_mn)
UNION ALL
SELECT u.reference_year, u.numerator_code, NULL, NULL
FROM interpretation.enterprise_cooperation_gva AS u
ANTI JOIN (FROM interpretation.enterprise_cooperation_gva WHERE unit_code = 'ENTERPRISE') AS e
  USING (reference_year, numerator_code)
WHERE u.unit_code = 'LEGAL_UNIT'
