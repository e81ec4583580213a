-- Cells that must not leave the house as they are: a value in a withheld cell, or an open cell that a primary rule
-- finds unsafe. The gate runs this again on exactly what it is about to publish.
SELECT a.reference_year, a.numerator_code, a.table_code, a.activity_code,
       CASE WHEN a.is_withheld THEN 'withheld cell carries a value' ELSE 'unsafe cell is open' END AS reason
FROM access.cooperation_gva AS a
JOIN interpretation.cooperation_gva AS c
  ON c.reference_year = a.reference_year AND c.numerator_code = a.numerator_code AND c.table_code = a.table_code
 AND c.activity_code = a.activity_code AND c.region_code = '_T' AND c.time_rule = a.time_rule
 AND c.attribution_code = a.attribution_code
WHERE (a.is_withheld AND coalesce(a.gva_huf_mn, a.share_pct, a.share_s11_pct, a.proxy_huf_mn, a.bridged_huf_mn,
                                  a.share_lower_pct, a.share_upper_pct, a.firm_count) IS NOT NULL)
   OR (NOT a.is_withheld AND c.is_primary_unsafe)
