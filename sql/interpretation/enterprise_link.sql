-- Links that count for a legal unit, under the enterprise that the unit belongs to on 31 December. A unit without a value
-- in the year counts while it exists: its enterprise takes part through it, with the value of its other units.
SELECT
    p.reference_year, p.numerator_code, coalesce(g.enterprise_id, u.enterprise_id) AS enterprise_id,
    p.link_group_id, p.legal_unit_id, max(p.probability) AS probability, max(p.strength) AS strength
FROM interpretation.counted_participation AS p
JOIN integration.legal_unit AS u USING (legal_unit_id)
LEFT JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
WHERE p.is_counted_firm
  AND (g.legal_unit_id IS NOT NULL OR coalesce(u.dissolved_date, DATE '9999-12-31') > make_date(p.reference_year, 12, 31))
GROUP BY ALL
