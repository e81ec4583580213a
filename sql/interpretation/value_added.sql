-- Value added of legal units and calendar years: measured, completed where accounts cover a part of the days on which
-- the unit existed, and imputed where it existed and has no usable account.
-- Previous-year method: own value of the nearest year with an account, at most $imputation_max_years away, per day of
-- existence, x growth of its section and size class; a missing first filing is imputed backwards. Never imputed are
-- units that never filed (calibration absorbs them) and years in which the unit did not exist. An account that fails
-- the edit rule is replaced by the unit's neighbouring year where there is one.
WITH measured AS (
    SELECT *, is_edit_failed OR covered < $imputation_min_coverage_ratio * existed AS is_unusable,
           -- accounts that overlap count once; a gap is filled at the rate of the covered days
           CASE WHEN covered > 1.01 THEN 1 / covered
                WHEN covered < existed - 0.02 AND NOT is_unusable THEN existed / covered ELSE 1.0 END AS scale_ratio
    FROM _interpretation_unit_year
),
unit AS (
    SELECT legal_unit_id, any_value(section) AS section, any_value(size_class) AS size_class,
           any_value(exists_from) AS exists_from, any_value(exists_to) AS exists_to,
           list(year) FILTER (WHERE NOT is_unusable) AS years
    FROM measured GROUP BY legal_unit_id
),
missing AS (
    SELECT *, existing_ratio(exists_from, exists_to, year) AS existed,
           year - list_max(list_filter(years, lambda y: y < year)) AS years_before,
           list_min(list_filter(years, lambda y: y > year)) - year AS years_after
    FROM (SELECT *, unnest(list_filter(range($first_reference_year, $last_reference_year + 1),
                                       lambda y: NOT list_contains(years, y))) AS year
          FROM unit WHERE len(years) > 0)
    WHERE existed > 0 AND least(years_before, years_after) <= $imputation_max_years
),
imputed AS (
    SELECT
        m.legal_unit_id, m.year, m.existed,
        CASE WHEN m.years_before <= m.years_after OR m.years_after IS NULL THEN 'previous_year'
             ELSE 'next_year' END AS method,
        m.existed / least(d.covered, 1.0) AS day_ratio,
        day_ratio * now.level_ratio / own.level_ratio AS factor,
        d.va_production * factor AS va_production, d.va_income * factor AS va_income,
        d.va_proxy * factor AS va_proxy, d.va_factor_cost * factor AS va_factor_cost,
        d.gva_basic_prices * factor AS gva_basic_prices, d.net_turnover * factor AS net_turnover,
        d.export_turnover * factor AS export_turnover, d.average_employees * day_ratio AS average_employees,
        d.is_converted, d.is_production_tax_assumed_zero, d.is_subsidy_assumed_zero,
        d.is_nonoperating_income_assumed_zero
    FROM missing AS m
    JOIN measured AS d
      ON d.legal_unit_id = m.legal_unit_id
     AND d.year = CASE WHEN m.years_before <= m.years_after OR m.years_after IS NULL THEN m.year - m.years_before
                       ELSE m.year + m.years_after END
    JOIN _interpretation_growth AS own
      ON own.year = d.year AND own.section IS NOT DISTINCT FROM m.section AND own.size_class = m.size_class
    JOIN _interpretation_growth AS now
      ON now.year = m.year AND now.section IS NOT DISTINCT FROM m.section AND now.size_class = m.size_class
     AND now.chain = own.chain
)
SELECT
    legal_unit_id, year AS reference_year,
    va_production * scale_ratio AS va_production_huf_mn, va_income * scale_ratio AS va_income_huf_mn,
    va_proxy * scale_ratio AS va_proxy_huf_mn, va_factor_cost * scale_ratio AS va_factor_cost_huf_mn,
    gva_basic_prices * scale_ratio AS gva_basic_prices_huf_mn,
    net_turnover * scale_ratio AS net_turnover_huf_mn, export_turnover * scale_ratio AS export_turnover_huf_mn,
    average_employees * scale_ratio AS average_employees,
    least(covered, 1.0) AS year_coverage_ratio, account_count,
    is_edit_failed OR is_ratio_imputed OR is_from_notes OR scale_ratio > 1 AS is_imputed,
    CASE WHEN is_edit_failed OR is_ratio_imputed THEN 'ratio' WHEN is_from_notes THEN 'notes'
         WHEN scale_ratio > 1 THEN 'partial_year' ELSE 'none' END AS imputation_method,
    gva_basic_prices * CASE WHEN is_edit_failed OR is_ratio_imputed OR is_from_notes THEN scale_ratio
                            ELSE greatest(scale_ratio - 1, 0) END AS imputed_gva_huf_mn,
    CASE WHEN is_edit_failed THEN 'edit_failed' WHEN is_ratio_imputed THEN 'ratio_imputed'
         WHEN is_from_notes THEN 'notes' WHEN scale_ratio > 1 THEN 'partial_year'
         WHEN is_previous_year THEN 'previous_year_column' WHEN is_calendarised THEN 'calendarised'
         ELSE 'reported' END AS method_flag,
    is_edit_failed, is_cost_of_sales, is_converted, is_route_consistent, is_operating_result_consistent,
    is_production_tax_assumed_zero, is_subsidy_assumed_zero, is_nonoperating_income_assumed_zero
FROM measured ANTI JOIN imputed USING (legal_unit_id, year)
WHERE year BETWEEN $first_reference_year AND $last_reference_year
UNION ALL BY NAME
SELECT
    i.legal_unit_id, i.year AS reference_year,
    i.va_production AS va_production_huf_mn, i.va_income AS va_income_huf_mn, i.va_proxy AS va_proxy_huf_mn,
    i.va_factor_cost AS va_factor_cost_huf_mn, i.gva_basic_prices AS gva_basic_prices_huf_mn,
    i.net_turnover AS net_turnover_huf_mn, i.export_turnover AS export_turnover_huf_mn, i.average_employees,
    least(coalesce(m.covered, 0), 1.0) AS year_coverage_ratio, coalesce(m.account_count, 0) AS account_count,
    true AS is_imputed, i.method AS imputation_method, i.gva_basic_prices AS imputed_gva_huf_mn,
    CASE WHEN coalesce(m.is_edit_failed, false) THEN 'edit_failed' ELSE i.method || '_imputed' END AS method_flag,
    coalesce(m.is_edit_failed, false) AS is_edit_failed, coalesce(m.is_cost_of_sales, false) AS is_cost_of_sales,
    i.is_converted, coalesce(m.is_route_consistent, true) AS is_route_consistent,
    coalesce(m.is_operating_result_consistent, true) AS is_operating_result_consistent,
    i.is_production_tax_assumed_zero, i.is_subsidy_assumed_zero, i.is_nonoperating_income_assumed_zero
FROM imputed AS i LEFT JOIN measured AS m USING (legal_unit_id, year)
