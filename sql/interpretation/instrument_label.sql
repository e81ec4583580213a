-- Clusters by label and level and year, with the linked members they reach: labels stand for management competence.
-- `_T` is any level of the scheme, a cluster counted once. The managing organisation of the cluster register is undated:
-- it is shown for every year in which the cluster exists, without beginnings and ends. Accepted links only.
WITH year AS (
    SELECT CAST(unnest(range($first_reference_year, $last_reference_year + 1)) AS INTEGER) AS reference_year
),
existing AS (
    SELECT y.reference_year, c.cluster_id, nullif(trim(c.management_organisation), '') IS NOT NULL AS is_managed
    FROM source.cluster AS c
    JOIN year AS y ON coalesce(c.founded_date, DATE '0001-01-01') < make_date(y.reference_year + 1, 1, 1)
),
dated AS (
    SELECT y.reference_year, l.cluster_id, l.scheme, lower(l.level) AS level,
           coalesce(l.valid_to, DATE '9999-12-31') >= make_date(y.reference_year + 1, 1, 1) AS is_year_end,
           year(l.valid_from) = y.reference_year AS is_new,
           coalesce(year(l.valid_to) = y.reference_year, false) AS is_ended
    FROM source.cluster_label AS l
    JOIN year AS y
      ON holds_in_year(l.valid_from, l.valid_to, y.reference_year)
),
label AS (
    SELECT * FROM dated
    UNION ALL BY NAME
    SELECT * REPLACE ('_T' AS level) FROM dated
    UNION ALL BY NAME
    SELECT reference_year, cluster_id, 'management_organisation' AS scheme, 'named' AS level, true AS is_year_end
    FROM existing WHERE is_managed
),
member AS (
    SELECT DISTINCT y.reference_year, p.cooperation_id, p.legal_unit_id
    FROM integration.participation AS p
    JOIN year AS y
      ON holds_in_year(p.valid_from, p.valid_to, y.reference_year)
    WHERE p.basis = 'membership' AND p.status = 'accepted'
),
counted AS (
    SELECT reference_year, scheme, level, count(DISTINCT cluster_id) AS cluster_count,
           count(DISTINCT cluster_id) FILTER (WHERE is_year_end) AS year_end_count,
           count(*) FILTER (WHERE is_new) AS new_count, count(*) FILTER (WHERE is_ended) AS ended_count
    FROM label GROUP BY ALL
),
reached AS (
    SELECT l.reference_year, l.scheme, l.level, count(DISTINCT m.legal_unit_id) AS member_count
    FROM label AS l
    JOIN member AS m ON m.reference_year = l.reference_year AND m.cooperation_id = 'CLUSTER:' || l.cluster_id
    GROUP BY ALL
),
total AS (
    SELECT reference_year, count(*) AS clusters FROM existing GROUP BY ALL
)
SELECT
    y.reference_year, s.scheme, s.level,
    CAST(coalesce(c.cluster_count, 0) AS INTEGER) AS cluster_count,
    CAST(coalesce(c.year_end_count, 0) AS INTEGER) AS year_end_count,
    CASE WHEN s.scheme <> 'management_organisation' THEN CAST(coalesce(c.new_count, 0) AS INTEGER) END AS new_count,
    CASE WHEN s.scheme <> 'management_organisation' THEN CAST(coalesce(c.ended_count, 0) AS INTEGER) END AS ended_count,
    CAST(coalesce(r.member_count, 0) AS INTEGER) AS member_count,
    CAST(coalesce(t.clusters, 0) AS INTEGER) AS existing_count,
    100.0 * coalesce(c.cluster_count, 0) / t.clusters AS cluster_share_pct
FROM (SELECT DISTINCT scheme, level FROM label) AS s
CROSS JOIN year AS y
LEFT JOIN counted AS c ON c.reference_year = y.reference_year AND c.scheme = s.scheme AND c.level = s.level
LEFT JOIN reached AS r ON r.reference_year = y.reference_year AND r.scheme = s.scheme AND r.level = s.level
LEFT JOIN total AS t ON t.reference_year = y.reference_year
