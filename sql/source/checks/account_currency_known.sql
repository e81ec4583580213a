SELECT a.tax_stem, a.fiscal_year, a.currency
FROM source.annual_account AS a
ANTI JOIN source.exchange_rate AS r ON r.currency = a.currency AND r.year = a.fiscal_year
WHERE a.currency <> 'HUF' AND EXISTS (FROM source.exchange_rate)
