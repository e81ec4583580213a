-- Ties within regions and, counted at both ends, between them make the nation's; so do ties abroad.
SELECT reference_year, cooperation_type_code,
       exact_sum_if(home_weight, region_code = '_T') AS home_weight,
       exact_sum_if(abroad_weight, region_code = '_T') AS abroad_weight
FROM interpretation.international_cooperation GROUP BY ALL
HAVING abs(exact_sum_if(abroad_weight, region_code <> '_T') - abroad_weight) > 1e-6
    OR abs(exact_sum_if((home_weight + internal_weight) / 2, region_code <> '_T') - home_weight) > 1e-6
