-- How GVA of a section of NACE Rev. 2 divides among the sections of NACE Rev. 2.1, year by year.
-- What goes where is said by the official correspondence at every level; how much, by the calibrated GVA of the firms
-- that the register codes in both versions. A section without such firms is divided evenly; one that the correspondence
-- does not know is divided as the register does.
WITH official AS (
    SELECT nace_rev2_section(nace_rev2_code) AS nace_rev2_code, nace_rev21_section(nace_rev21_code) AS nace_rev21_code,
           min(source_id) AS source_id
    FROM source.nace_correspondence
    WHERE nace_rev2_section(nace_rev2_code) IS NOT NULL AND nace_rev21_section(nace_rev21_code) IS NOT NULL
    GROUP BY ALL
),
coded AS (
    SELECT g.reference_year, u.nace_rev2_section AS nace_rev2_code, u.nace_rev21_section AS nace_rev21_code,
           greatest(exact_sum(g.calibrated_huf_mn), 0) AS gva_huf_mn, CAST(count(*) AS INTEGER) AS unit_count
    FROM interpretation.firm_gva AS g JOIN integration.legal_unit AS u USING (legal_unit_id)
    WHERE u.nace_rev2_section IS NOT NULL AND u.nace_rev21_section IS NOT NULL
    GROUP BY ALL
),
year AS (
    SELECT CAST(unnest(range($first_reference_year, $last_reference_year + 1)) AS INTEGER) AS reference_year
),
pair AS (
    SELECT y.reference_year, o.nace_rev2_code, o.nace_rev21_code, o.source_id FROM official AS o CROSS JOIN year AS y
    UNION ALL
    SELECT reference_year, nace_rev2_code, nace_rev21_code, NULL AS source_id
    FROM coded ANTI JOIN official AS o USING (nace_rev2_code)
),
weighted AS (
    SELECT p.*, coalesce(c.gva_huf_mn, 0) AS gva_huf_mn, coalesce(c.unit_count, 0) AS unit_count,
           CAST(sum(CAST(coalesce(c.gva_huf_mn, 0) AS DECIMAL(38, 9))) OVER section AS DOUBLE) AS section_huf_mn, count(*) OVER section AS ways
    FROM pair AS p LEFT JOIN coded AS c USING (reference_year, nace_rev2_code, nace_rev21_code)
    WINDOW section AS (PARTITION BY p.reference_year, p.nace_rev2_code)
)
SELECT
    reference_year, nace_rev2_code, nace_rev21_code,
    CASE WHEN section_huf_mn > 0 THEN least(gva_huf_mn / section_huf_mn, 1.0) ELSE 1.0 / ways END AS weight_ratio,
    gva_huf_mn, unit_count,
    CASE WHEN ways = 1 THEN 'one_to_one' WHEN section_huf_mn > 0 THEN 'gva_weighted' ELSE 'evenly' END AS method_flag,
    source_id IS NOT NULL AS is_in_correspondence,
    concat_ws(' ', coalesce(source_id, 'register'), 'GVA', reference_year) AS vintage
FROM weighted
