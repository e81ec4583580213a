-- Volumes are not additive, so only values at current prices are judged. Tolerance: half a unit for each of three
-- rounded terms, but not less than 0.01 % (publishers convert currencies before rounding).
WITH items AS (
    SELECT source_id, freq, ref_area, ref_sector, activity_code, unit_measure, prices, time_period,
           max(obs_value) FILTER (sto = 'P1') AS output,
           max(obs_value) FILTER (sto = 'P2') AS intermediate_consumption,
           max(obs_value) FILTER (sto = 'B1G') AS value_added
    FROM source.national_account
    WHERE regexp_matches(unit_measure, '^(CP_M|MIO_)') OR prices = 'V'
    GROUP BY ALL
)
SELECT *, output - intermediate_consumption - value_added AS difference
FROM items
WHERE abs(output - intermediate_consumption - value_added) > greatest(1.5, 0.0001 * abs(value_added))
