-- How certain is the headline? Interval of linkage and imputation, and the bounds: identifiers only, every link counted.
SELECT reference_year, share_lower_pct, ci_low_share_pct, share_pct, ci_high_share_pct, share_upper_pct
FROM access.cooperation_gva
WHERE table_code = 'T1' AND numerator_code = 'N1'
ORDER BY reference_year;
