-- How did one region develop? Change against the year before, in percentage points of the region's own GVA.
SELECT reference_year, share_pct, share_pct - lag(share_pct) OVER (ORDER BY reference_year) AS change_pp
FROM access.cooperation_gva
WHERE table_code = 'T3' AND region_code = 'HU31' AND numerator_code = 'N2'
ORDER BY reference_year;
