-- Organisations are those that records mean, and count each of their records once.
SELECT organisation_id, o.record_count, count(p.record_id) AS records
FROM integration.organisation AS o FULL JOIN integration.participant_organisation AS p USING (organisation_id)
GROUP BY ALL HAVING o.record_count IS DISTINCT FROM count(p.record_id)
