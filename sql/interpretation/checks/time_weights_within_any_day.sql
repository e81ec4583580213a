SELECT reference_year, numerator_code, legal_unit_id, probability, year_end_probability, expected_day_share_ratio,
       day_share_ratio
FROM interpretation.cooperating_firm
WHERE expected_day_share_ratio > probability OR expected_day_share_ratio > day_share_ratio
   OR year_end_probability > probability OR (year_end_probability > 0 AND NOT is_year_end)
