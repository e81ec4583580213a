-- Accounts of a legal unit added up to calendar years, beside the share of each year in which the unit existed.
-- Temporary table from the Python step: `account_year`. A unit exists from its foundation to its dissolution; where the
-- register does not say, from its first account to its last.
WITH summed AS (
    SELECT
        legal_unit_id, year,
        exact_sum(va_production) AS va_production, exact_sum(va_income) AS va_income, exact_sum(va_proxy) AS va_proxy,
        exact_sum(va_factor_cost) AS va_factor_cost, exact_sum(gva_basic_prices) AS gva_basic_prices,
        exact_sum(net_turnover) AS net_turnover, exact_sum(export_turnover) AS export_turnover,
        exact_sum(average_employees * year_coverage) AS average_employees,
        exact_sum(year_coverage) AS covered,
        CAST(count(*) AS INTEGER) AS account_count,
        bool_or(is_edit_failed) AS is_edit_failed, bool_or(is_ratio_imputed) AS is_ratio_imputed,
        bool_or(is_from_notes) AS is_from_notes, bool_or(is_cost_of_sales) AS is_cost_of_sales,
        bool_or(is_previous_year) AS is_previous_year, bool_or(is_calendarised) AS is_calendarised,
        bool_or(is_converted) AS is_converted,
        bool_and(is_route_consistent) AS is_route_consistent,
        bool_and(is_operating_result_consistent) AS is_operating_result_consistent,
        bool_or(is_production_tax_assumed_zero) AS is_production_tax_assumed_zero,
        bool_or(is_subsidy_assumed_zero) AS is_subsidy_assumed_zero,
        bool_or(is_nonoperating_income_assumed_zero) AS is_nonoperating_income_assumed_zero
    FROM account_year
    WHERE gva_basic_prices IS NOT NULL
    GROUP BY legal_unit_id, year
),
life AS (
    SELECT
        u.legal_unit_id, u.nace_rev2_section AS section, u.size_class,
        coalesce(u.founded_date, a.first_day) AS exists_from,
        coalesce(u.dissolved_date, CASE WHEN u.origin = 'business_registry' AND coalesce(u.status, '') <> 'dissolved'
                                        THEN DATE '9999-12-31' ELSE a.last_day END) AS exists_to
    FROM integration.legal_unit AS u
    JOIN (SELECT legal_unit_id, min(period_from) AS first_day, max(period_to) AS last_day
          FROM _interpretation_comparable_account GROUP BY ALL) AS a USING (legal_unit_id)
)
SELECT s.*, l.section, l.size_class, l.exists_from, l.exists_to,
       existing_ratio(l.exists_from, l.exists_to, s.year) AS existed
FROM summed AS s JOIN life AS l USING (legal_unit_id)
