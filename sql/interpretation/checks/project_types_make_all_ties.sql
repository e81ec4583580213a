SELECT reference_year, region_code_a, region_code_b,
       exact_sum_if(weight, cooperation_type_code = '_T') AS all_weight,
       exact_sum_if(weight, cooperation_type_code IN ('rdi_project', 'interreg_project', 'cohesion_project')) AS weight
FROM interpretation.interregional_cooperation
WHERE cooperation_type_code NOT IN ('cluster', 'c2c_agreement')
GROUP BY ALL
HAVING abs(coalesce(all_weight, 0) - coalesce(weight, 0)) > 1e-6
