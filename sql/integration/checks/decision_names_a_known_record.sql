SELECT record_id, decided_by, decided_date
FROM source.link_decision ANTI JOIN integration.participant USING (record_id)
