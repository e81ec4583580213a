-- How far the ties of the reference area and of each of its regions reach, from the pairs of regions; projects from the
-- graph itself. A tie to an unknown place is known neither to stay nor to leave.
WITH located AS (
    SELECT *,
           CASE WHEN starts_with(region_code_a, $reference_area) THEN region_code_a ELSE region_code_b END AS home_code,
           CASE WHEN starts_with(region_code_a, $reference_area) THEN region_code_b ELSE region_code_a END
               AS partner_code
    FROM interpretation.interregional_cooperation
),
ends AS (
    SELECT reference_year, cooperation_type_code, pair_kind, home_code AS region_code, partner_code, weight FROM located
    UNION ALL
    SELECT reference_year, cooperation_type_code, pair_kind, partner_code, home_code, weight
    FROM located WHERE pair_kind = 'home-home' AND partner_code <> home_code
    UNION ALL
    SELECT reference_year, cooperation_type_code, pair_kind, '_T',
           CASE pair_kind WHEN 'home-home' THEN '_T' ELSE partner_code END, weight
    FROM located
),
judged AS (
    SELECT *, region_code = $reference_area || '_U' OR partner_code = $reference_area || '_U'
              OR pair_kind = 'home-unknown' AS is_unplaced
    FROM ends
),
summed AS (
    SELECT reference_year, cooperation_type_code, region_code,
           exact_sum(weight) AS total_weight,
           coalesce(exact_sum_if(weight, pair_kind = 'home-home'), 0) AS home_weight,
           coalesce(exact_sum_if(weight, pair_kind = 'home-abroad'), 0) AS abroad_weight,
           coalesce(exact_sum_if(weight, partner_code = region_code), 0) AS internal_weight,
           coalesce(exact_sum_if(weight, partner_code <> region_code AND NOT is_unplaced), 0) AS external_weight,
           coalesce(exact_sum_if(weight, partner_code = region_code AND NOT is_unplaced), 0) AS placed_internal_weight,
           count(DISTINCT partner_code) FILTER (WHERE pair_kind = 'home-abroad') AS partner_country_count,
           count(DISTINCT partner_code)
               FILTER (WHERE pair_kind = 'home-home' AND partner_code <> region_code AND NOT is_unplaced)
               AS partner_region_count
    FROM judged GROUP BY ALL
),
typed AS (
    SELECT reference_year, cooperation_type_code, cooperation_id, location, region_code
    FROM interpretation.organisation_project
    UNION ALL
    SELECT reference_year, '_T', cooperation_id, location, region_code
    FROM interpretation.organisation_project
    WHERE cooperation_type_code IN ('rdi_project', 'interreg_project', 'cohesion_project')
),
reach AS (
    SELECT reference_year, cooperation_type_code, cooperation_id, bool_or(location = 'abroad') AS is_international
    FROM typed GROUP BY ALL
),
presence AS (
    SELECT DISTINCT reference_year, cooperation_type_code, cooperation_id, region_code
    FROM typed WHERE location = 'home'
    UNION
    SELECT DISTINCT reference_year, cooperation_type_code, cooperation_id, '_T' FROM typed
),
project AS (
    SELECT reference_year, cooperation_type_code, region_code, count(*) AS project_count,
           count(*) FILTER (WHERE is_international) AS international_project_count
    FROM presence JOIN reach USING (reference_year, cooperation_type_code, cooperation_id)
    GROUP BY ALL
)
SELECT reference_year, cooperation_type_code, region_code, total_weight, home_weight, abroad_weight, internal_weight,
       external_weight, placed_internal_weight,
       round(100 * abroad_weight / total_weight, 6) AS international_share_pct,
       CAST(project_count AS INTEGER) AS project_count,
       CAST(international_project_count AS INTEGER) AS international_project_count,
       round(100 * international_project_count / project_count, 6) AS international_project_share_pct,
       CAST(partner_country_count AS INTEGER) AS partner_country_count,
       CASE WHEN region_code <> '_T' THEN CAST(partner_region_count AS INTEGER) END AS partner_region_count
FROM summed JOIN project USING (reference_year, cooperation_type_code, region_code)
