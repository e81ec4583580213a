SELECT record_id, legal_unit_id
FROM integration.link_candidate ANTI JOIN integration.legal_unit USING (legal_unit_id)
WHERE legal_unit_id IS NOT NULL
