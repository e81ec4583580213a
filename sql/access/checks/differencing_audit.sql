-- Cells that are open now and in the release that readers have (schema `earlier`), whose change reveals a contributor and
-- was not accepted: counted from firms, apart from the step that protects. A change is unsafe by the primary rules on what
-- each enterprise group gives more or less than before; all changes count as contributors, however small, but the largest
-- must be a revision: more than a fiftieth of its value, and otherwise than its section changed (the step that protects
-- draws the line at a hundredth and counts revisions alone, so whatever is found here it must have found).
WITH release AS (
    SELECT 1 AS sign, p.*, m.numerator_code, m.cooperation_type_code, m.probability * p.value_huf_mn AS amount
    FROM interpretation.protected_part AS p
    JOIN interpretation.protected_membership AS m USING (reference_year, legal_unit_id)
    WHERE m.probability > 0
    UNION ALL BY NAME
    SELECT -1 AS sign, p.*, m.numerator_code, m.cooperation_type_code, m.probability * p.value_huf_mn AS amount
    FROM earlier.protected_part AS p
    JOIN earlier.protected_membership AS m USING (reference_year, legal_unit_id)
    WHERE m.probability > 0
),
followed AS (
    SELECT *,
           coalesce(max(enterprise_group_id) FILTER (WHERE sign = 1) OVER unit, enterprise_group_id) AS contributor_id,
           sum(amount) FILTER (WHERE sign = 1) OVER piece AS now_huf_mn,
           sum(amount) FILTER (WHERE sign = -1) OVER piece AS then_huf_mn
    FROM release
    WINDOW unit AS (PARTITION BY reference_year, legal_unit_id),
           piece AS (PARTITION BY reference_year, legal_unit_id, nuts2_code, numerator_code, cooperation_type_code)
),
factor AS (
    SELECT reference_year, rev2_section, median(now_huf_mn / then_huf_mn) AS factor
    FROM followed WHERE sign = 1 AND now_huf_mn * then_huf_mn > 0
    GROUP BY ALL
),
revised AS (
    SELECT f.*,
           now_huf_mn IS NULL OR then_huf_mn IS NULL OR (
               abs(now_huf_mn - then_huf_mn) > 0.02 * greatest(abs(now_huf_mn), abs(then_huf_mn))
               AND abs(now_huf_mn - coalesce(factor, 1) * then_huf_mn)
                   > 0.02 * greatest(abs(now_huf_mn), abs(coalesce(factor, 1) * then_huf_mn))
           ) AS is_revised
    FROM followed AS f LEFT JOIN factor USING (reference_year, rev2_section)
),
whole AS (FROM revised WHERE cooperation_type_code = '_T'),
place AS (
    SELECT 'T1' AS table_code, '_Z' AS nace_version_code, '_T' AS activity_code, '_T' AS region_code,
           '_T' AS size_class_code, * FROM whole
    UNION ALL BY NAME
    SELECT 'T4' AS table_code, '_Z' AS nace_version_code, * FROM revised WHERE cooperation_type_code <> '_T'
    UNION ALL BY NAME
    SELECT 'T2' AS table_code, 'NACE_REV2' AS nace_version_code, rev2_section AS activity_code, * FROM whole
    WHERE rev2_section IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T2' AS table_code, 'NACE_REV21' AS nace_version_code, rev21_section AS activity_code, * FROM whole
    WHERE rev21_section IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T3' AS table_code, '_Z' AS nace_version_code, nuts2_code AS region_code, * FROM whole
    WHERE nuts2_code <> '_U'
    UNION ALL BY NAME
    SELECT 'T5' AS table_code, '_Z' AS nace_version_code, size_class AS size_class_code, * FROM whole
    WHERE size_class IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T6' AS table_code, 'NACE_REV2' AS nace_version_code, rev2_section AS activity_code,
           size_class AS size_class_code, * FROM whole WHERE rev2_section IS NOT NULL AND size_class IS NOT NULL
    UNION ALL BY NAME
    SELECT 'T7' AS table_code, 'NACE_REV2' AS nace_version_code, rev2_section AS activity_code,
           nuts2_code AS region_code, * FROM whole WHERE rev2_section IS NOT NULL AND nuts2_code <> '_U'
    UNION ALL BY NAME
    SELECT 'T7' AS table_code, 'NACE_REV21' AS nace_version_code, rev21_section AS activity_code,
           nuts2_code AS region_code, * FROM whole WHERE rev21_section IS NOT NULL AND nuts2_code <> '_U'
    UNION ALL BY NAME
    SELECT 'T8' AS table_code, 'NACE_REV2' AS nace_version_code, a64_code AS activity_code, * FROM whole
    WHERE a64_code IS NOT NULL
),
contribution AS (
    SELECT reference_year, numerator_code, table_code, nace_version_code,
           coalesce(activity_code, '_T') AS activity_code, coalesce(region_code, '_T') AS region_code,
           cooperation_type_code, coalesce(size_class_code, '_T') AS size_class_code, contributor_id,
           abs(exact_sum(sign * amount)) AS value, exact_sum(abs(amount)) AS gross, bool_or(is_revised) AS is_revised
    FROM place GROUP BY ALL
),
ordered AS (
    SELECT *, row_number() OVER (
        PARTITION BY reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
                     cooperation_type_code, size_class_code ORDER BY value DESC) AS rank
    FROM contribution WHERE value > 1e-6 * gross
),
unsafe_change AS (
    SELECT reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code
    FROM ordered GROUP BY ALL
    HAVING bool_or(is_revised AND rank = 1)
       AND (count(*) < $disclosure_min_contributors
            OR coalesce(exact_sum_if(value, rank > 2), 0) * 100 < $disclosure_p_percent * max(value) * (1 - 1e-9) - 1e-6)
)
SELECT u.*
FROM unsafe_change AS u
SEMI JOIN (FROM access.cooperation_gva WHERE NOT is_withheld) AS n
    USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code)
SEMI JOIN (FROM earlier.cooperation_gva WHERE NOT is_withheld) AS e
    USING (reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
           cooperation_type_code, size_class_code)
ANTI JOIN (FROM interpretation.cell_protection WHERE status = 'accepted_change') AS a
    ON a.reference_year = u.reference_year
   AND a.cell_name = 'change of ' || concat_ws('|', u.numerator_code, u.table_code, u.nace_version_code, u.activity_code,
                                               u.region_code, u.cooperation_type_code, u.size_class_code)
