SELECT record_id FROM integration.participant ANTI JOIN integration.firm_identity USING (record_id)
