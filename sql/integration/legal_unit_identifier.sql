-- Temporary tables: `_integration_stated_identifier` (see stated_identifier.sql), `parsed` of methods.identifiers
-- (identifier_kind, text -> value, is_valid).
WITH typed AS (
    SELECT s.legal_unit_id, s.identifier_kind, p.value, p.is_valid, s.valid_from, s.valid_to, s.source_id
    FROM _integration_stated_identifier AS s JOIN parsed AS p USING (identifier_kind, text)
    WHERE p.value IS NOT NULL
    UNION ALL BY NAME
    SELECT s.legal_unit_id, 'euid' AS identifier_kind, p.euid AS value, p.is_valid, s.valid_from, s.valid_to, s.source_id
    FROM _integration_stated_identifier AS s JOIN parsed AS p USING (identifier_kind, text)
    WHERE p.euid IS NOT NULL
)
SELECT legal_unit_id, identifier_kind, value, bool_and(is_valid) AS is_valid, valid_from,
       nullif(max(coalesce(valid_to, DATE '9999-12-31')), DATE '9999-12-31') AS valid_to, min(source_id) AS source_id
FROM typed
GROUP BY legal_unit_id, identifier_kind, value, valid_from
