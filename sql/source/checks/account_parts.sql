-- Half a unit of rounding on either side. An item that is negative (a correction) has no parts to compare with.
SELECT tax_stem, fiscal_year, net_turnover, export_turnover, personnel_expenses, wages, other_expenses,
       taxes_on_production, other_income, other_income_nonoperating
FROM source.annual_account
WHERE export_turnover > net_turnover + 1
   OR wages > personnel_expenses + 1
   OR (other_expenses >= 0 AND taxes_on_production > other_expenses + 1)
   OR (other_income >= 0 AND other_income_nonoperating > other_income + 1)
