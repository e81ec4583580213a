SELECT reference_year, nace_rev2_code, exact_sum(weight_ratio) AS weight_ratio
FROM interpretation.nace_conversion
GROUP BY ALL
HAVING abs(exact_sum(weight_ratio) - 1) > 1e-6 OR min(weight_ratio) < 0
