-- Where do cooperating firms matter most? NUTS 2 regions in the last year, members and all cooperating firms side by side.
SELECT c.region_code, d.name AS region,
       max(c.share_pct) FILTER (WHERE c.numerator_code = 'N1') AS n1_pct,
       max(c.share_pct) FILTER (WHERE c.numerator_code = 'N2') AS n2_pct
FROM access.cooperation_gva AS c
LEFT JOIN access.code_definition AS d ON d.dimension_code = c.nuts_version_code AND d.code = c.region_code
WHERE c.table_code = 'T3' AND c.reference_year = (SELECT max(reference_year) FROM access.cooperation_gva)
GROUP BY c.region_code, d.name
ORDER BY n2_pct DESC NULLS LAST, c.region_code;
