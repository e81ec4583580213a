-- Every record that may mean a firm of the register: what the linkage proposes (`best_`), what counts after people's
-- decisions, and how large the units are. The population of the quality figures and of the clerical sample.
SELECT
    p.record_id, p.source_id, p.cooperation_type, p.cooperation_id, p.name, p.settlement, p.postcode, p.identifier_text,
    year(p.valid_from) AS valid_from_year,
    k.legal_unit_id AS best_unit_id, k.probability AS best_probability, k.status AS best_status, k.reason AS best_reason,
    s.gva_proxy_huf_mn AS best_gva_huf_mn,
    i.legal_unit_id AS unit_id, i.probability, i.status, i.method, i.reason,
    coalesce(t.gva_proxy_huf_mn, s.gva_proxy_huf_mn) AS gva_huf_mn
FROM integration.participant AS p
JOIN integration.link_candidate AS k ON k.record_id = p.record_id AND k.rank = 1
JOIN integration.firm_identity AS i ON i.record_id = p.record_id
LEFT JOIN integration.firm_size AS s ON s.legal_unit_id = k.legal_unit_id
LEFT JOIN integration.firm_size AS t ON t.legal_unit_id = i.legal_unit_id
WHERE may_be_domestic(p.name, p.country_code, p.identifier_kind, p.identifier_value, $reference_area)
ORDER BY p.record_id
