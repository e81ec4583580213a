-- The accepted links of one PIC lead to one legal unit; where they do not, one of the links is wrong.
SELECT p.pic, count(DISTINCT i.legal_unit_id) AS legal_units
FROM integration.participant AS p JOIN integration.firm_identity AS i USING (record_id)
WHERE nullif(trim(p.pic), '') IS NOT NULL AND i.status = 'accepted'
GROUP BY p.pic HAVING count(DISTINCT i.legal_unit_id) > 1
