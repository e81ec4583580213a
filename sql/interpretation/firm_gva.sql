-- The three lines per legal unit and year: proxy, bridged, calibrated with the factor of the unit's cell.
SELECT
    v.legal_unit_id, v.reference_year, u.enterprise_group_id, u.institutional_sector,
    u.nace_rev2_section AS activity_code, u.nuts2_code, u.size_class,
    v.va_proxy_huf_mn AS proxy_huf_mn,
    v.gva_basic_prices_huf_mn AS bridged_huf_mn,
    v.gva_basic_prices_huf_mn * coalesce(r.factor_ratio, 1.0) AS calibrated_huf_mn,
    coalesce(r.factor_ratio, 1.0) AS factor_ratio,
    CASE WHEN r.method_flag = 'raked' THEN 'calibrated' ELSE 'not_calibrated' END AS calibration_flag,
    v.method_flag, v.net_turnover_huf_mn, v.export_turnover_huf_mn, v.average_employees
FROM interpretation.value_added AS v
JOIN integration.legal_unit AS u USING (legal_unit_id)
LEFT JOIN interpretation.reconciliation AS r
  ON r.reference_year = v.reference_year AND r.activity_code = u.nace_rev2_section AND r.nuts2_code = u.nuts2_code
 AND u.institutional_sector = 'S11'
