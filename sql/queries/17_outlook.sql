-- Will 10 % be reached by 2030? The envelope of three models with its 80 % interval: a projection, not an official statistic.
SELECT numerator_code, reference_year, point_pct, low80_pct, high80_pct, target_probability_ratio, label
FROM access.outlook
WHERE model_code = 'envelope'
ORDER BY numerator_code, reference_year;
