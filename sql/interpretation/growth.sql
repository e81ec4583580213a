-- Growth of value added from the year before, by section and size class: sum of the year / sum of the year before over
-- the units that report both in full (matched sample; Memobust, module "Imputation", trend imputation; METHODS 1).
-- Cells of fewer than five such units take the growth of their section, else of all; a pair of accounts that differ
-- more than tenfold says something about one of the accounts rather than about growth.
WITH reported AS (
    -- one number for unit and year, the year before is the number before
    SELECT CAST(unit_number AS BIGINT) * 10000 + year AS unit_year, year, stratum, gva_basic_prices AS gva
    FROM _interpretation_unit_year
    WHERE covered BETWEEN 0.99 AND 1.01 AND existed > 0.99 AND NOT (is_edit_failed OR is_ratio_imputed OR is_from_notes)
),
stratum AS (
    SELECT DISTINCT stratum, section, size_class FROM _interpretation_unit_life
),
matched AS (
    SELECT n.year, n.stratum, count(*) AS pairs, sum(CAST(n.gva AS DECIMAL(38, 9))) AS now,
           sum(CAST(b.gva AS DECIMAL(38, 9))) AS before
    FROM reported AS n JOIN reported AS b ON b.unit_year = n.unit_year - 1
    WHERE n.gva <= 10 * b.gva AND b.gva <= 10 * n.gva
    GROUP BY n.year, n.stratum
),
measured AS (
    SELECT year, section, size_class, grouping(section, size_class) AS level,
           exact_sum(now) / nullif(exact_sum(before), 0) AS growth
    FROM matched JOIN stratum USING (stratum)
    GROUP BY GROUPING SETS ((year, section, size_class), (year, section), (year))
    HAVING sum(pairs) >= 5
)
SELECT
    c.year, c.stratum, c.section, c.size_class,
    coalesce(g.growth, s.growth, t.growth) AS growth_ratio,
    -- growth between two years of one chain = level of the one / level of the other
    product(coalesce(g.growth, s.growth, t.growth, 1)) OVER chain AS level_ratio,
    count(*) FILTER (WHERE t.growth IS NULL) OVER chain AS chain
FROM (SELECT y.year, u.*
      FROM (SELECT DISTINCT year FROM _interpretation_unit_year) AS y
      CROSS JOIN (FROM stratum SEMI JOIN _interpretation_unit_year USING (stratum)) AS u) AS c
LEFT JOIN measured AS g
  ON g.level = 0 AND g.year = c.year AND g.section IS NOT DISTINCT FROM c.section AND g.size_class = c.size_class
LEFT JOIN measured AS s ON s.level = 1 AND s.year = c.year AND s.section IS NOT DISTINCT FROM c.section
LEFT JOIN measured AS t ON t.level = 3 AND t.year = c.year
WINDOW chain AS (PARTITION BY c.section, c.size_class ORDER BY c.year)
