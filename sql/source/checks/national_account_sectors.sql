-- Tolerance: half a unit for each of six rounded terms, but not less than 0.01 %. Cells of which a sector is missing
-- are not judged.
WITH cells AS (
    SELECT source_id, freq, ref_area, activity_code, unit_measure, prices, time_period,
           max(obs_value) FILTER (ref_sector = 'S1') AS economy,
           max(obs_value) FILTER (ref_sector = 'S11') + max(obs_value) FILTER (ref_sector = 'S12')
               + max(obs_value) FILTER (ref_sector = 'S13') + max(obs_value) FILTER (ref_sector = 'S14')
               + max(obs_value) FILTER (ref_sector = 'S15') AS sectors
    FROM source.national_account
    WHERE sto = 'B1G' AND (regexp_matches(unit_measure, '^(CP_M|MIO_)') OR prices = 'V')
    GROUP BY ALL
)
SELECT *, sectors - economy AS difference
FROM cells
WHERE abs(sectors - economy) > greatest(3, 0.0001 * abs(economy))
