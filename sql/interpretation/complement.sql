-- What others publish cannot be withheld: national accounts less an open cell is the GVA of everybody who does not
-- cooperate there. Of each cell with a national total: what is left of it, in S.1 and in S.11, and the two largest
-- groups among those who are left (a firm linked with probability p is left with 1 - p). Whatever is in the national
-- total but in no register (government, households) is left too, as part of the rest.
-- Only groups that could be so large as to matter are looked at: the p % rule needs x1 > rest / (2 + p / 100).
WITH cell AS (
    SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           complement_huf_mn AS s1_left, s11_gva_huf_mn - calibrated_huf_mn AS s11_left
    FROM interpretation.cooperation_gva
    WHERE attribution_code = 'full' AND time_rule = 'any_day' AND table_code IN ('T1', 'T2', 'T3', 'T7', 'T8')
      AND national_gva_huf_mn IS NOT NULL
),
smallest AS (
    SELECT reference_year, greatest(min(least(s1_left, coalesce(s11_left, s1_left))), 0)
           / (2 + $disclosure_p_percent / 100) AS least_huf_mn
    FROM cell GROUP BY ALL
),
large_group AS (
    SELECT reference_year, enterprise_group_id
    FROM interpretation.firm_gva JOIN smallest USING (reference_year)
    GROUP BY reference_year, enterprise_group_id, least_huf_mn
    -- a group may lose in one cell what it earns in another
    HAVING exact_sum(abs(calibrated_huf_mn)) >= least_huf_mn
),
a64 AS (
    -- 'C10-C12', 'J62_J63', 'C25' are ranges of divisions; 'F' is a section
    SELECT activity_code AS a64_code, activity_code[1] AS section,
           coalesce(TRY_CAST(activity_code[2:3] AS INTEGER), 0) AS first_division,
           coalesce(TRY_CAST(activity_code[-2:] AS INTEGER), 99) AS last_division
    FROM (SELECT DISTINCT activity_code FROM cell WHERE table_code = 'T8')
),
coded AS (
    SELECT u.legal_unit_id, u.nace_rev21_section AS rev21_section, a.a64_code
    FROM integration.legal_unit AS u
    LEFT JOIN a64 AS a
      ON a.section = u.nace_rev2_section
     AND (a.first_division = 0
          OR TRY_CAST(u.nace_rev2_code[1:2] AS INTEGER) BETWEEN a.first_division AND a.last_division)
),
member AS (
    SELECT reference_year, legal_unit_id,
           coalesce(max(probability) FILTER (WHERE numerator_code = 'N1'), 0) AS n1_ratio,
           coalesce(max(probability) FILTER (WHERE numerator_code = 'N2'), 0) AS n2_ratio,
           coalesce(max(probability) FILTER (WHERE numerator_code = 'N3'), 0) AS n3_ratio
    FROM interpretation.cooperating_firm GROUP BY ALL
),
part AS (
    SELECT g.reference_year, g.enterprise_group_id, g.activity_code AS rev2_section, c.rev21_section, c.a64_code,
           r.nuts2_code, g.institutional_sector = 'S11' AS is_s11, r.calibrated_huf_mn AS value,
           coalesce(m.n1_ratio, 0) AS n1_ratio, coalesce(m.n2_ratio, 0) AS n2_ratio, coalesce(m.n3_ratio, 0) AS n3_ratio
    FROM interpretation.firm_gva AS g
    SEMI JOIN large_group AS l USING (reference_year, enterprise_group_id)
    JOIN interpretation.regional_gva AS r USING (reference_year, legal_unit_id)
    JOIN coded AS c USING (legal_unit_id)
    LEFT JOIN member AS m USING (reference_year, legal_unit_id)
),
of_group AS (
    SELECT
        reference_year, enterprise_group_id,
        CASE WHEN GROUPING(rev2_section) = 0 AND GROUPING(nuts2_code) = 0 THEN 'T7'
             WHEN GROUPING(rev21_section) = 0 AND GROUPING(nuts2_code) = 0 THEN 'T7'
             WHEN GROUPING(nuts2_code) = 0 THEN 'T3' WHEN GROUPING(a64_code) = 0 THEN 'T8'
             WHEN GROUPING(rev2_section) = 0 OR GROUPING(rev21_section) = 0 THEN 'T2' ELSE 'T1' END AS table_code,
        CASE WHEN GROUPING(rev21_section) = 0 THEN 'NACE_REV21'
             WHEN GROUPING(rev2_section) = 0 OR GROUPING(a64_code) = 0 THEN 'NACE_REV2' ELSE '_Z' END AS nace_version_code,
        CASE WHEN GROUPING(rev2_section) = 0 THEN rev2_section WHEN GROUPING(rev21_section) = 0 THEN rev21_section
             WHEN GROUPING(a64_code) = 0 THEN a64_code ELSE '_T' END AS activity_code,
        CASE WHEN GROUPING(nuts2_code) = 0 THEN nuts2_code ELSE '_T' END AS region_code,
        [exact_sum((1 - n1_ratio) * value), exact_sum((1 - n2_ratio) * value), exact_sum((1 - n3_ratio) * value)] AS s1,
        [exact_sum_if((1 - n1_ratio) * value, is_s11), exact_sum_if((1 - n2_ratio) * value, is_s11),
         exact_sum_if((1 - n3_ratio) * value, is_s11)] AS s11
    FROM part
    GROUP BY GROUPING SETS (
        (reference_year, enterprise_group_id),
        (reference_year, enterprise_group_id, rev2_section),
        (reference_year, enterprise_group_id, rev21_section),
        (reference_year, enterprise_group_id, nuts2_code),
        (reference_year, enterprise_group_id, rev2_section, nuts2_code),
        (reference_year, enterprise_group_id, rev21_section, nuts2_code),
        (reference_year, enterprise_group_id, a64_code)
    )
),
largest AS (
    SELECT reference_year, table_code, nace_version_code, activity_code, region_code,
           unnest(['N1', 'N2', 'N3']) AS numerator_code,
           unnest([max(abs(s1[1]), 2), max(abs(s1[2]), 2), max(abs(s1[3]), 2)]) AS s1_top,
           unnest([max(abs(s11[1]), 2), max(abs(s11[2]), 2), max(abs(s11[3]), 2)]) AS s11_top
    FROM of_group GROUP BY ALL
),
outsider AS (
    SELECT c.*, v.left_huf_mn, v.top[1] AS largest_huf_mn, coalesce(v.top[2], 0) AS second_huf_mn
    FROM cell AS c JOIN largest AS l USING (reference_year, numerator_code, table_code, nace_version_code, activity_code,
                                            region_code)
    CROSS JOIN LATERAL (
        SELECT c.s1_left AS left_huf_mn, l.s1_top AS top UNION ALL SELECT c.s11_left, l.s11_top
    ) AS v
    WHERE v.left_huf_mn IS NOT NULL AND v.top[1] > 0
)
SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
       '_T' AS cooperation_type_code, '_T' AS size_class_code, 'complement' AS rule,
       -- where the register has more than national accounts, nothing but p % of the largest can be asked for
       max($disclosure_p_percent / 100 * largest_huf_mn
           - greatest(left_huf_mn - largest_huf_mn - second_huf_mn, 0)) AS protection
FROM outsider
WHERE left_huf_mn - largest_huf_mn - second_huf_mn < $disclosure_p_percent / 100 * largest_huf_mn
GROUP BY ALL
