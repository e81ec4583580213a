-- Which activities depend most on cooperating firms? Sections of NACE Rev. 2 in the last year, all cooperating firms.
-- A section that is missing here is withheld (query 13) or has no cooperating firm.
SELECT c.activity_code, d.name AS activity, c.gva_huf_mn, c.share_pct, c.contribution_pct, c.firm_count
FROM access.cooperation_gva AS c
LEFT JOIN access.code_definition AS d ON d.dimension_code = c.nace_version_code AND d.code = c.activity_code
WHERE c.table_code = 'T2' AND c.nace_version_code = 'NACE_REV2' AND c.numerator_code = 'N2' AND NOT c.is_withheld
  AND c.reference_year = (SELECT max(reference_year) FROM access.cooperation_gva)
ORDER BY c.share_pct DESC NULLS LAST, c.activity_code;
