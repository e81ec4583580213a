-- Legal units rolled up to enterprises through the register as of 31 December of each year.
WITH registered AS (
    SELECT enterprise_id, min(enterprise_group_id) AS enterprise_group_id, sum(employees) AS employees
    FROM integration.legal_unit GROUP BY enterprise_id
)
SELECT
    g.reference_year, g.enterprise_id, any_value(r.enterprise_group_id) AS enterprise_group_id,
    CAST(count(*) AS INTEGER) AS legal_unit_count,
    exact_sum(g.proxy_huf_mn) AS proxy_huf_mn,
    exact_sum(g.bridged_huf_mn) AS bridged_huf_mn,
    exact_sum(g.calibrated_huf_mn) AS calibrated_huf_mn,
    exact_sum(g.calibrated_pyp_huf_mn) AS calibrated_pyp_huf_mn,
    exact_sum(g.average_employees) AS average_employees,
    size_class(coalesce(exact_sum(g.average_employees), any_value(r.employees))) AS size_class,
    max_by(g.activity_code, (g.calibrated_huf_mn, g.legal_unit_id)) AS activity_code,
    max_by(g.nuts2_code, (g.calibrated_huf_mn, g.legal_unit_id)) AS nuts2_code,
    max_by(g.institutional_sector, (g.calibrated_huf_mn, g.legal_unit_id)) AS institutional_sector,
    bool_or(g.is_imputed) AS is_imputed
FROM interpretation.firm_gva AS g JOIN registered AS r USING (enterprise_id)
GROUP BY g.reference_year, g.enterprise_id
