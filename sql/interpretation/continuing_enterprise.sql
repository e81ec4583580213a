-- Units that were absorbed or transformed by 31 December of a year belong to the enterprise that continues them.
WITH RECURSIVE heir AS (
    SELECT predecessor_id AS legal_unit_id, successor_id AS heir_id, event_date AS since, 1 AS steps
    FROM source.legal_unit_event WHERE event_kind NOT IN ('split', 'demerger') AND predecessor_id <> successor_id
    UNION ALL
    SELECT h.legal_unit_id, e.successor_id, greatest(h.since, e.event_date), h.steps + 1
    FROM heir AS h JOIN source.legal_unit_event AS e ON e.predecessor_id = h.heir_id
    WHERE h.steps < 5 AND e.event_kind NOT IN ('split', 'demerger') AND e.successor_id <> h.legal_unit_id
)
SELECT v.legal_unit_id, v.reference_year, max_by(u.enterprise_id, (h.steps, h.heir_id)) AS enterprise_id
FROM heir AS h
JOIN interpretation.value_added AS v
  ON v.legal_unit_id = h.legal_unit_id AND h.since <= make_date(v.reference_year, 12, 31)
JOIN integration.legal_unit AS p
  ON p.legal_unit_id = h.legal_unit_id AND p.dissolved_date <= make_date(v.reference_year, 12, 31)
JOIN integration.legal_unit AS u ON u.legal_unit_id = h.heir_id
GROUP BY ALL
