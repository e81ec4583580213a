-- Cells that were protected with another value than the tables have, or not at all.
SELECT coalesce(c.reference_year, p.reference_year) AS reference_year, p.cell_name
FROM (FROM interpretation.cooperation_gva WHERE attribution_code = 'full' AND time_rule = 'any_day') AS c
FULL JOIN (FROM interpretation.cell_protection WHERE is_published AND price_code = 'V') AS p
    USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code)
-- a cell in which no link is possible at all has nothing to publish and nothing to protect
WHERE NOT (p.cell_name IS NULL AND c.calibrated_huf_mn = 0)
  AND abs(c.calibrated_huf_mn - p.value_huf_mn) <= 1e-6 * greatest(1, abs(p.value_huf_mn)) IS NOT true
UNION ALL
SELECT c.reference_year, p.cell_name
FROM interpretation.cell_protection AS p
JOIN interpretation.cooperation_gva AS c USING (reference_year, numerator_code, table_code)
WHERE p.price_code = 'Y' AND c.attribution_code = 'full' AND c.time_rule = 'any_day'
  AND abs(c.pyp_huf_mn - p.value_huf_mn) <= 1e-6 * greatest(1, abs(p.value_huf_mn)) IS NOT true
