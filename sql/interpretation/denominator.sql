-- GVA of national accounts by year, area and activity, in both versions of NACE.
-- NACE Rev. 2 as published; NACE Rev. 2.1 converted by interpretation.nace_conversion, and only where every section
-- that goes into the new one is published for the area. The total needs no version and no conversion.
WITH national AS (
    SELECT reference_year, ref_area, activity_code, sector_code, value_huf_mn
    FROM integration.national_account WHERE sto_code = 'B1G' AND sector_code IN ('S1', 'S11')
),
place AS (SELECT DISTINCT reference_year, ref_area, sector_code FROM national),
converted AS (
    SELECT p.reference_year, p.ref_area, k.nace_rev21_code AS activity_code, p.sector_code,
           exact_sum(k.weight_ratio * n.value_huf_mn) AS value_huf_mn
    FROM place AS p
    JOIN interpretation.nace_conversion AS k ON k.reference_year = p.reference_year AND k.weight_ratio > 0
    LEFT JOIN national AS n
      ON n.reference_year = p.reference_year AND n.ref_area = p.ref_area AND n.sector_code = p.sector_code
     AND n.activity_code = k.nace_rev2_code
    GROUP BY ALL
    HAVING count(*) = count(n.value_huf_mn)
),
versioned AS (
    SELECT *, CASE activity_code WHEN '_T' THEN '_Z' ELSE 'NACE_REV2' END AS nace_version_code FROM national
    UNION ALL
    SELECT *, 'NACE_REV21' AS nace_version_code FROM converted
)
SELECT reference_year, nace_version_code, ref_area, activity_code,
       any_value(value_huf_mn) FILTER (WHERE sector_code = 'S1') AS s1_huf_mn,
       any_value(value_huf_mn) FILTER (WHERE sector_code = 'S11') AS s11_huf_mn
FROM versioned
GROUP BY ALL
