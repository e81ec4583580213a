SELECT d.record_id, d.legal_unit_id, d.decided_by, d.decided_date
FROM source.link_decision AS d
ANTI JOIN integration.legal_unit AS u ON u.legal_unit_id = d.legal_unit_id
ANTI JOIN integration.legal_unit_succession AS s ON s.predecessor_id = d.legal_unit_id AND s.event_kind = 'registered'
WHERE d.legal_unit_id IS NOT NULL
