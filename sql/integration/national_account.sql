-- One value per year, area, sector, item and activity in million national currency at current prices.
-- Several deliveries may carry the same figure (GVA of S.1 stands in three Eurostat tables); the first source in
-- alphabetical order of its id is taken and the largest difference between them is kept as a quality indicator.
WITH harmonised AS (
    SELECT
        time_period AS reference_year,
        ref_area,
        ref_sector AS sector_code,
        CASE sto WHEN 'B1GQ' THEN 'B1GQ' WHEN 'D21X31' THEN 'D21X31' ELSE sto END AS sto_code,
        CASE WHEN activity_code IN ('TOTAL', '_T', '_Z') THEN '_T' ELSE activity_code END AS activity_code,
        obs_value,
        obs_flag,
        source_id
    FROM source.national_account
    WHERE freq = 'A' AND obs_value IS NOT NULL
      AND unit_measure IN ('CP_MNAC', 'MIO_NAC', 'XDC_MN') AND prices IN ('V', '_Z')
      AND ref_area LIKE $reference_area || '%'
)
SELECT
    reference_year, ref_area, sector_code, sto_code, activity_code,
    arg_min(obs_value, source_id) AS value_huf_mn,
    arg_min(obs_flag, source_id) AS obs_flag,
    min(source_id) AS source_id,
    CAST(count(DISTINCT source_id) AS INTEGER) AS source_count,
    max(obs_value) - min(obs_value) AS largest_difference_huf_mn
FROM harmonised
GROUP BY ALL
