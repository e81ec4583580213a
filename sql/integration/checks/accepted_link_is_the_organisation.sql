-- An organisation has at most one legal unit: every accepted link leads to the organisation of that id.
SELECT i.record_id, i.legal_unit_id, o.organisation_id
FROM integration.firm_identity AS i JOIN integration.participant_organisation AS o USING (record_id)
WHERE i.status = 'accepted' AND o.organisation_id <> i.legal_unit_id
