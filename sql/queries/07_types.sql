-- Which kind of cooperation carries how much? A firm counts once within each kind, so kinds do not add up: `overlap_pct` is
-- what the sum over the open kinds has more than the total.
SELECT reference_year, cooperation_type_code, share_pct,
       sum(share_pct) OVER (PARTITION BY reference_year) - total_pct AS overlap_pct
FROM access.cooperation_gva
JOIN (
    SELECT reference_year, share_pct AS total_pct FROM access.cooperation_gva
    WHERE table_code = 'T1' AND numerator_code = 'N2'
) AS total USING (reference_year)
WHERE table_code = 'T4' AND numerator_code = 'N2'
ORDER BY reference_year, cooperation_type_code;
