-- Agreements between clusters by year, at home, abroad and together. In force: on any day of the year. Members: linked
-- members of the signing clusters while an agreement is in force (basis c2c_agreement), accepted links only.
WITH year AS (
    SELECT CAST(unnest(range($first_reference_year, $last_reference_year + 1)) AS INTEGER) AS reference_year
),
agreement AS (
    SELECT y.reference_year, a.agreement_id, a.cluster_id, a.partner_cluster_name, a.partner_country,
           unnest([CASE WHEN a.partner_country = $reference_area THEN 'home' ELSE 'abroad' END, '_T']) AS scope,
           coalesce(a.valid_to, DATE '9999-12-31') >= make_date(y.reference_year + 1, 1, 1) AS is_year_end,
           year(a.signed_date) = y.reference_year AS is_new,
           coalesce(year(a.valid_to) = y.reference_year, false) AS is_ended
    FROM source.c2c_agreement AS a
    JOIN year AS y
      ON holds_in_year(a.signed_date, a.valid_to, y.reference_year)
),
counted AS (
    SELECT reference_year, scope, count(*) AS in_force_count,
           count(*) FILTER (WHERE is_year_end) AS year_end_count,
           count(*) FILTER (WHERE is_new) AS new_count, count(*) FILTER (WHERE is_ended) AS ended_count,
           count(DISTINCT cluster_id) AS cluster_count,
           count(DISTINCT (partner_cluster_name, partner_country)) AS partner_count,
           count(DISTINCT partner_country) AS partner_country_count,
           string_agg(DISTINCT partner_country, ';' ORDER BY partner_country) AS partner_countries
    FROM agreement GROUP BY ALL
),
reached AS (
    SELECT a.reference_year, a.scope, count(DISTINCT p.legal_unit_id) AS member_count
    FROM agreement AS a
    JOIN integration.participation AS p
      ON p.cooperation_id = 'C2C:' || a.agreement_id AND p.basis = 'c2c_agreement' AND p.status = 'accepted'
     AND p.valid_from < make_date(a.reference_year + 1, 1, 1)
     AND coalesce(p.valid_to, DATE '9999-12-31') > make_date(a.reference_year, 1, 1)
    GROUP BY ALL
)
SELECT
    y.reference_year, s.scope,
    CAST(coalesce(c.in_force_count, 0) AS INTEGER) AS in_force_count,
    CAST(coalesce(c.year_end_count, 0) AS INTEGER) AS year_end_count,
    CAST(coalesce(c.new_count, 0) AS INTEGER) AS new_count,
    CAST(coalesce(c.ended_count, 0) AS INTEGER) AS ended_count,
    CAST(coalesce(c.cluster_count, 0) AS INTEGER) AS cluster_count,
    CAST(coalesce(c.partner_count, 0) AS INTEGER) AS partner_count,
    CAST(coalesce(c.partner_country_count, 0) AS INTEGER) AS partner_country_count,
    c.partner_countries,
    CAST(coalesce(r.member_count, 0) AS INTEGER) AS member_count
FROM year AS y
CROSS JOIN (VALUES ('home'), ('abroad'), ('_T')) AS s(scope)
LEFT JOIN counted AS c ON c.reference_year = y.reference_year AND c.scope = s.scope
LEFT JOIN reached AS r ON r.reference_year = y.reference_year AND r.scope = s.scope
