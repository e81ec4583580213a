-- A firm with negative value added turns the order round; so do its cells, which is why this only warns.
SELECT a.reference_year, a.numerator_code, a.table_code, a.nace_version_code, a.activity_code, a.region_code,
       a.cooperation_type_code, a.size_class_code, a.calibrated_huf_mn AS day_weighted_huf_mn,
       b.calibrated_huf_mn AS any_day_huf_mn
FROM interpretation.cooperation_gva AS a
LEFT JOIN interpretation.cooperation_gva AS b
  ON b.attribution_code = 'full' AND b.time_rule = 'any_day' AND b.reference_year = a.reference_year
 AND b.numerator_code = a.numerator_code AND b.table_code = a.table_code
 AND b.nace_version_code = a.nace_version_code AND b.activity_code = a.activity_code
 AND b.region_code = a.region_code AND b.size_class_code = a.size_class_code
 AND b.cooperation_type_code = a.cooperation_type_code
WHERE a.attribution_code = 'day_weighted'
  AND a.calibrated_huf_mn > coalesce(b.calibrated_huf_mn, 0) + 1e-6 * abs(a.calibrated_huf_mn)
