-- The scoreboard by key industry, without what belongs to a single cooperation: its scores and the GVA of its members.
SELECT reference_year, industry_code, name_hu, name_en, is_passed, pass_share_ratio, cooperation_count, valid_count,
       passing_count, innovation_threshold_ratio, international_threshold_ratio, configuration_version
FROM interpretation.key_industry
