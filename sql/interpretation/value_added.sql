-- Value added of legal units and calendar years: measured, completed where accounts cover a part of the days on which
-- the unit existed, and imputed where it existed and has no usable account.
-- Neighbouring years (`methods.imputation.impute_neighbouring_years` says the same for one measure): own value of the
-- nearest year with an account on either side, at most $imputation_max_years away, per day of existence, x growth of its
-- section and size class between the two years; of both sides the mean. A missing first filing is imputed backwards.
-- Never imputed are units that never filed (calibration absorbs them) and years in which the unit did not exist. An
-- account that fails the edit rule is replaced by the unit's neighbouring years where there are any.
WITH measured AS NOT MATERIALIZED (
    SELECT *, is_edit_failed OR covered < $imputation_min_coverage_ratio * existed AS is_unusable,
           -- accounts that overlap count once; a gap is filled at the rate of the covered days
           CASE WHEN covered > 1.01 THEN 1 / covered
                WHEN covered < existed - 0.02 AND NOT is_unusable THEN existed / covered ELSE 1.0 END AS scale_ratio
    FROM _interpretation_unit_year
),
incomplete AS (
    -- units that may have existed in a year of which no usable account speaks: few, and only theirs are looked at one by
    -- one; where an account speaks of a year in which its unit did not exist, their number says nothing
    SELECT l.unit_number, l.exists_from, l.exists_to
    FROM (SELECT unit_number, min(year) AS first_year, max(year) AS last_year,
                 count(*) FILTER (WHERE year BETWEEN $first_reference_year AND $last_reference_year) AS usable
          FROM measured WHERE NOT is_unusable GROUP BY unit_number) AS m
    JOIN _interpretation_unit_life AS l USING (unit_number)
    WHERE m.usable <= least(year(l.exists_to - 1), $last_reference_year)
                      - greatest(year(l.exists_from), $first_reference_year)
       OR m.first_year < year(l.exists_from) OR m.last_year > year(l.exists_to - 1)
),
donor AS (
    -- each usable year speaks for the years between its neighbours that are near enough
    SELECT *, unnest(range(
               greatest(year - $imputation_max_years, $first_reference_year, 1 + lag(year, 1, 0) OVER unit_years),
               1 + least(year + $imputation_max_years, $last_reference_year,
                         lead(year, 1, 9999) OVER unit_years - 1))) AS missing_year
    FROM measured JOIN incomplete USING (unit_number)
    WHERE NOT is_unusable
    WINDOW unit_years AS (PARTITION BY unit_number ORDER BY year)
),
guess AS (
    SELECT
        d.unit_number, d.missing_year AS year, d.year < d.missing_year AS is_before,
        existing_ratio(d.exists_from, d.exists_to, d.missing_year) / least(d.covered, 1.0) AS day_ratio,
        day_ratio * now.level_ratio / own.level_ratio AS factor,
        d.va_production * factor AS va_production, d.va_income * factor AS va_income,
        d.va_proxy * factor AS va_proxy, d.va_factor_cost * factor AS va_factor_cost,
        d.gva_basic_prices * factor AS gva_basic_prices, d.net_turnover * factor AS net_turnover,
        d.export_turnover * factor AS export_turnover, d.average_employees * day_ratio AS average_employees,
        d.is_converted, d.is_production_tax_assumed_zero, d.is_subsidy_assumed_zero,
        d.is_nonoperating_income_assumed_zero
    FROM donor AS d
    JOIN _interpretation_growth AS own
      ON own.year = d.year AND own.stratum = d.stratum
    JOIN _interpretation_growth AS now
      ON now.year = d.missing_year AND now.stratum = d.stratum AND now.chain = own.chain
    WHERE d.missing_year <> d.year AND day_ratio > 0
),
imputed AS (
    -- the mean of one or two guesses does not depend on their order
    SELECT
        unit_number, year,
        CASE WHEN count(*) = 2 THEN 'neighbour_mean' WHEN bool_and(is_before) THEN 'previous_year'
             ELSE 'next_year' END AS method,
        CASE WHEN count(va_production) = count(*) THEN avg(va_production) END AS va_production,
        CASE WHEN count(va_income) = count(*) THEN avg(va_income) END AS va_income,
        avg(va_proxy) AS va_proxy, avg(va_factor_cost) AS va_factor_cost,
        avg(gva_basic_prices) AS gva_basic_prices, avg(net_turnover) AS net_turnover,
        avg(export_turnover) AS export_turnover, avg(average_employees) AS average_employees,
        bool_or(is_converted) AS is_converted,
        bool_or(is_production_tax_assumed_zero) AS is_production_tax_assumed_zero,
        bool_or(is_subsidy_assumed_zero) AS is_subsidy_assumed_zero,
        bool_or(is_nonoperating_income_assumed_zero) AS is_nonoperating_income_assumed_zero
    FROM guess GROUP BY unit_number, year
),
line AS (
    SELECT
        unit_number, year AS reference_year,
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
    FROM measured ANTI JOIN imputed USING (unit_number, year)
    WHERE year BETWEEN $first_reference_year AND $last_reference_year
    UNION ALL BY NAME
    SELECT
        i.unit_number, i.year AS reference_year,
        i.va_production AS va_production_huf_mn, i.va_income AS va_income_huf_mn, i.va_proxy AS va_proxy_huf_mn,
        i.va_factor_cost AS va_factor_cost_huf_mn, i.gva_basic_prices AS gva_basic_prices_huf_mn,
        i.net_turnover AS net_turnover_huf_mn, i.export_turnover AS export_turnover_huf_mn, i.average_employees,
        least(coalesce(m.covered, 0), 1.0) AS year_coverage_ratio, coalesce(m.account_count, 0) AS account_count,
        true AS is_imputed, i.method AS imputation_method, i.gva_basic_prices AS imputed_gva_huf_mn,
        CASE WHEN coalesce(m.is_edit_failed, false) THEN 'edit_failed' ELSE i.method || '_imputed' END AS method_flag,
        coalesce(m.is_edit_failed, false) AS is_edit_failed, coalesce(m.is_cost_of_sales, false) AS is_cost_of_sales,
        i.is_converted, m.is_route_consistent, m.is_operating_result_consistent,
        i.is_production_tax_assumed_zero, i.is_subsidy_assumed_zero, i.is_nonoperating_income_assumed_zero
    FROM imputed AS i LEFT JOIN measured AS m USING (unit_number, year)
)
FROM line
