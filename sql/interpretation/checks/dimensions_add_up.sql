SELECT reference_year, cooperation_id, exact_sum(max_points) AS max_points
FROM interpretation.cluster_assessment
GROUP BY ALL HAVING abs(exact_sum(max_points) - 100) > 1e-9
