-- Calibrated cells (activity x region), with how much the firms in them may be wrong that are nobody's members: the
-- variance of what was imputed, and the sum of squares of their values. `square_huf_mn2` is that of all firms.
-- Temporary table from the step: `_interpretation_imputed_unit`. A unit with several counties in one region is counted
-- as several, which makes its square a little too small.
WITH member AS (
    SELECT DISTINCT reference_year, legal_unit_id, true AS is_member FROM interpretation.cooperating_firm
),
summed AS (
    SELECT
        r.reference_year, r.activity_code, r.nuts2_code,
        exact_sum(pow(r.calibrated_huf_mn, 2)) AS square_huf_mn2,
        exact_sum_if(pow(r.bridged_huf_mn, 2), m.is_member IS NULL) AS outside_square,
        exact_sum_if(pow(r.bridged_huf_mn * i.imputed_ratio, 2) * (exp(pow(i.log_spread, 2)) - 1),
                     m.is_member IS NULL) AS outside_imputed_variance
    FROM interpretation.regional_gva AS r
    LEFT JOIN member AS m USING (reference_year, legal_unit_id)
    LEFT JOIN _interpretation_imputed_unit AS i USING (reference_year, legal_unit_id)
    WHERE r.calibration_flag = 'calibrated'
    GROUP BY r.reference_year, r.activity_code, r.nuts2_code
)
SELECT c.reference_year, c.activity_code, c.nuts2_code AS region_code, c.micro_huf_mn, c.calibrated_huf_mn,
       c.is_extrapolated, coalesce(s.outside_square, 0) AS outside_square,
       coalesce(s.outside_imputed_variance, 0) AS outside_imputed_variance, s.square_huf_mn2
FROM interpretation.reconciliation AS c
LEFT JOIN summed AS s USING (reference_year, activity_code, nuts2_code)
WHERE c.is_calibrated AND c.micro_huf_mn > 0 AND c.calibrated_huf_mn > 0
