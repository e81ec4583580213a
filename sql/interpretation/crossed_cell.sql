-- Calibrated cells beside the regional accounts of the whole economy, by the groups of activities (A*10) in which those
-- are published: the one source that crosses activities and regions and that calibration does not use. Only groups of
-- which non-financial corporations make at least two thirds of the economy, or the others would decide; B-E without C.
-- Temporary table from the step: `_interpretation_uncertain_cell`.
WITH grouped AS (
    FROM (VALUES ('A', 'A'), ('B', 'BDE'), ('C', 'C'), ('D', 'BDE'), ('E', 'BDE'), ('F', 'F'), ('G', 'G-I'),
                 ('H', 'G-I'), ('I', 'G-I'), ('J', 'J'), ('L', 'L'), ('M', 'M_N'), ('N', 'M_N'), ('P', 'O-Q'), ('Q', 'O-Q'),
                 ('R', 'R-U'), ('S', 'R-U')) AS g(activity_code, group_code)
),
published AS (
    SELECT reference_year, ref_area, CASE activity_code WHEN 'B-E' THEN 'BDE' ELSE activity_code END AS group_code,
           CASE activity_code
               WHEN 'B-E' THEN value_huf_mn - max(value_huf_mn) FILTER (WHERE activity_code = 'C') OVER area
               ELSE value_huf_mn END AS value_huf_mn
    FROM integration.national_account WHERE sto_code = 'B1G' AND sector_code = 'S1'
    WINDOW area AS (PARTITION BY reference_year, ref_area)
),
fitted AS (
    SELECT c.reference_year, g.group_code, c.region_code, exact_sum(c.calibrated_huf_mn) AS calibrated_huf_mn,
           exact_sum(c.square_huf_mn2) AS square_huf_mn2
    FROM _interpretation_uncertain_cell AS c JOIN grouped AS g USING (activity_code)
    WHERE NOT c.is_extrapolated
    GROUP BY ALL
),
corporate AS (
    SELECT f.reference_year, f.group_code
    FROM fitted AS f JOIN published AS p
      ON p.reference_year = f.reference_year AND p.group_code = f.group_code AND p.ref_area = f.region_code
    GROUP BY ALL
    HAVING exact_sum(f.calibrated_huf_mn) >= 2 * exact_sum(p.value_huf_mn) / 3
)
SELECT f.reference_year, f.group_code AS activity_code, f.region_code,
       ln(f.calibrated_huf_mn / p.value_huf_mn) AS log_ratio,
       least(f.square_huf_mn2 / pow(f.calibrated_huf_mn, 2), 1) AS concentration_ratio
FROM fitted AS f
SEMI JOIN corporate AS c USING (reference_year, group_code)
JOIN published AS p
  ON p.reference_year = f.reference_year AND p.group_code = f.group_code AND p.ref_area = f.region_code
WHERE p.value_huf_mn > 0
