-- Is it a matter of large firms? Contribution of each size class to the share of the whole economy.
-- National accounts know no size classes, so there is no share within one.
SELECT reference_year, size_class_code, gva_huf_mn, contribution_pct, firm_count
FROM access.cooperation_gva
WHERE table_code = 'T5' AND numerator_code = 'N1'
ORDER BY reference_year, size_class_code;
