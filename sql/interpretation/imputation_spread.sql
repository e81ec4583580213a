-- How far imputation would have missed the units that did report: per method, for a unit's own neighbouring year per
-- distance in years, and for units that cooperate in any year apart from all others, because what is drawn is members'
-- values and members may grow otherwise: the standard deviation of the logarithm of true / imputed value.
-- Robust: the middle 90 % of the errors divided by that of the standard normal distribution, because the tails of such
-- errors (an account in the wrong unit, a firm that closed a plant) would otherwise decide. Errors are equally large
-- forwards and backwards in time. Days that an account does not cover are taken to differ as two neighbouring years do.
WITH member AS (
    SELECT DISTINCT legal_unit_id, true AS is_member FROM interpretation.cooperating_firm
),
reported AS (
    SELECT v.legal_unit_id, v.reference_year, m.is_member IS NOT NULL AS is_member, u.nace_rev2_section AS section,
           v.gva_basic_prices_huf_mn AS gva, v.net_turnover_huf_mn AS turnover
    FROM interpretation.value_added AS v JOIN integration.legal_unit AS u USING (legal_unit_id)
    LEFT JOIN member AS m USING (legal_unit_id)
    WHERE v.imputation_method = 'none' AND v.year_coverage_ratio > 0.99 AND v.gva_basic_prices_huf_mn > 0
),
neighbour AS (
    SELECT n.is_member, n.reference_year, n.section, n.reference_year - b.reference_year AS distance, n.gva,
           b.gva AS basis
    FROM reported AS n JOIN reported AS b
      ON b.legal_unit_id = n.legal_unit_id AND b.reference_year < n.reference_year
     AND b.reference_year >= n.reference_year - $imputation_max_years
),
compared AS (
    SELECT 'neighbour' AS spread_code, distance, is_member, reference_year, section, gva, basis FROM neighbour
    UNION ALL
    SELECT 'ratio', 0, is_member, reference_year, section, gva, turnover FROM reported WHERE turnover > 0
),
usual AS (
    SELECT spread_code, distance, reference_year, section, median(ln(gva / basis)) AS log_ratio
    FROM compared GROUP BY ALL
),
account AS (
    SELECT m.is_member IS NOT NULL AS is_member, u.nace_rev2_section AS section, a.operating_result,
           a.personnel_expenses, a.depreciation, a.wages, a.net_turnover
    FROM source.annual_account AS a JOIN integration.legal_unit AS u USING (tax_stem)
    LEFT JOIN member AS m USING (legal_unit_id)
    WHERE a.wages > 0 AND a.net_turnover > 0 AND a.personnel_expenses > 0 AND a.depreciation >= 0
      AND NOT a.is_consolidated AND NOT a.is_previous_year
      AND a.fiscal_year BETWEEN $first_reference_year AND $last_reference_year
),
part AS (
    SELECT section, median(personnel_expenses / wages) AS personnel_ratio,
           median(depreciation / net_turnover) AS depreciation_ratio
    FROM account GROUP BY section
),
error AS (
    SELECT c.spread_code, c.distance, c.is_member, ln(c.gva / c.basis) - f.log_ratio AS log_error
    FROM compared AS c JOIN usual AS f
      ON f.spread_code = c.spread_code AND f.distance = c.distance AND f.reference_year = c.reference_year
     AND f.section IS NOT DISTINCT FROM c.section
    UNION ALL
    SELECT 'notes', 0, is_member, ln((operating_result + personnel_expenses + depreciation)
                          / (operating_result + wages * personnel_ratio + net_turnover * depreciation_ratio))
    FROM account AS a JOIN part AS p ON p.section IS NOT DISTINCT FROM a.section
    WHERE operating_result + personnel_expenses + depreciation > 0
      AND operating_result + wages * personnel_ratio + net_turnover * depreciation_ratio > 0
)
SELECT spread_code, CAST(distance AS INTEGER) AS distance, is_member,
       -- 3.2897: distance of the 5th and the 95th percentile of the standard normal distribution
       (middle[2] - middle[1]) / 3.2897072539 AS log_spread, error_count
FROM (
    SELECT spread_code, distance, is_member, quantile_cont(log_error, [0.05, 0.95]) AS middle, count(*) AS error_count
    FROM error
    GROUP BY ALL
    HAVING count(*) >= 30
)
ORDER BY ALL
