-- Cooperations to assess, by year: every cluster that exists, other long-lived cooperations with enough linked members.
-- With status, labels, management and key industry: the declared one, else the one with most members' activities.
-- Temporary tables from the Python step: `rule`, `industry_text` (industry_code, text), `industry_unit_code`
-- (industry_code, nace_rev2_code), `_interpretation_cooperation_member`.
WITH year AS (
    SELECT CAST(unnest(range($first_reference_year, $last_reference_year + 1)) AS INTEGER) AS reference_year
),
linked AS (
    SELECT reference_year, cooperation_id, count(*) AS member_count, sum(record_count) AS member_rows
    FROM _interpretation_cooperation_member GROUP BY ALL
),
assessed AS (
    SELECT y.reference_year, c.cooperation_id, c.cooperation_type, c.name, c.key_industry,
           coalesce(l.member_count, 0) AS member_count, coalesce(l.member_rows, 0) AS member_rows
    FROM integration.cooperation AS c
    CROSS JOIN year AS y
    CROSS JOIN rule
    LEFT JOIN linked AS l ON l.reference_year = y.reference_year AND l.cooperation_id = c.cooperation_id
    WHERE (c.cooperation_type = 'cluster'
           AND holds_in_year(coalesce(c.valid_from, DATE '0001-01-01'), c.valid_to, y.reference_year))
       OR (c.cooperation_type <> 'cluster' AND l.member_count >= rule.long_lived_min_members)
),
label AS (
    SELECT y.reference_year, 'CLUSTER:' || cluster_id AS cooperation_id, scheme, lower(level) AS level,
           greatest(valid_from, make_date(y.reference_year, 1, 1)) AS first_day,
           least(coalesce(valid_to, DATE '9999-12-31'), make_date(y.reference_year + 1, 1, 1)) AS end_day
    FROM source.cluster_label
    JOIN year AS y
      ON holds_in_year(valid_from, valid_to, y.reference_year)
),
accredited AS (
    -- days of the union: accreditations of one cluster may overlap
    SELECT reference_year, cooperation_id, count(DISTINCT day) AS accredited_days, count(DISTINCT first_day) AS label_rows
    FROM (SELECT reference_year, cooperation_id, first_day, unnest(range(first_day, end_day, INTERVAL 1 DAY)) AS day
          FROM label WHERE scheme = 'accreditation')
    GROUP BY ALL
),
esca AS (
    SELECT reference_year, cooperation_id, count(*) AS label_rows,
           max(CASE level WHEN 'bronze' THEN 1 WHEN 'silver' THEN 2 WHEN 'gold' THEN 3 END) AS label_level
    FROM label WHERE scheme = 'esca' GROUP BY ALL
),
managed AS (
    SELECT 'CLUSTER:' || cluster_id AS cooperation_id, count(*) AS management_rows
    FROM source.cluster WHERE nullif(trim(management_organisation), '') IS NOT NULL GROUP BY ALL
),
declared AS (
    SELECT cooperation_id, t.industry_code
    FROM integration.cooperation AS c JOIN industry_text AS t ON t.text = c.key_industry
),
activity AS (
    SELECT m.reference_year, m.cooperation_id, a.industry_code
    FROM _interpretation_cooperation_member AS m
    JOIN integration.legal_unit AS u USING (legal_unit_id)
    JOIN industry_unit_code AS a ON a.nace_rev2_code = u.nace_rev2_code
    GROUP BY m.reference_year, m.cooperation_id, a.industry_code
    QUALIFY row_number() OVER (
        PARTITION BY m.reference_year, m.cooperation_id ORDER BY count(*) DESC, a.industry_code) = 1
)
SELECT
    s.reference_year, s.cooperation_id, s.cooperation_type, s.name, s.key_industry AS declared_industry,
    CASE WHEN s.key_industry IS NULL THEN a.industry_code ELSE d.industry_code END AS industry_code,
    CASE WHEN d.industry_code IS NOT NULL THEN 'declared' WHEN s.key_industry IS NOT NULL THEN 'declared_unknown'
         WHEN a.industry_code IS NOT NULL THEN 'activity' ELSE 'none' END AS industry_basis,
    CAST(s.member_count AS INTEGER) AS member_count, CAST(s.member_rows AS INTEGER) AS member_rows,
    coalesce(x.accredited_days, 0) > 0 AS is_accredited,
    CAST(coalesce(x.accredited_days, 0) AS INTEGER) AS accredited_days, coalesce(x.label_rows, 0) AS accreditation_rows,
    coalesce(e.label_level, 0) AS esca_label_level, coalesce(e.label_rows, 0) AS esca_rows,
    coalesce(g.management_rows, 0) AS management_rows
FROM assessed AS s
LEFT JOIN accredited AS x USING (reference_year, cooperation_id)
LEFT JOIN esca AS e USING (reference_year, cooperation_id)
LEFT JOIN managed AS g USING (cooperation_id)
LEFT JOIN declared AS d USING (cooperation_id)
LEFT JOIN activity AS a USING (reference_year, cooperation_id)
