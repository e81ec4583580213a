-- An unsafe cell that is withheld alone is the open total less the other parts, where every firm of the total is in a
-- part. A plain look at single totals, made apart from the attack on the whole system.
WITH breakdown AS (
    FROM (VALUES
        -- totals, parts, version of NACE of the parts; codes of the totals that the parts share
        ('T1', 'T2', 'NACE_REV2', false, false, false), ('T1', 'T2', 'NACE_REV21', false, false, false),
        ('T1', 'T3', '_Z', false, false, false), ('T1', 'T5', '_Z', false, false, false),
        ('T2', 'T6', 'NACE_REV2', true, false, false), ('T2', 'T7', 'NACE_REV2', true, false, false),
        ('T2', 'T7', 'NACE_REV21', true, false, false), ('T3', 'T7', 'NACE_REV2', false, true, false),
        ('T3', 'T7', 'NACE_REV21', false, true, false), ('T5', 'T6', 'NACE_REV2', false, false, true)
    ) AS b(total_code, part_code, nace_version_code, by_activity, by_region, by_size)
),
cell AS (
    SELECT a.reference_year, a.numerator_code, a.table_code, a.nace_version_code, a.activity_code, a.region_code,
           a.size_class_code, a.is_withheld, p.is_primary, p.value_huf_mn
    FROM access.cooperation_gva AS a
    JOIN (FROM interpretation.cell_protection WHERE is_published AND price_code = 'V') AS p
        USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
               cooperation_type_code, size_class_code)
),
parts AS (
    SELECT b.total_code, b.part_code, b.nace_version_code, b.by_activity, c.reference_year, c.numerator_code,
           CASE WHEN b.by_activity THEN c.activity_code ELSE '_T' END AS activity_code,
           CASE WHEN b.by_region THEN c.region_code ELSE '_T' END AS region_code,
           CASE WHEN b.by_size THEN c.size_class_code ELSE '_T' END AS size_class_code,
           exact_sum(c.value_huf_mn) AS sum_huf_mn, count(*) FILTER (WHERE c.is_withheld) AS withheld,
           bool_or(c.is_withheld AND c.is_primary) AS has_unsafe
    FROM cell AS c JOIN breakdown AS b ON b.part_code = c.table_code AND b.nace_version_code = c.nace_version_code
    GROUP BY ALL
)
SELECT p.reference_year, p.numerator_code, p.part_code, p.nace_version_code, p.activity_code, p.region_code
FROM parts AS p
JOIN cell AS t
  ON t.table_code = p.total_code AND t.reference_year = p.reference_year AND t.numerator_code = p.numerator_code
 AND t.activity_code = p.activity_code AND t.region_code = p.region_code AND t.size_class_code = p.size_class_code
 AND (NOT p.by_activity OR t.nace_version_code = p.nace_version_code)
WHERE NOT t.is_withheld AND p.withheld = 1 AND p.has_unsafe
  AND abs(t.value_huf_mn - p.sum_huf_mn) <= 1e-6 * greatest(1, abs(t.value_huf_mn))
