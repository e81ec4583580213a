-- Sections that were published for an earlier year and are missing in a later one, the last year included. A year that
-- is published in less detail is complete: 'G-I' stands for G, H and I.
WITH published AS (
    SELECT reference_year, activity_code
    FROM integration.national_account
    WHERE ref_area = $reference_area AND sector_code = 'S1' AND sto_code = 'B1G'
      AND regexp_full_match(activity_code, '[A-V](-[A-V])?')
),
section AS (
    SELECT activity_code, min(reference_year) AS first_year
    FROM published WHERE length(activity_code) = 1 GROUP BY activity_code
),
year AS (SELECT unnest(range(min(reference_year), max(reference_year) + 1)) AS reference_year FROM published)
SELECT y.reference_year, s.activity_code
FROM year AS y
JOIN section AS s ON y.reference_year > s.first_year
ANTI JOIN published AS p
    ON p.reference_year = y.reference_year
    AND s.activity_code BETWEEN p.activity_code[1] AND p.activity_code[-1]
