-- Every record in which a source names a participant of a cooperation, whatever the source, one row each.
-- `record_id` depends on the record's content, not on its place in a file, so that a clerk's decision survives the
-- next delivery; identical records are numbered.
-- Temporary tables from the Python step: `name_key` (name -> name_key, legal_form), `identifier` (text -> kind, value, is_valid, hu_tax_stem).
WITH joint_cohesion AS (
    SELECT project_title, call_name
    FROM source.structural_fund_project
    GROUP BY ALL
    HAVING count(DISTINCT upper(beneficiary_name)) >= 2
),
record AS (
    SELECT source_id, 'cluster' AS cooperation_type, 'CLUSTER:' || cluster_id AS cooperation_id, member_name AS name,
           tax_number AS identifier_text, NULL AS pic, country, settlement, postcode, NULL AS nuts3_code, role,
           member_type AS participant_type, valid_from, valid_to, NULL AS eligible_cost_eur, NULL AS total_cost_eur
    FROM source.cluster_membership
    UNION ALL BY NAME
    SELECT o.source_id, 'rdi_project' AS cooperation_type, 'CORDIS:' || o.project_id AS cooperation_id, o.name,
           o.vat_number AS identifier_text, o.pic, o.country, o.city AS settlement, o.postcode,
           o.nuts_code AS nuts3_code, o.role, o.activity_type AS participant_type,
           p.start_date AS valid_from, p.end_date + 1 AS valid_to,
           o.net_ec_contribution AS eligible_cost_eur, o.total_cost AS total_cost_eur
    FROM source.cordis_organisation AS o
    LEFT JOIN (SELECT project_id, min(start_date) AS start_date, max(end_date) AS end_date
               FROM source.cordis_project GROUP BY project_id) AS p USING (project_id)
    UNION ALL BY NAME
    SELECT source_id, 'interreg_project' AS cooperation_type, 'INTERREG:' || project_id AS cooperation_id,
           partner_name AS name, tax_number AS identifier_text, country, settlement, nuts3_code,
           partner_role AS role, start_date AS valid_from, end_date + 1 AS valid_to, eligible_cost_eur, total_cost_eur
    FROM source.interreg_partner
    UNION ALL BY NAME
    SELECT source_id, 'cohesion_project' AS cooperation_type,
           'COHESION:' || md5(concat_ws('|', project_title, call_name))[1:12] AS cooperation_id,
           beneficiary_name AS name, 'HU' AS country, settlement, 'beneficiary' AS role,
           decision_date AS valid_from,
           decision_date + $cohesion_project_days AS valid_to
    FROM source.structural_fund_project SEMI JOIN joint_cohesion USING (project_title, call_name)
    UNION ALL BY NAME
    SELECT e.source_id, 'event' AS cooperation_type, 'EVENT:' || event_id AS cooperation_id,
           e.organisation_name AS name, e.tax_number AS identifier_text, e.organisation_country AS country,
           CASE WHEN e.is_frontrunner THEN 'frontrunner' ELSE 'participant' END AS role,
           v.event_date AS valid_from, v.event_date + 1 AS valid_to
    FROM source.event_participant AS e LEFT JOIN source.cooperation_event AS v USING (event_id)
),
identified AS (
    SELECT r.*, coalesce(r.country, CASE WHEN i.kind = 'hu_tax_number' THEN 'HU' END) AS country_code,
           k.name_key, k.legal_form AS legal_form_code, i.kind AS identifier_kind,
           coalesce(i.hu_tax_stem, CASE WHEN i.is_valid THEN i.value END) AS identifier_value, i.is_valid AS is_identifier_valid,
           md5(concat_ws('|', cooperation_id, r.name, coalesce(identifier_text, ''), coalesce(pic, ''),
                         coalesce(settlement, ''), coalesce(role, ''), coalesce(CAST(valid_from AS VARCHAR), '')))[1:16]
               AS digest
    FROM record AS r
    LEFT JOIN name_key AS k ON k.name = r.name
    LEFT JOIN identifier AS i ON i.text = r.identifier_text
)
SELECT
    source_id || ':' || digest
        || CASE WHEN row_number() OVER same > 1 THEN '-' || row_number() OVER same ELSE '' END AS record_id,
    source_id, cooperation_type, cooperation_id, name, name_key, legal_form_code, identifier_text, identifier_kind,
    identifier_value, is_identifier_valid, pic, country_code, settlement, place_key(settlement) AS settlement_key,
    postcode, nuts3_code, role, participant_type, valid_from, valid_to, eligible_cost_eur, total_cost_eur
FROM identified
WINDOW same AS (PARTITION BY source_id, digest ORDER BY valid_to, eligible_cost_eur, total_cost_eur, postcode)
