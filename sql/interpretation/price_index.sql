-- Deflators of GVA: current prices / prices of the previous year, by year and activity, for the economy (S.1).
-- Where the publisher gives no figure at previous-year prices, it follows from chain-linked volumes: the year before at
-- current prices x growth of the volume (annual overlap; ESA 2010, 10.20 to 10.23). Levels of chained volumes are never
-- compared across activities.
WITH observed AS (
    SELECT time_period AS reference_year,
           CASE WHEN activity_code IN ('TOTAL', '_T', '_Z') THEN '_T' ELSE activity_code END AS activity_code,
           CASE WHEN unit_measure = 'PYP_MNAC' OR prices = 'Y' THEN 'previous_year'
                WHEN regexp_full_match(unit_measure, 'CLV[0-9]{2}_MNAC') OR prices IN ('L', 'LR') THEN 'chain_linked'
                END AS price_basis,
           source_id, unit_measure, max(obs_value) AS value
    FROM source.national_account
    WHERE freq = 'A' AND sto = 'B1G' AND ref_sector = 'S1' AND ref_area = $reference_area AND obs_value > 0
    GROUP BY ALL
),
current_price AS (
    SELECT reference_year, activity_code, value_huf_mn FROM integration.national_account
    WHERE sto_code = 'B1G' AND sector_code = 'S1' AND ref_area = $reference_area AND value_huf_mn > 0
),
previous_year_price AS (
    SELECT reference_year, activity_code, value, 'published' AS method_flag, source_id, unit_measure
    FROM observed WHERE price_basis = 'previous_year'
    UNION ALL
    SELECT n.reference_year, n.activity_code, c.value_huf_mn * n.value / b.value, 'chain_linked', n.source_id,
           n.unit_measure
    FROM observed AS n
    JOIN observed AS b
      ON b.activity_code = n.activity_code AND b.reference_year = n.reference_year - 1
     AND b.price_basis = n.price_basis AND b.source_id = n.source_id AND b.unit_measure = n.unit_measure
    JOIN current_price AS c ON c.activity_code = n.activity_code AND c.reference_year = n.reference_year - 1
    WHERE n.price_basis = 'chain_linked'
)
SELECT
    p.reference_year, p.activity_code,
    c.value_huf_mn AS current_price_huf_mn,
    p.value AS previous_year_price_huf_mn,
    c.value_huf_mn / p.value AS deflator_ratio,
    p.method_flag, p.source_id
FROM previous_year_price AS p
JOIN current_price AS c USING (reference_year, activity_code)
WHERE p.reference_year BETWEEN $first_reference_year AND $last_reference_year
QUALIFY row_number() OVER (PARTITION BY p.reference_year, p.activity_code
                           ORDER BY p.method_flag = 'published' DESC, p.source_id, p.unit_measure) = 1
