-- Years in which all five sectors are there and do not add up to S.1 within rounding (1 HUF mn per figure).
SELECT reference_year, ref_area,
       exact_sum_if(value_huf_mn, sector_code = 'S1') AS total_huf_mn,
       exact_sum_if(value_huf_mn, sector_code <> 'S1') AS sectors_huf_mn
FROM integration.national_account
WHERE sto_code = 'B1G' AND activity_code = '_T' AND sector_code IN ('S1', 'S11', 'S12', 'S13', 'S14', 'S15')
GROUP BY ALL
HAVING count(*) = 6 AND abs(total_huf_mn - sectors_huf_mn) > 5
