-- Which legal unit a participant's record means: identifiers first, then exact normalised name with place.
-- Temporary table from the Python step: `unit_name` (legal_unit_id, name_key, legal_form_code, is_former).
WITH record AS (
    SELECT *, coalesce(country_code, 'HU') = 'HU' AS is_domestic FROM integration.participant
),
candidate AS (
    SELECT r.record_id, u.legal_unit_id, 1 AS rank, 'tax_number' AS method, $identifier_match_probability AS probability
    FROM record AS r JOIN integration.legal_unit AS u ON u.tax_stem = r.identifier_value
    WHERE r.identifier_kind = 'hu_tax_number'
    UNION ALL
    SELECT r.record_id, u.legal_unit_id, 1, 'registration_number', $identifier_match_probability
    FROM record AS r JOIN integration.legal_unit AS u ON u.registration_number = r.identifier_value
    WHERE r.identifier_kind = 'hu_registration_number'
    UNION ALL
    SELECT r.record_id, u.legal_unit_id, 1, 'lei', $identifier_match_probability
    FROM record AS r JOIN integration.legal_unit AS u ON u.lei = r.identifier_value
    WHERE r.identifier_kind = 'lei'
    UNION ALL
    SELECT r.record_id, u.legal_unit_id, CASE WHEN n.is_former THEN 3 ELSE 2 END,
           CASE WHEN n.is_former THEN 'former_name_and_place' ELSE 'name_and_place' END, $name_match_probability
    FROM record AS r
    JOIN unit_name AS n ON n.name_key = r.name_key
    JOIN integration.legal_unit AS u ON u.legal_unit_id = n.legal_unit_id
    WHERE r.is_domestic AND (u.settlement_key = r.settlement_key OR u.postcode = r.postcode)
    UNION ALL
    SELECT r.record_id, n.legal_unit_id, 4, 'name_only', $name_only_probability
    FROM record AS r JOIN unit_name AS n ON n.name_key = r.name_key
    WHERE r.is_domestic AND NOT n.is_former
),
best AS (
    SELECT DISTINCT c.* FROM candidate AS c
    QUALIFY rank = min(rank) OVER (PARTITION BY record_id)
),
narrowed AS (
    -- of several firms with one name and place, the one of the same legal form is meant
    SELECT b.*, u.legal_form_code IS NOT DISTINCT FROM r.legal_form_code AS has_same_form
    FROM best AS b
    JOIN integration.legal_unit AS u USING (legal_unit_id)
    JOIN record AS r USING (record_id)
),
chosen AS (
    SELECT record_id, rank, any_value(method) AS method, any_value(probability) AS probability,
           CAST(count(*) AS INTEGER) AS candidate_count,
           CAST(count(*) FILTER (WHERE has_same_form) AS INTEGER) AS same_form_count,
           min(legal_unit_id) AS first_id, min(legal_unit_id) FILTER (WHERE has_same_form) AS same_form_id
    FROM narrowed GROUP BY record_id, rank
)
SELECT
    r.record_id,
    CASE WHEN c.candidate_count = 1 THEN c.first_id ELSE coalesce(c.same_form_id, c.first_id) END AS legal_unit_id,
    CASE WHEN c.record_id IS NULL THEN 0.0
         WHEN c.candidate_count = 1 OR c.same_form_count = 1 THEN c.probability
         ELSE c.probability / c.candidate_count END AS probability,
    coalesce(c.method, 'none') AS method,
    CASE WHEN c.record_id IS NULL THEN 'none'
         WHEN c.rank < 4 AND (c.candidate_count = 1 OR c.same_form_count = 1) THEN 'accepted'
         ELSE 'review' END AS status,
    coalesce(c.candidate_count, 0) AS candidate_count,
    CASE WHEN c.record_id IS NULL AND NOT r.is_domestic THEN 'participant from abroad'
         WHEN c.record_id IS NULL THEN 'no legal unit with this identifier, or with this name and place'
         WHEN c.rank = 1 THEN method || ' valid and registered'
         WHEN c.rank = 4 THEN 'name equal after dropping the legal form, place unknown or different; '
              || c.candidate_count || ' candidate(s)'
         WHEN c.candidate_count = 1 THEN 'name equal after dropping the legal form'
              || CASE WHEN c.rank = 3 THEN ' (former name)' ELSE '' END || '; same place'
         WHEN c.same_form_count = 1 THEN 'name, legal form and place equal; ' || c.candidate_count || ' of that name'
         ELSE c.candidate_count || ' legal units fit equally well' END AS reason
FROM record AS r LEFT JOIN chosen AS c USING (record_id)
