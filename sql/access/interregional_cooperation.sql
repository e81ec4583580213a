-- Ties between regions and countries, from public lists of projects, members and agreements. The GVA at their ends stays
-- inside: few firms make an end.
SELECT reference_year, cooperation_type_code, region_code_a, region_code_b, pair_kind, weight, tie_count,
       repeated_tie_count, project_count, organisation_count_a, organisation_count_b
FROM interpretation.interregional_cooperation
