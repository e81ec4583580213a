SELECT tax_stem, count(*) AS units
FROM source.business_registry
WHERE tax_stem IS NOT NULL AND dissolved_date IS NULL
GROUP BY tax_stem
HAVING count(*) > 1
