-- One row per cooperation: clusters, joint RDI, cohesion and Interreg projects, C2C agreements, events.
WITH participant AS (
    SELECT cooperation_id, cooperation_type, min(valid_from) AS first_from, max(valid_to) AS last_to,
           CAST(count(DISTINCT coalesce(pic, name_key, name)) AS INTEGER) AS participant_count,
           CAST(count(DISTINCT country_code) AS INTEGER) AS country_count
    FROM integration.participant GROUP BY ALL
),
described AS (
    SELECT 'CLUSTER:' || cluster_id AS cooperation_id, 'cluster' AS cooperation_type, name, NULL AS programme,
           key_industry, founded_date AS valid_from, NULL AS valid_to
    FROM source.cluster
    UNION ALL BY NAME
    SELECT 'CORDIS:' || project_id AS cooperation_id, 'rdi_project' AS cooperation_type,
           any_value(coalesce(acronym, title) ORDER BY source_id) AS name,
           any_value(framework_programme ORDER BY source_id) AS programme,
           min(start_date) AS valid_from, max(end_date) + 1 AS valid_to
    FROM source.cordis_project GROUP BY project_id
    UNION ALL BY NAME
    SELECT 'INTERREG:' || project_id AS cooperation_id, 'interreg_project' AS cooperation_type,
           min(project_acronym) AS name, min(programme) AS programme,
           min(start_date) AS valid_from, max(end_date) + 1 AS valid_to
    FROM source.interreg_partner GROUP BY project_id
    UNION ALL BY NAME
    SELECT 'COHESION:' || md5(concat_ws('|', project_title, call_name))[1:12] AS cooperation_id,
           'cohesion_project' AS cooperation_type, min(project_title) AS name, min(programme) AS programme,
           min(decision_date) AS valid_from,
           max(decision_date) + $cohesion_project_days AS valid_to
    FROM source.structural_fund_project
    GROUP BY ALL HAVING count(DISTINCT upper(beneficiary_name)) >= 2
    UNION ALL BY NAME
    SELECT 'C2C:' || agreement_id AS cooperation_id, 'c2c_agreement' AS cooperation_type,
           partner_cluster_name AS name, topic AS programme, signed_date AS valid_from, valid_to
    FROM source.c2c_agreement
    UNION ALL BY NAME
    SELECT 'EVENT:' || event_id AS cooperation_id, 'event' AS cooperation_type, name,
           event_date AS valid_from, event_date + 1 AS valid_to
    FROM source.cooperation_event
),
grouped AS (
    SELECT cooperation_id, cooperation_type, min(name) AS name, min(programme) AS programme,
           min(key_industry) AS key_industry, min(valid_from) AS valid_from, max(valid_to) AS valid_to
    FROM described GROUP BY ALL
)
SELECT
    coalesce(g.cooperation_id, p.cooperation_id) AS cooperation_id,
    coalesce(g.cooperation_type, p.cooperation_type) AS cooperation_type,
    g.name, g.programme, g.key_industry,
    coalesce(g.valid_from, p.first_from) AS valid_from,
    coalesce(g.valid_to, p.last_to) AS valid_to,
    coalesce(p.participant_count, 0) AS participant_count,
    coalesce(p.country_count, 0) AS country_count
FROM grouped AS g FULL JOIN participant AS p ON p.cooperation_id = g.cooperation_id
