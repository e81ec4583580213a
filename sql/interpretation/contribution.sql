-- Which cooperating legal unit is in which place of which table. A table breaks down by what is known of a unit; a unit
-- without the code is in no place of the table, one that works in several regions is in each of them with its part. Temporary table from the step: `_interpretation_cooperating_member`.
WITH planned AS (
    FROM (VALUES
        -- table, version of NACE, activity, by region, by size class, by type of cooperation
        ('T1', '_Z', 'none', false, false, false),
        ('T2', 'NACE_REV2', 'rev2', false, false, false),
        ('T2', 'NACE_REV21', 'rev21', false, false, false),
        ('T3', '_Z', 'none', true, false, false),
        ('T4', '_Z', 'none', false, false, true),
        ('T5', '_Z', 'none', false, true, false),
        ('T6', 'NACE_REV2', 'rev2', false, true, false),
        ('T7', 'NACE_REV2', 'rev2', true, false, false),
        ('T7', 'NACE_REV21', 'rev21', true, false, false),
        ('T8', 'NACE_REV2', 'a64', false, false, false)
    ) AS t(table_code, nace_version_code, activity, by_region, by_size, by_type)
),
part AS (
    -- `by_region` is part of the key: a condition beside the keys would make the join a nested loop
    SELECT true AS by_region, reference_year, legal_unit_id, nuts2_code, exact_sum(proxy_huf_mn) AS proxy_huf_mn,
           exact_sum(bridged_huf_mn) AS bridged_huf_mn, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn
    FROM interpretation.regional_gva
    -- adding up by unit is dear: only who may be asked for
    SEMI JOIN _interpretation_cooperating_member AS c USING (reference_year, legal_unit_id)
    WHERE nuts2_code <> '_U' GROUP BY ALL
),
placed AS (
    SELECT
        k.table_code, k.nace_version_code,
        CASE k.activity WHEN 'rev2' THEN m.rev2_section WHEN 'rev21' THEN m.rev21_section WHEN 'a64' THEN m.a64_code
             ELSE '_T' END AS activity_code,
        CASE WHEN k.by_region THEN p.nuts2_code ELSE '_T' END AS region_code,
        CASE WHEN k.by_size THEN m.size_class ELSE '_T' END AS size_class_code,
        m.* EXCLUDE (rev2_section, rev21_section, a64_code, size_class)
            REPLACE (CASE WHEN k.by_region THEN p.proxy_huf_mn ELSE m.proxy_huf_mn END AS proxy_huf_mn,
                     CASE WHEN k.by_region THEN p.bridged_huf_mn ELSE m.bridged_huf_mn END AS bridged_huf_mn,
                     CASE WHEN k.by_region THEN p.calibrated_huf_mn ELSE m.calibrated_huf_mn END AS calibrated_huf_mn,
                     CASE WHEN k.by_region THEN m.pyp_huf_mn * (p.calibrated_huf_mn / nullif(m.calibrated_huf_mn, 0))
                          ELSE m.pyp_huf_mn END AS pyp_huf_mn)
    FROM _interpretation_cooperating_member AS m
    JOIN planned AS k ON k.by_type = (m.cooperation_type_code <> '_T')
    LEFT JOIN part AS p
      ON p.by_region = k.by_region AND p.reference_year = m.reference_year AND p.legal_unit_id = m.legal_unit_id
)
SELECT dense_rank() OVER (
           ORDER BY reference_year, numerator_code, table_code, nace_version_code, activity_code, region_code,
                    cooperation_type_code, size_class_code) AS place_id, *
FROM placed
WHERE activity_code IS NOT NULL AND region_code IS NOT NULL AND size_class_code IS NOT NULL
