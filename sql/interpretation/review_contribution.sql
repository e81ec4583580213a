-- What each legal unit has in the cells under review. Temporary tables from the step: `_interpretation_cell_above_margin`,
-- `_interpretation_contribution` (cooperating units by place). A join per table, so that every key is an equality.
WITH cell AS (FROM _interpretation_cell_above_margin),
part AS (
    SELECT r.reference_year, r.legal_unit_id, u.enterprise_group_id, u.institutional_sector, r.activity_code,
           u.nace_rev2_code, r.nuts2_code, r.calibrated_huf_mn
    FROM interpretation.regional_gva AS r JOIN integration.legal_unit AS u USING (legal_unit_id)
    WHERE r.reference_year IN (SELECT reference_year FROM cell WHERE numerator_code = '_T')
),
class AS (
    -- every class is asked for its A*64 code once, not every unit and year
    SELECT activity_code, nace_rev2_code, a64_code(activity_code, nace_rev2_code) AS a64_code
    FROM (SELECT DISTINCT activity_code, nace_rev2_code FROM part)
),
found AS (
    SELECT c.* EXCLUDE (reason_code, micro_huf_mn, calibrated_huf_mn, margin_huf_mn), p.legal_unit_id, p.enterprise_group_id, p.calibrated_huf_mn AS value_huf_mn
    FROM cell AS c JOIN part AS p USING (reference_year, activity_code)
    WHERE c.numerator_code = '_T' AND c.table_code = 'T2'
    UNION ALL
    SELECT c.* EXCLUDE (reason_code, micro_huf_mn, calibrated_huf_mn, margin_huf_mn), p.legal_unit_id, p.enterprise_group_id, p.calibrated_huf_mn
    FROM cell AS c JOIN part AS p ON p.reference_year = c.reference_year AND p.nuts2_code = c.region_code
    WHERE c.numerator_code = '_T' AND c.table_code = 'T3'
    UNION ALL
    SELECT c.* EXCLUDE (reason_code, micro_huf_mn, calibrated_huf_mn, margin_huf_mn), p.legal_unit_id, p.enterprise_group_id, p.calibrated_huf_mn
    FROM cell AS c
    JOIN part AS p
      ON p.reference_year = c.reference_year AND p.nuts2_code = c.region_code AND p.activity_code = c.activity_code
    WHERE c.numerator_code = '_T' AND c.table_code = 'T7' AND (c.sector_code = 'S1' OR p.institutional_sector = 'S11')
    UNION ALL
    SELECT c.* EXCLUDE (reason_code, micro_huf_mn, calibrated_huf_mn, margin_huf_mn), p.legal_unit_id, p.enterprise_group_id, p.calibrated_huf_mn
    FROM cell AS c
    JOIN class AS k ON k.a64_code = c.activity_code
    JOIN part AS p
      ON p.reference_year = c.reference_year AND p.activity_code = k.activity_code
     AND p.nace_rev2_code IS NOT DISTINCT FROM k.nace_rev2_code
    WHERE c.numerator_code = '_T' AND c.table_code = 'T8'
    UNION ALL
    SELECT c.* EXCLUDE (reason_code, micro_huf_mn, calibrated_huf_mn, margin_huf_mn), p.legal_unit_id, p.enterprise_group_id, p.any_day_expected * p.calibrated_huf_mn
    FROM cell AS c
    JOIN _interpretation_contribution AS p
      USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
             cooperation_type_code)
    WHERE p.size_class_code = '_T'
)
SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code, cooperation_type_code,
       sector_code, legal_unit_id, any_value(enterprise_group_id) AS enterprise_group_id,
       exact_sum(value_huf_mn) AS value_huf_mn
FROM found
GROUP BY ALL
