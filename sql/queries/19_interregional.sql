-- Which regions work together most? Ties between different regions at home in the last three years, weight per year.
SELECT region_code_a, region_code_b, sum(weight) / 3 AS weight_per_year, max(project_count) AS projects_in_best_year
FROM access.interregional_cooperation
WHERE cooperation_type_code = '_T' AND pair_kind = 'home-home' AND region_code_a <> region_code_b
  AND reference_year > (SELECT max(reference_year) - 3 FROM access.interregional_cooperation)
GROUP BY region_code_a, region_code_b
ORDER BY weight_per_year DESC, region_code_a, region_code_b
LIMIT 10;
