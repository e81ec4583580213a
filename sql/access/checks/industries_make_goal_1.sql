SELECT reference_year, g.passed_count, g.industry_count
FROM access.goal_1 AS g
LEFT JOIN (
    SELECT reference_year, count(*) FILTER (WHERE is_passed) AS passed_count, count(*) AS industry_count
    FROM access.key_industry GROUP BY ALL
) AS k USING (reference_year)
WHERE g.passed_count IS DISTINCT FROM k.passed_count OR g.industry_count IS DISTINCT FROM k.industry_count
