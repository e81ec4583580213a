SELECT tax_stem, fiscal_year
FROM source.annual_account
WHERE tax_stem NOT IN (SELECT tax_stem FROM source.business_registry WHERE tax_stem IS NOT NULL)
  AND EXISTS (FROM source.business_registry)
