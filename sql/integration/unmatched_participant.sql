-- Participants that mean no known legal unit, or that a person has to decide, most frequent first for the curator.
SELECT
    coalesce(p.name_key, upper(p.name), '') AS name_key,
    coalesce(p.country_code, '') AS country_code,
    i.status,
    min(p.name) AS name,
    CAST(count(*) AS INTEGER) AS record_count,
    CAST(count(DISTINCT p.cooperation_id) AS INTEGER) AS cooperation_count,
    string_agg(DISTINCT p.source_id, ', ' ORDER BY p.source_id) AS sources,
    min(i.reason) AS reason
FROM integration.participant AS p JOIN integration.firm_identity AS i USING (record_id)
WHERE i.status <> 'accepted'
GROUP BY ALL
