-- Statistical units in use without a definition, and defined ones that no line uses although firms cooperate.
SELECT coalesce(u.code, d.code) AS code
FROM (SELECT DISTINCT unit_code AS code FROM interpretation.enterprise_cooperation_gva) AS u
FULL JOIN (SELECT code FROM interpretation.variant_definition WHERE dimension_code = 'UNIT') AS d USING (code)
WHERE d.code IS NULL OR (u.code IS NULL AND EXISTS (FROM interpretation.enterprise_cooperation_gva))
