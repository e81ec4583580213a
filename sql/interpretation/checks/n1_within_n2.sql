SELECT a.reference_year, a.attribution_code, a.time_rule, a.table_code, a.nace_version_code, a.activity_code,
       a.region_code, a.size_class_code, a.calibrated_huf_mn AS n1_huf_mn, b.calibrated_huf_mn AS n2_huf_mn
FROM interpretation.cooperation_gva AS a
LEFT JOIN interpretation.cooperation_gva AS b
  ON b.numerator_code = 'N2' AND b.reference_year = a.reference_year AND b.attribution_code = a.attribution_code
 AND b.time_rule = a.time_rule AND b.table_code = a.table_code AND b.nace_version_code = a.nace_version_code
 AND b.activity_code = a.activity_code AND b.region_code = a.region_code AND b.size_class_code = a.size_class_code
 AND b.cooperation_type_code = a.cooperation_type_code
WHERE a.numerator_code = 'N1' AND a.cooperation_type_code = '_T'
  AND a.calibrated_huf_mn > coalesce(b.calibrated_huf_mn, 0) + 1e-6 * abs(a.calibrated_huf_mn)
