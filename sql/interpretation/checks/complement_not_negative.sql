-- Cells whose cooperating firms produce more than national accounts leave for everybody.
SELECT reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code, activity_code,
       region_code, cooperation_type_code, calibrated_huf_mn, national_gva_huf_mn, complement_huf_mn
FROM interpretation.cooperation_gva WHERE complement_huf_mn < 0
