-- Records that were confirmed for two units, or confirmed and rejected for one, on one day: which was meant?
SELECT record_id, decided_date
FROM source.link_decision
WHERE decision IN ('confirm', 'reject')
GROUP BY ALL
HAVING count(DISTINCT legal_unit_id) FILTER (WHERE decision = 'confirm') > 1
    OR len(list_intersect(list(coalesce(legal_unit_id, '')) FILTER (WHERE decision = 'confirm'),
                          list(coalesce(legal_unit_id, '')) FILTER (WHERE decision = 'reject'))) > 0
