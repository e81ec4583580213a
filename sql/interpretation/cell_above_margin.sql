-- Cells whose firms come to more than national accounts have for the cell, and those that calibration sends to review.
-- `_T`: all firms with a value, against S.1 as published (NACE Rev. 2) and against the calibrated S.11 cells; a numerator:
-- cooperating firms against S.1, in the variant that exceeds it most.
WITH coded AS (
    -- by class first: there are few hundred of them, and each is asked for its A*64 code once
    SELECT r.reference_year, r.activity_code, u.nace_rev2_code, r.nuts2_code,
           sum(CAST(r.bridged_huf_mn AS DECIMAL(38, 9))) AS micro_huf_mn,
           sum(CAST(r.calibrated_huf_mn AS DECIMAL(38, 9))) AS calibrated_huf_mn
    FROM interpretation.regional_gva AS r JOIN integration.legal_unit AS u USING (legal_unit_id)
    GROUP BY ALL
),
part AS (
    SELECT reference_year, activity_code, a64_code(activity_code, nace_rev2_code) AS a64_code, nuts2_code,
           exact_sum(micro_huf_mn) AS micro_huf_mn, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn
    FROM coded GROUP BY ALL
),
placed AS (
    SELECT reference_year, 'T2' AS table_code, activity_code, '_T' AS region_code, micro_huf_mn, calibrated_huf_mn FROM part
    UNION ALL
    SELECT reference_year, 'T3', '_T', nuts2_code, micro_huf_mn, calibrated_huf_mn FROM part WHERE nuts2_code <> '_U'
    UNION ALL
    SELECT reference_year, 'T7', activity_code, nuts2_code, micro_huf_mn, calibrated_huf_mn FROM part
    WHERE nuts2_code <> '_U'
    UNION ALL
    SELECT reference_year, 'T8', a64_code, '_T', micro_huf_mn, calibrated_huf_mn FROM part
),
economy AS (
    SELECT p.reference_year, p.table_code, p.activity_code, p.region_code, n.value_huf_mn AS margin_huf_mn,
           exact_sum(p.micro_huf_mn) AS micro_huf_mn, exact_sum(p.calibrated_huf_mn) AS calibrated_huf_mn
    FROM placed AS p
    JOIN integration.national_account AS n
      ON n.reference_year = p.reference_year AND n.activity_code = p.activity_code
     AND n.ref_area = CASE p.region_code WHEN '_T' THEN $reference_area ELSE p.region_code END
    WHERE n.sector_code = 'S1' AND n.sto_code = 'B1G'
    GROUP BY ALL
),
cooperating AS (
    SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, any_value(national_gva_huf_mn) AS margin_huf_mn,
           max_by(bridged_huf_mn, (calibrated_huf_mn, attribution_code, time_rule)) AS micro_huf_mn,
           max(calibrated_huf_mn) AS calibrated_huf_mn
    FROM interpretation.cooperation_gva WHERE complement_huf_mn < 0 GROUP BY ALL
)
SELECT
    reference_year, '_T' AS numerator_code, table_code,
    CASE table_code WHEN 'T3' THEN '_Z' ELSE 'NACE_REV2' END AS nace_version_code,
    activity_code, region_code, '_T' AS cooperation_type_code, 'S1' AS sector_code,
    CASE WHEN micro_huf_mn > $review_coverage_ratio * margin_huf_mn THEN 'accounts' ELSE 'calibration' END AS reason_code,
    micro_huf_mn, calibrated_huf_mn, margin_huf_mn
FROM economy
-- the sum of calibrated firms may differ from a figure by the rounding of its summands
WHERE micro_huf_mn > $review_coverage_ratio * margin_huf_mn OR calibrated_huf_mn > margin_huf_mn + 1e-3
UNION ALL
SELECT reference_year, '_T', 'T7', 'NACE_REV2', activity_code, nuts2_code, '_T', 'S11',
       CASE WHEN micro_huf_mn < 0 THEN 'negative' ELSE 'accounts' END, micro_huf_mn, calibrated_huf_mn, calibrated_huf_mn
FROM interpretation.reconciliation WHERE is_in_review
UNION ALL
SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code, cooperation_type_code,
       'S1', CASE WHEN micro_huf_mn > margin_huf_mn THEN 'accounts' ELSE 'calibration' END, micro_huf_mn,
       calibrated_huf_mn, margin_huf_mn
FROM cooperating
