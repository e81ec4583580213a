-- Links of legal units with value added to the cooperations that count for a numerator in a year, with their probability;
-- `is_accepted` false for candidates.
SELECT p.reference_year, p.numerator_code, p.legal_unit_id AS firm_id, p.cooperation_id, p.link_group_id,
       p.strength >= 2 AS is_accepted, max(p.probability) AS probability
FROM interpretation.counted_participation AS p
SEMI JOIN interpretation.firm_gva AS g
  ON g.legal_unit_id = p.legal_unit_id AND g.reference_year = p.reference_year
GROUP BY ALL
ORDER BY ALL
