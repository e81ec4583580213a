-- Cooperating legal units in each region they work in. `is_divided` where employment, which only stands for the wage
-- bill, says how; a piece without an activity is in no calibrated cell.
SELECT
    r.reference_year, r.legal_unit_id AS firm_id, r.nuts2_code AS region_code,
    CASE WHEN bool_and(r.calibration_flag = 'calibrated') THEN any_value(r.activity_code) END AS activity_code,
    exact_sum(r.share_ratio) AS share_ratio, exact_sum(r.bridged_huf_mn) AS bridged_huf_mn,
    exact_sum(r.calibrated_huf_mn) AS calibrated_huf_mn,
    bool_and(r.allocation_flag = 'employment') AND exact_sum(r.share_ratio) > 0
        AND count(*) OVER (PARTITION BY r.reference_year, r.legal_unit_id) > 1 AS is_divided
FROM interpretation.regional_gva AS r
SEMI JOIN interpretation.cooperating_firm AS m USING (reference_year, legal_unit_id)
GROUP BY r.reference_year, r.legal_unit_id, r.nuts2_code
