-- Participations that cover no day, or days of another year than the one they count in.
SELECT reference_year, numerator_code, record_id, cooperation_id, legal_unit_id, valid_from, valid_to
FROM interpretation.counted_participation
WHERE valid_from >= valid_to OR valid_from < make_date(reference_year, 1, 1)
   OR valid_to > make_date(reference_year + 1, 1, 1)
