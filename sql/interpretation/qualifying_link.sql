-- Links of legal units with value added to the cooperations that count for a numerator in a year, with their probability;
-- `is_accepted` false for mere candidates. What counts beside accepted links (a candidate of N1 in N2, see
-- interpretation.counted_participation) counts like one of them, though it is none (`is_linked`).
SELECT p.reference_year, p.numerator_code, p.legal_unit_id AS firm_id, p.cooperation_id, p.link_group_id,
       p.strength >= 2 OR (p.is_counted_firm AND p.strongest >= 2) AS is_accepted,
       bool_or(p.strength >= 2) AS is_linked, max(p.probability) AS probability
FROM (
    SELECT *, max(strength) OVER (PARTITION BY reference_year, numerator_code, legal_unit_id) AS strongest
    FROM interpretation.counted_participation
) AS p
SEMI JOIN interpretation.firm_gva AS g
  ON g.legal_unit_id = p.legal_unit_id AND g.reference_year = p.reference_year
GROUP BY ALL
ORDER BY ALL
