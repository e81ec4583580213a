-- How much of the economy's gross value added comes from members of accredited clusters, and how far is it to 10 %?
-- The headline (N1) year by year with its interval and distance to the target. `is_withheld` years have no figure.
SELECT t.reference_year, t.share_pct, c.ci_low_share_pct, c.ci_high_share_pct, t.distance_pp, t.required_pace_pp
FROM access.target_tracker AS t
JOIN access.cooperation_gva AS c USING (numerator_code, reference_year)
WHERE t.is_headline AND c.table_code = 'T1'
ORDER BY t.reference_year;
