SELECT r.sample_id, r.record_id, r.right_legal_unit_id
FROM source.clerical_review AS r
LEFT JOIN integration.legal_unit AS u ON u.legal_unit_id = r.right_legal_unit_id
LEFT JOIN integration.legal_unit_succession AS a
  ON a.predecessor_id = r.right_legal_unit_id AND a.event_kind = 'registered'
WHERE r.right_legal_unit_id IS NOT NULL AND lower(r.right_legal_unit_id) <> 'none'
  AND u.legal_unit_id IS NULL AND a.successor_id IS NULL
