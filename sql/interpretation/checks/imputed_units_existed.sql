SELECT v.legal_unit_id, v.reference_year, u.founded_date, u.dissolved_date
FROM interpretation.value_added AS v JOIN integration.legal_unit AS u USING (legal_unit_id)
WHERE v.imputation_method IN ('previous_year', 'next_year', 'neighbour_mean')
  AND (u.founded_date >= make_date(v.reference_year + 1, 1, 1) OR u.dissolved_date <= make_date(v.reference_year, 1, 1))
