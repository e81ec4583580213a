-- Where is manufacturing cooperative? Section C by region and year; withheld cells are shown as such, not as nought.
SELECT reference_year, region_code, share_pct, CASE WHEN is_withheld THEN 'confidential' ELSE 'open' END AS status
FROM access.cooperation_gva
WHERE table_code = 'T7' AND nace_version_code = 'NACE_REV2' AND activity_code = 'C' AND numerator_code = 'N2'
ORDER BY reference_year, region_code;
