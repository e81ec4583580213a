-- What protection needs to know of every cooperating legal unit: its group and codes, and its calibrated GVA by region.
-- `deflator_ratio` is current / previous-year prices, as its total at constant prices has it. What is left of a unit
-- without a known region is a part without one.
-- Temporary table from the step: `_interpretation_cooperating_member`.
WITH unit AS (
    SELECT DISTINCT reference_year, legal_unit_id, enterprise_group_id, rev2_section, rev21_section, a64_code,
           size_class, calibrated_huf_mn, 
           CASE WHEN calibrated_huf_mn = 0 THEN 1 ELSE calibrated_huf_mn / pyp_huf_mn END AS deflator
    FROM _interpretation_cooperating_member
),
region AS (
    SELECT reference_year, legal_unit_id, nuts2_code, exact_sum(r.calibrated_huf_mn) AS value
    FROM interpretation.regional_gva AS r
    SEMI JOIN unit AS u USING (reference_year, legal_unit_id)
    WHERE nuts2_code <> '_U'
    GROUP BY ALL
),
rest AS (
    SELECT u.reference_year, u.legal_unit_id, NULL AS nuts2_code,
           u.calibrated_huf_mn - coalesce(exact_sum(r.value), 0) AS value, count(r.value) AS known
    FROM unit AS u LEFT JOIN region AS r USING (reference_year, legal_unit_id)
    GROUP BY u.reference_year, u.legal_unit_id, u.calibrated_huf_mn
    HAVING known = 0 OR abs(u.calibrated_huf_mn - coalesce(exact_sum(r.value), 0)) > 1e-6 * abs(u.calibrated_huf_mn)
),
part AS (
    FROM region UNION ALL BY NAME SELECT * EXCLUDE (known) FROM rest
)
SELECT
    p.reference_year, u.legal_unit_id, coalesce(p.nuts2_code, '_U') AS nuts2_code, u.enterprise_group_id,
    u.rev2_section, u.rev21_section, u.a64_code, u.size_class, coalesce(p.value, 0) AS value_huf_mn,
    u.deflator AS deflator_ratio
FROM part AS p JOIN unit AS u USING (reference_year, legal_unit_id)
