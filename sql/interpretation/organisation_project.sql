-- The graph of organisations and projects by year: an organisation is in a project in a year if a record of it holds on
-- any day of the year. Kinds stay apart by `cooperation_type_code`.
--   rdi_project, interreg_project, cohesion_project   organisations of the records
--   cluster         co-members, whether or not the cluster is accredited; a tie of another kind than a joint project
--   c2c_agreement   the two clusters that agreed, each where its management sits: nobody's record says that the members
--                   of one cooperate with those of the other, and all their pairs would outweigh everything else
-- Events are no ties. Only projects of two or more organisations, at least one of them at home.
WITH county AS (
    -- a county is known by the labels of all NUTS versions and has the code of the newest
    SELECT label, arg_max(code, nuts_version) AS nuts3_code FROM source.nuts_region
    WHERE length(code) = 5 AND starts_with(code, $reference_area)
    GROUP BY label
),
given AS (
    SELECT n.code, min(c.nuts3_code)[1:4] AS nuts2_code
    FROM source.nuts_region AS n JOIN county AS c USING (label)
    WHERE length(n.code) = 5 AND starts_with(n.code, $reference_area)
    GROUP BY n.code HAVING count(DISTINCT c.nuts3_code) = 1
),
cluster AS (
    SELECT 'CLUSTER:' || c.cluster_id AS cluster_id, upper(strip_accents(trim(c.name))) AS name, g.nuts2_code
    FROM source.cluster AS c LEFT JOIN given AS g ON g.code = c.nuts3_code
),
named AS (
    SELECT name, min(cluster_id) AS cluster_id FROM cluster GROUP BY name HAVING count(*) = 1
),
agreement AS (
    SELECT a.*, 'C2C:' || a.agreement_id AS cooperation_id, 'CLUSTER:' || a.cluster_id AS own_id,
           coalesce(n.cluster_id,
                    'CLUSTER:' || a.partner_country || ':'
                        || md5(upper(strip_accents(trim(a.partner_cluster_name))))[1:12]) AS partner_id
    FROM source.c2c_agreement AS a
    LEFT JOIN named AS n
      ON n.name = upper(strip_accents(trim(a.partner_cluster_name))) AND a.partner_country = $reference_area
),
node AS (
    SELECT organisation_id, legal_unit_id, is_domestic, country_code, nuts2_code FROM integration.organisation
    UNION ALL
    SELECT own_id, NULL, true, $reference_area, any_value(c.nuts2_code)
    FROM agreement AS a LEFT JOIN cluster AS c ON c.cluster_id = a.own_id GROUP BY own_id
    UNION ALL
    SELECT partner_id, NULL, any_value(partner_country) = $reference_area, any_value(partner_country),
           any_value(c.nuts2_code)
    FROM agreement AS a LEFT JOIN cluster AS c ON c.cluster_id = a.partner_id
    WHERE partner_id NOT IN (SELECT own_id FROM agreement)
    GROUP BY partner_id
),
record AS (
    SELECT p.cooperation_type, p.cooperation_id, o.organisation_id, p.valid_from, p.valid_to
    FROM integration.participant AS p JOIN integration.participant_organisation AS o USING (record_id)
    WHERE p.cooperation_type IN ('rdi_project', 'interreg_project', 'cohesion_project', 'cluster')
    UNION ALL
    SELECT 'c2c_agreement', cooperation_id, unnest([own_id, partner_id]), signed_date, valid_to FROM agreement
),
yearly AS (
    SELECT DISTINCT cooperation_type, cooperation_id, organisation_id,
           unnest(range(greatest(year(valid_from), $first_reference_year),
                        least(coalesce(year(valid_to - 1), $last_reference_year), $last_reference_year) + 1))
               AS reference_year
    FROM record WHERE valid_from IS NOT NULL AND (valid_to IS NULL OR valid_to > valid_from)
),
placed AS (
    SELECT y.*, n.legal_unit_id,
           CASE WHEN n.is_domestic THEN 'home' WHEN n.country_code IS NOT NULL THEN 'abroad' ELSE 'unknown' END
               AS location,
           CASE WHEN n.is_domestic THEN coalesce(n.nuts2_code, $reference_area || '_U')
                ELSE coalesce(n.country_code, '_U') END AS region_code,
           count(*) OVER project AS member_count,
           count(*) FILTER (WHERE n.is_domestic) OVER project AS home_count
    FROM yearly AS y JOIN node AS n USING (organisation_id)
    WINDOW project AS (PARTITION BY y.reference_year, y.cooperation_type, y.cooperation_id)
)
SELECT CAST(reference_year AS INTEGER) AS reference_year, cooperation_type AS cooperation_type_code, cooperation_id,
       organisation_id, legal_unit_id, location, region_code, CAST(member_count AS INTEGER) AS member_count,
       1 / (member_count - 1) AS tie_weight
FROM placed
WHERE member_count >= 2 AND home_count >= 1
