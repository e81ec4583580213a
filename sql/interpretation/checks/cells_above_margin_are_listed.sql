-- Cells that exceed their margin and nobody is told to look at.
SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code, cooperation_type_code
FROM interpretation.cooperation_gva ANTI JOIN interpretation.margin_review
  USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
         cooperation_type_code)
WHERE complement_huf_mn < 0
UNION
SELECT c.reference_year, '_T', 'T7', 'NACE_REV2', c.activity_code, c.nuts2_code, '_T'
FROM interpretation.reconciliation AS c
ANTI JOIN (FROM interpretation.margin_review WHERE sector_code = 'S11') AS r
  ON r.reference_year = c.reference_year AND r.activity_code = c.activity_code AND r.region_code = c.nuts2_code
WHERE c.is_in_review
