-- Legal units rolled up to enterprises through the register as of 31 December of each year. An enterprise of one legal
-- unit has that unit's figures; only the others, a small part, are added up.
WITH registered AS (
    SELECT enterprise_id, min(enterprise_group_id) AS enterprise_group_id, sum(employees) AS employees
    FROM integration.legal_unit GROUP BY enterprise_id
),
composed AS (
    SELECT enterprise_id FROM interpretation.firm_gva
    GROUP BY enterprise_id HAVING min(legal_unit_id) <> max(legal_unit_id)
),
line AS (
    SELECT
        reference_year, enterprise_id, 1 AS legal_unit_count,
        -- rounded as exact_sum does
        CAST(CAST(proxy_huf_mn AS DECIMAL(38, 9)) AS DOUBLE) AS proxy_huf_mn,
        CAST(CAST(bridged_huf_mn AS DECIMAL(38, 9)) AS DOUBLE) AS bridged_huf_mn,
        CAST(CAST(calibrated_huf_mn AS DECIMAL(38, 9)) AS DOUBLE) AS calibrated_huf_mn,
        CAST(CAST(calibrated_pyp_huf_mn AS DECIMAL(38, 9)) AS DOUBLE) AS calibrated_pyp_huf_mn,
        CAST(CAST(average_employees AS DECIMAL(38, 9)) AS DOUBLE) AS average_employees,
        activity_code, nuts2_code, institutional_sector, is_imputed
    FROM interpretation.firm_gva ANTI JOIN composed USING (enterprise_id)
    UNION ALL BY NAME
    SELECT
        reference_year, enterprise_id, CAST(count(*) AS INTEGER) AS legal_unit_count,
        exact_sum(proxy_huf_mn) AS proxy_huf_mn,
        exact_sum(bridged_huf_mn) AS bridged_huf_mn,
        exact_sum(calibrated_huf_mn) AS calibrated_huf_mn,
        exact_sum(calibrated_pyp_huf_mn) AS calibrated_pyp_huf_mn,
        exact_sum(average_employees) AS average_employees,
        max_by(activity_code, (calibrated_huf_mn, legal_unit_id)) AS activity_code,
        max_by(nuts2_code, (calibrated_huf_mn, legal_unit_id)) AS nuts2_code,
        max_by(institutional_sector, (calibrated_huf_mn, legal_unit_id)) AS institutional_sector,
        bool_or(is_imputed) AS is_imputed
    FROM interpretation.firm_gva SEMI JOIN composed USING (enterprise_id)
    GROUP BY reference_year, enterprise_id
)
SELECT
    l.reference_year, l.enterprise_id, r.enterprise_group_id, l.legal_unit_count, l.proxy_huf_mn, l.bridged_huf_mn,
    l.calibrated_huf_mn, l.calibrated_pyp_huf_mn, l.average_employees,
    size_class(coalesce(l.average_employees, r.employees)) AS size_class,
    l.activity_code, l.nuts2_code, l.institutional_sector, l.is_imputed
FROM line AS l JOIN registered AS r USING (enterprise_id)
