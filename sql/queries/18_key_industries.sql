-- Goal 1: in how many key industries is there a cooperation that is outstanding and internationally visible (K of N)?
-- `draw_low_count` to `draw_high_count`: where other weights and thresholds would put K.
SELECT g.reference_year, g.passed_count, g.industry_count, g.draw_low_count, g.draw_high_count,
       string_agg(k.name_en, ', ' ORDER BY k.name_en) FILTER (WHERE k.is_passed) AS industries
FROM access.goal_1 AS g
JOIN access.key_industry AS k USING (reference_year)
GROUP BY g.reference_year, g.passed_count, g.industry_count, g.draw_low_count, g.draw_high_count
ORDER BY g.reference_year;
