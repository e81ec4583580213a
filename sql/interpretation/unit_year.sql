-- Accounts of a legal unit added up to calendar years, beside the share of each year in which the unit existed.
-- Temporary table from the Python step: `account_year`, amounts rounded as exact_sum rounds them, so that what is alone in
-- its year (`is_alone`), as nearly everything is, need not be added up. A route of the year is empty where one of its
-- accounts lacks an item for it; so is an edit rule, unless another account breaks it.
WITH account AS NOT MATERIALIZED (
    FROM account_year WHERE gva_basic_prices IS NOT NULL
)
SELECT * EXCLUDE (is_alone), 1 AS account_count FROM account WHERE is_alone
UNION ALL BY NAME
SELECT
    unit_number, year,
    CASE WHEN count(va_production) = count(*) THEN exact_sum(va_production) END AS va_production,
    CASE WHEN count(va_income) = count(*) THEN exact_sum(va_income) END AS va_income,
    exact_sum(va_proxy) AS va_proxy, exact_sum(va_factor_cost) AS va_factor_cost,
    exact_sum(gva_basic_prices) AS gva_basic_prices,
    exact_sum(net_turnover) AS net_turnover, exact_sum(export_turnover) AS export_turnover,
    exact_sum(average_employees) AS average_employees, exact_sum(covered) AS covered,
    CAST(count(*) AS INTEGER) AS account_count,
    bool_or(is_edit_failed) AS is_edit_failed, bool_or(is_ratio_imputed) AS is_ratio_imputed,
    bool_or(is_from_notes) AS is_from_notes, bool_or(is_cost_of_sales) AS is_cost_of_sales,
    bool_or(is_previous_year) AS is_previous_year, bool_or(is_calendarised) AS is_calendarised,
    bool_or(is_converted) AS is_converted,
    CASE WHEN NOT bool_and(is_route_consistent) OR count(is_route_consistent) = count(*)
         THEN bool_and(is_route_consistent) END AS is_route_consistent,
    CASE WHEN NOT bool_and(is_operating_result_consistent) OR count(is_operating_result_consistent) = count(*)
         THEN bool_and(is_operating_result_consistent) END AS is_operating_result_consistent,
    bool_or(is_production_tax_assumed_zero) AS is_production_tax_assumed_zero,
    bool_or(is_subsidy_assumed_zero) AS is_subsidy_assumed_zero,
    bool_or(is_nonoperating_income_assumed_zero) AS is_nonoperating_income_assumed_zero,
    any_value(existed) AS existed, any_value(stratum) AS stratum
FROM account WHERE NOT is_alone
GROUP BY unit_number, year
