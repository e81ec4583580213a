-- Records of one PIC that no legal unit was accepted for are one organisation, but for those of which a person said
-- that they are not the firm found.
SELECT p.pic, count(DISTINCT o.organisation_id) AS organisations
FROM integration.participant AS p
JOIN integration.participant_organisation AS o USING (record_id)
JOIN integration.firm_identity AS i USING (record_id)
WHERE nullif(trim(p.pic), '') IS NOT NULL AND i.status <> 'accepted' AND i.method <> 'decision'
GROUP BY p.pic HAVING count(DISTINCT o.organisation_id) > 1
