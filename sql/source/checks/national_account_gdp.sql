-- Only the total economy has taxes on products. Some countries publish a statistical discrepancy of the production
-- approach (YA1) as a part of GDP. Tolerance as in national_account_production.
WITH items AS (
    SELECT source_id, freq, ref_area, unit_measure, prices, time_period,
           max(obs_value) FILTER (sto = 'B1G') AS value_added,
           max(obs_value) FILTER (sto = 'D21X31') AS taxes_less_subsidies,
           coalesce(max(obs_value) FILTER (sto = 'YA1'), 0) AS discrepancy,
           max(obs_value) FILTER (sto = 'B1GQ') AS gdp
    FROM source.national_account
    WHERE ref_sector IN ('S1', '_Z') AND activity_code IN ('TOTAL', '_T', '_Z')
      AND (regexp_matches(unit_measure, '^(CP_M|MIO_)') OR prices = 'V')
    GROUP BY ALL
)
SELECT *, value_added + taxes_less_subsidies + discrepancy - gdp AS difference
FROM items
WHERE abs(value_added + taxes_less_subsidies + discrepancy - gdp) > greatest(1.5, 0.0001 * abs(gdp))
