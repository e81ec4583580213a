-- Annual accounts made comparable: one per legal unit and fiscal year, in HUF mn, with a period; a fiscal year after the
-- other, units by number.
-- A filing for the year beats the previous-year column of the next filing; of several filings the latest counts.
-- Consolidated accounts are refused; a currency without a rate for the year leaves the amounts empty.
WITH filed AS NOT MATERIALIZED (
    SELECT u.unit_number, a.*,
           huf_mn_per_unit(a.unit, a.currency, r.huf_per_unit) AS factor
    FROM source.annual_account AS a
    JOIN _interpretation_numbered_unit AS u USING (tax_stem)
    LEFT JOIN source.exchange_rate AS r ON r.currency = a.currency AND r.year = a.fiscal_year
    WHERE a.fiscal_year BETWEEN $first_reference_year - 1 AND $last_reference_year + 1
      AND NOT coalesce(a.is_consolidated, false)
),
repeated AS (
    SELECT unit_number, fiscal_year FROM filed GROUP BY ALL HAVING count(*) > 1
),
chosen AS (
    -- most years have one filing: only the others need to be put in order
    SELECT * FROM filed ANTI JOIN repeated USING (unit_number, fiscal_year)
    UNION ALL
    SELECT * FROM filed SEMI JOIN repeated USING (unit_number, fiscal_year)
    QUALIFY row_number() OVER (
        PARTITION BY unit_number, fiscal_year
        ORDER BY coalesce(is_previous_year, false), filing_date DESC NULLS LAST, source_id, file_name, row_number) = 1
)
SELECT
    unit_number, fiscal_year,
    coalesce(period_from, make_date(fiscal_year, 1, 1)) AS period_from,
    coalesce(period_to + 1, make_date(fiscal_year + 1, 1, 1)) AS period_to,
    coalesce(layout, 'total_cost') = 'cost_of_sales' AS is_cost_of_sales,
    coalesce(is_previous_year, false) AS is_previous_year,
    coalesce(currency, 'HUF') <> 'HUF' AS is_converted,
    net_turnover * factor AS net_turnover,
    -- the layout by function has no own performance; the notes may give it
    coalesce(capitalised_own_performance, CASE WHEN coalesce(layout, 'total_cost') = 'total_cost' THEN 0 END) * factor
        AS capitalised_own_performance,
    coalesce(other_income, 0) * factor AS other_income,
    other_income_nonoperating * factor AS other_income_nonoperating,
    material_expenses * factor AS material_expenses,
    personnel_expenses * factor AS personnel_expenses,
    wages * factor AS wages,
    depreciation * factor AS depreciation,
    coalesce(other_expenses, 0) * factor AS other_expenses,
    taxes_on_production * factor AS taxes_on_production,
    operating_result * factor AS operating_result,
    export_turnover * factor AS export_turnover,
    subsidies_on_production * factor AS d39,
    average_employees
FROM chosen
ORDER BY fiscal_year, unit_number
