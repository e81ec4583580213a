SELECT sample_id, record_id, verdict, shown_legal_unit_id, right_legal_unit_id
FROM source.clerical_review
WHERE verdict = 'RIGHT' AND right_legal_unit_id IS NOT NULL
  AND lower(right_legal_unit_id) <> lower(coalesce(shown_legal_unit_id, 'none'))
