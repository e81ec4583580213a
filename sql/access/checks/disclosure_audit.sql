-- Cells that must not leave the house as they are: a value in a withheld cell, an open cell that a primary rule finds
-- unsafe or that the certificate does not know as open with this value, an unsafe cell without proof of protection, or
-- bounds whose distance to the share reveals too few firms. The verdicts of the primary rules are computed here again,
-- from firms and not from the cells, so that a mistake in the step that withholds is seen; the gate runs this once more
-- on exactly what it is about to publish.
WITH cooperating AS (
    SELECT '_T' AS cooperation_type_code, * FROM interpretation.cooperating_firm
    UNION ALL BY NAME
    SELECT * FROM interpretation.cooperating_firm_by_type
),
member AS (
    SELECT c.reference_year, c.numerator_code, c.cooperation_type_code, c.legal_unit_id, c.probability, c.evidence,
           g.enterprise_group_id, g.activity_code AS rev2_section, u.nace_rev21_section AS rev21_section,
           nullif(g.size_class, 'unknown') AS size_class, g.calibrated_huf_mn
    FROM cooperating AS c
    JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    JOIN integration.legal_unit AS u USING (legal_unit_id)
),
regional AS (
    SELECT m.* REPLACE (r.calibrated_huf_mn AS calibrated_huf_mn), r.nuts2_code
    FROM member AS m JOIN interpretation.regional_gva AS r USING (legal_unit_id, reference_year)
    WHERE r.nuts2_code <> '_U' AND m.cooperation_type_code = '_T'
),
whole AS (FROM member WHERE cooperation_type_code = '_T'),
place AS (
    SELECT 'T1' AS table_code, '_Z' AS nace_version_code, '_T' AS activity_code, '_T' AS region_code,
           '_T' AS size_class_code, * FROM whole
    UNION ALL BY NAME
    SELECT 'T4' AS table_code, '_Z' AS nace_version_code, * FROM member WHERE cooperation_type_code <> '_T'
    UNION ALL BY NAME
    SELECT 'T2' AS table_code, 'NACE_REV2' AS nace_version_code, rev2_section AS activity_code, * FROM whole
    WHERE rev2_section IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T2' AS table_code, 'NACE_REV21' AS nace_version_code, rev21_section AS activity_code, * FROM whole
    WHERE rev21_section IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T3' AS table_code, '_Z' AS nace_version_code, nuts2_code AS region_code, * FROM regional
    UNION ALL BY NAME
    SELECT 'T5' AS table_code, '_Z' AS nace_version_code, size_class AS size_class_code, * FROM whole
    WHERE size_class IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T6' AS table_code, 'NACE_REV2' AS nace_version_code, rev2_section AS activity_code,
           size_class AS size_class_code, * FROM whole WHERE rev2_section IS NOT NULL AND size_class IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T7' AS table_code, 'NACE_REV2' AS nace_version_code, rev2_section AS activity_code,
           nuts2_code AS region_code, * FROM regional WHERE rev2_section IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T7' AS table_code, 'NACE_REV21' AS nace_version_code, rev21_section AS activity_code,
           nuts2_code AS region_code, * FROM regional WHERE rev21_section IS NOT NULL
),
contribution AS (
    SELECT reference_year, numerator_code, table_code, nace_version_code,
           coalesce(activity_code, '_T') AS activity_code, coalesce(region_code, '_T') AS region_code,
           cooperation_type_code, coalesce(size_class_code, '_T') AS size_class_code, enterprise_group_id,
           abs(exact_sum(probability * calibrated_huf_mn)) AS value
    FROM place GROUP BY ALL
),
ordered AS (
    SELECT *, row_number() OVER (
        PARTITION BY reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
                     cooperation_type_code, size_class_code ORDER BY value DESC) AS rank
    FROM contribution WHERE value > 0
),
unsafe_cell AS (
    SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code
    FROM ordered GROUP BY ALL
    HAVING count(*) < $disclosure_min_contributors
        -- but for rounding: a cell exactly on the limit is safe
        OR coalesce(exact_sum_if(value, rank > 2), 0) * 100 < $disclosure_p_percent * max(value) * (1 - 1e-9) - 1e-6
),
beside AS (
    SELECT c.reference_year, c.numerator_code, c.evidence, g.enterprise_group_id,
           abs(exact_sum(g.calibrated_huf_mn)) AS value
    FROM interpretation.cooperating_firm AS c JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE c.evidence IN ('name', 'candidate')
    GROUP BY ALL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY reference_year, numerator_code, evidence ORDER BY value DESC) AS rank
    FROM beside WHERE value > 0
),
unsafe_set AS (
    SELECT reference_year, numerator_code, evidence
    FROM ranked GROUP BY ALL
    HAVING count(*) < $disclosure_min_contributors
        OR coalesce(exact_sum_if(value, rank > 2), 0) * 100 < $disclosure_p_percent * max(value)
),
printed AS (
    SELECT a.*, p.status, p.value_huf_mn, c.is_primary_unsafe
    FROM access.cooperation_gva AS a
    LEFT JOIN (FROM interpretation.cell_protection WHERE is_published AND price_code = 'V') AS p
        USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
               cooperation_type_code, size_class_code)
    LEFT JOIN interpretation.cooperation_gva AS c
        USING (reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code,
               activity_code, region_code, cooperation_type_code, size_class_code)
),
finding AS (
    SELECT reference_year, numerator_code, table_code, activity_code, 'withheld cell carries a value' AS reason
    FROM printed
    WHERE is_withheld
      AND coalesce(gva_huf_mn, ci_low_huf_mn, ci_high_huf_mn, share_pct, ci_low_share_pct, ci_high_share_pct,
                   share_s11_pct, contribution_pct, share_pyp_pct, proxy_huf_mn, bridged_huf_mn, share_lower_pct,
                   share_upper_pct, firm_count) IS NOT NULL
    UNION ALL
    SELECT reference_year, numerator_code, table_code, activity_code, 'unsafe cell is open'
    FROM printed WHERE NOT is_withheld AND is_primary_unsafe IS NOT false
    UNION ALL
    SELECT p.reference_year, p.numerator_code, p.table_code, p.activity_code, 'unsafe cell is open'
    FROM printed AS p
    SEMI JOIN unsafe_cell AS u USING (reference_year, numerator_code, table_code, nace_version_code, activity_code,
                                      region_code, cooperation_type_code, size_class_code)
    WHERE NOT p.is_withheld
    UNION ALL
    SELECT reference_year, numerator_code, table_code, activity_code, 'open cell is not that of the certificate'
    FROM printed
    WHERE NOT is_withheld
      AND (status = 'open' AND abs(gva_huf_mn - value_huf_mn) <= 1e-6 * greatest(1, abs(value_huf_mn))) IS NOT true
    UNION ALL
    SELECT reference_year, numerator_code, table_code, activity_code, 'unsafe cell without proof of protection'
    FROM interpretation.cell_protection
    WHERE is_primary AND is_protected IS NOT true AND status NOT IN ('given_up', 'accepted_change')
    UNION ALL
    SELECT reference_year, numerator_code, table_code, activity_code, 'bounds reveal too few firms'
    FROM printed
    WHERE coalesce(share_lower_pct, share_upper_pct) IS NOT NULL
      AND EXISTS (SELECT 1 FROM unsafe_set AS u
                  WHERE u.reference_year = printed.reference_year AND u.numerator_code = printed.numerator_code)
)
FROM finding
