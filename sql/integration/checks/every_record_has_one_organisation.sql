SELECT record_id FROM integration.participant ANTI JOIN integration.participant_organisation USING (record_id)
