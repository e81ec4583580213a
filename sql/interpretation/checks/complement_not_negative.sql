SELECT reference_year, numerator_code, time_rule, table_code, activity_code, region_code, calibrated_huf_mn,
       national_gva_huf_mn
FROM interpretation.cooperation_gva WHERE calibrated_huf_mn > national_gva_huf_mn
