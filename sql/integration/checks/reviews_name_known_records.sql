SELECT r.sample_id, r.record_id
FROM source.clerical_review AS r ANTI JOIN integration.participant AS p ON p.record_id = r.record_id
