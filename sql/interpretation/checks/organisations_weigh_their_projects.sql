-- Each organisation has ties of total weight one in each of its projects; a tie within a region has both ends there.
WITH counted AS (
    SELECT reference_year, cooperation_type_code, region_code, count(*) AS memberships
    FROM interpretation.organisation_project WHERE location = 'home' GROUP BY ALL
    UNION ALL
    SELECT reference_year, '_T', region_code, count(*)
    FROM interpretation.organisation_project
    WHERE location = 'home' AND cooperation_type_code IN ('rdi_project', 'interreg_project', 'cohesion_project')
    GROUP BY ALL
),
ends AS (
    SELECT reference_year, cooperation_type_code, region_code_a AS region_code, weight
    FROM interpretation.interregional_cooperation
    UNION ALL
    SELECT reference_year, cooperation_type_code, region_code_b, weight
    FROM interpretation.interregional_cooperation
),
weighed AS (
    SELECT reference_year, cooperation_type_code, region_code, exact_sum(weight) AS weight FROM ends GROUP BY ALL
)
SELECT reference_year, cooperation_type_code, region_code, c.memberships, w.weight
FROM counted AS c LEFT JOIN weighed AS w USING (reference_year, cooperation_type_code, region_code)
WHERE w.weight IS NULL OR abs(w.weight - c.memberships) > 1e-6
