-- In which numerators and types of cooperation a legal unit counts, how probably, and what its other lines contribute to
-- the total of a numerator (empty for a type of cooperation).
-- Temporary table from the step: `_interpretation_cooperating_member`.
SELECT reference_year, legal_unit_id, numerator_code, cooperation_type_code, enterprise_group_id,
       any_day_expected AS probability, evidence IN ('identifier', 'name') AS is_accepted,
       CASE WHEN cooperation_type_code = '_T' AND any_day_expected > 0 THEN any_day_expected * proxy_huf_mn END
           AS proxy_huf_mn,
       CASE WHEN cooperation_type_code = '_T' AND any_day_expected > 0 THEN any_day_expected * bridged_huf_mn END
           AS bridged_huf_mn
FROM _interpretation_cooperating_member
