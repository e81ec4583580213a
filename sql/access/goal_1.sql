-- Goal 1 in one line a year.
SELECT reference_year, passed_count, industry_count, draw_mean_count, draw_low_count, draw_high_count, draw_count,
       configuration_version
FROM interpretation.goal_1
