-- As account_unit_known, but so many that half a register was delivered; silent where no register is configured.
SELECT tax_stem, fiscal_year
FROM source.annual_account
WHERE tax_stem NOT IN (SELECT tax_stem FROM source.business_registry WHERE tax_stem IS NOT NULL)
  AND EXISTS (FROM source.business_registry)
