-- Non-response and imputation by year, section and method. Expected are all legal units that file accounts in some year
-- of the window, in the years in which they exist; units that never file are not expected (calibration absorbs them).
-- `not_imputed`: existing units without a value, no account of theirs being near enough.
WITH filing AS (
    SELECT v.legal_unit_id, min(v.reference_year) AS first_year, max(v.reference_year) AS last_year
    FROM interpretation.value_added AS v GROUP BY ALL
),
life AS (
    SELECT f.legal_unit_id, coalesce(u.nace_rev2_section, '_U') AS activity_code,
           coalesce(year(u.founded_date), f.first_year) AS first_year,
           coalesce(year(u.dissolved_date - 1),
                    CASE WHEN u.origin = 'business_registry' AND coalesce(u.status, '') <> 'dissolved'
                         THEN 9999 ELSE f.last_year END) AS last_year
    FROM filing AS f JOIN integration.legal_unit AS u USING (legal_unit_id)
),
present AS (
    SELECT v.reference_year, l.activity_code, v.imputation_method, v.account_count, v.is_imputed,
           v.gva_basic_prices_huf_mn, v.imputed_gva_huf_mn,
           v.reference_year BETWEEN l.first_year AND l.last_year AS is_expected
    FROM interpretation.value_added AS v JOIN life AS l USING (legal_unit_id)
),
absent AS (
    -- existing units less those with a value: counted by group, because a row per unit and year would be many
    SELECT reference_year, activity_code, sum(existing) - sum(valued) AS absent_count
    FROM (SELECT y.reference_year, l.activity_code, count(*) AS existing, 0 AS valued
          FROM life AS l
          JOIN (SELECT unnest(range($first_reference_year, $last_reference_year + 1)) AS reference_year) AS y
            ON y.reference_year BETWEEN l.first_year AND l.last_year
          GROUP BY ALL
          UNION ALL
          SELECT reference_year, activity_code, 0, count(*) FILTER (WHERE is_expected) FROM present GROUP BY ALL)
    GROUP BY ALL
),
counted AS (
    SELECT reference_year, activity_code, imputation_method,
           count(*) AS units, count(*) FILTER (WHERE account_count = 0) AS unit_non_response,
           count(*) FILTER (WHERE account_count > 0 AND is_imputed) AS item_non_response,
           count(*) FILTER (WHERE is_imputed) AS imputed,
           exact_sum(gva_basic_prices_huf_mn) AS gva, exact_sum(imputed_gva_huf_mn) AS imputed_gva,
           exact_sum(abs(gva_basic_prices_huf_mn)) AS gross, exact_sum(abs(imputed_gva_huf_mn)) AS imputed_gross
    FROM present GROUP BY ALL
    UNION ALL
    SELECT reference_year, activity_code, 'not_imputed', absent_count, absent_count, 0, 0, 0, 0, 0, 0
    FROM absent WHERE absent_count > 0
),
cube AS (
    SELECT
        reference_year,
        CASE WHEN grouping(activity_code) = 1 THEN '_T' ELSE activity_code END AS activity_code,
        CASE WHEN grouping(imputation_method) = 1 THEN '_T' ELSE imputation_method END AS imputation_method,
        CAST(sum(units) AS INTEGER) AS unit_count,
        CAST(sum(unit_non_response) AS INTEGER) AS unit_non_response_count,
        CAST(sum(item_non_response) AS INTEGER) AS item_non_response_count,
        CAST(sum(imputed) AS INTEGER) AS imputed_count,
        exact_sum(gva) AS gva_huf_mn, exact_sum(imputed_gva) AS imputed_gva_huf_mn,
        exact_sum(gross) AS gross, exact_sum(imputed_gross) AS imputed_gross
    FROM counted
    GROUP BY GROUPING SETS ((reference_year, activity_code, imputation_method), (reference_year, activity_code),
                            (reference_year, imputation_method), (reference_year))
)
SELECT
    c.reference_year, c.activity_code, c.imputation_method, c.unit_count,
    c.unit_non_response_count, 100 * c.unit_non_response_count / t.unit_count AS unit_non_response_pct,
    c.item_non_response_count, 100 * c.item_non_response_count / t.unit_count AS item_non_response_pct,
    c.imputed_count, 100 * c.imputed_count / t.unit_count AS imputed_pct,
    c.gva_huf_mn, c.imputed_gva_huf_mn,
    coalesce(100 * c.imputed_gross / nullif(t.gross, 0), 0) AS imputed_gva_pct
FROM cube AS c
JOIN cube AS t
  ON t.reference_year = c.reference_year AND t.activity_code = c.activity_code AND t.imputation_method = '_T'
