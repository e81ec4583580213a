-- Firms that count for a type and not in all, or in all and for no type.
SELECT reference_year, numerator_code, legal_unit_id
FROM (SELECT DISTINCT reference_year, numerator_code, legal_unit_id, true AS by_type
      FROM interpretation.cooperating_firm_by_type) AS t
FULL JOIN (SELECT reference_year, numerator_code, legal_unit_id, true AS in_all FROM interpretation.cooperating_firm) AS f
    USING (reference_year, numerator_code, legal_unit_id)
WHERE by_type IS NULL OR in_all IS NULL
