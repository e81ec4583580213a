SELECT o.numerator_code, o.reference_year
FROM access.outlook AS o JOIN access.cooperation_gva AS c USING (numerator_code, reference_year)
WHERE o.model_code = 'observed' AND c.table_code = 'T1'
  AND (c.is_withheld OR abs(c.share_pct - o.point_pct) > 1e-6)
