-- Eight rounded items: the identity may miss by half a unit each, four units in all.
SELECT tax_stem, fiscal_year, operating_result,
       net_turnover + capitalised_own_performance + other_income
           - material_expenses - personnel_expenses - depreciation - other_expenses AS computed_result
FROM source.annual_account
WHERE layout IS DISTINCT FROM 'cost_of_sales'
  AND abs(operating_result - computed_result) > 4
