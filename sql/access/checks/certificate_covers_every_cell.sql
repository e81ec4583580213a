-- Cells of the certificate that are not printed, or printed cells that it does not know, or with another status.
SELECT coalesce(a.reference_year, p.reference_year) AS reference_year, p.cell_name
FROM access.cooperation_gva AS a
FULL JOIN (FROM interpretation.cell_protection WHERE is_published AND price_code = 'V') AS p
    USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code)
WHERE (a.is_withheld = (p.status <> 'open')) IS NOT true
