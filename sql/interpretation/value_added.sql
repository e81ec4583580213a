-- Accounts of a legal unit added up to calendar years. Temporary table from the Python step: `account_year`.
SELECT
    legal_unit_id,
    year AS reference_year,
    exact_sum(va_production) AS va_production_huf_mn,
    exact_sum(va_income) AS va_income_huf_mn,
    exact_sum(va_proxy) AS va_proxy_huf_mn,
    exact_sum(va_factor_cost) AS va_factor_cost_huf_mn,
    exact_sum(gva_basic_prices) AS gva_basic_prices_huf_mn,
    exact_sum(net_turnover) AS net_turnover_huf_mn,
    exact_sum(export_turnover) AS export_turnover_huf_mn,
    exact_sum(average_employees * year_coverage) AS average_employees,
    least(exact_sum(year_coverage), 1.0) AS year_coverage_ratio,
    CAST(count(*) AS INTEGER) AS account_count,
    bool_or(is_imputed) AS is_imputed,
    CASE WHEN bool_or(is_edit_failed) THEN 'edit_failed'
         WHEN bool_or(is_imputed) THEN 'ratio_imputed'
         WHEN bool_or(is_previous_year) THEN 'previous_year_column'
         WHEN bool_or(is_calendarised) THEN 'calendarised' ELSE 'reported' END AS method_flag,
    bool_or(is_converted) AS is_converted,
    bool_and(is_route_consistent) AS is_route_consistent,
    bool_and(is_operating_result_consistent) AS is_operating_result_consistent,
    bool_or(is_production_tax_assumed_zero) AS is_production_tax_assumed_zero,
    bool_or(is_nonoperating_income_assumed_zero) AS is_nonoperating_income_assumed_zero
FROM account_year
WHERE year BETWEEN $first_reference_year AND $last_reference_year AND gva_basic_prices IS NOT NULL
GROUP BY legal_unit_id, year
