-- The three lines per legal unit and year: proxy, bridged, calibrated with the factor of the unit's cell; a unit that
-- works in several regions with the factor of each part's cell. `enterprise_id` is that of 31 December.
-- Temporary tables from the step: `_interpretation_continuing_enterprise`, `_interpretation_divided_unit`. They are small,
-- which no plan could guess: it would put all units into the hash tables of their joins.
WITH cell AS (
    -- the sector is part of the key: a condition beside the keys would make the join a nested loop
    SELECT reference_year, 'S11' AS institutional_sector, activity_code AS nace_rev2_section, nuts2_code, factor_ratio,
           is_calibrated, is_extrapolated
    FROM interpretation.reconciliation
),
line AS (
    SELECT
        v.legal_unit_id, v.reference_year, coalesce(m.enterprise_id, u.enterprise_id) AS enterprise_id,
        u.enterprise_group_id, u.institutional_sector,
        u.nace_rev2_section AS activity_code, u.nuts2_code, u.size_class,
        v.va_proxy_huf_mn AS proxy_huf_mn,
        v.gva_basic_prices_huf_mn AS bridged_huf_mn,
        coalesce(p.calibrated_huf_mn, v.gva_basic_prices_huf_mn * coalesce(r.factor_ratio, 1.0)) AS calibrated_huf_mn,
        CASE WHEN p.calibrated_huf_mn IS NULL THEN coalesce(r.factor_ratio, 1.0)
             ELSE coalesce(p.calibrated_huf_mn / nullif(v.gva_basic_prices_huf_mn, 0), 1.0) END AS factor_ratio,
        CASE WHEN coalesce(p.is_calibrated, r.is_calibrated, false) THEN 'calibrated'
             ELSE 'not_calibrated' END AS calibration_flag,
        coalesce(p.is_extrapolated, r.is_extrapolated, false) AS is_extrapolated,
        v.is_imputed, v.imputation_method,
        v.method_flag, v.net_turnover_huf_mn, v.export_turnover_huf_mn, v.average_employees
    FROM interpretation.value_added AS v
    JOIN integration.legal_unit AS u USING (legal_unit_id)
    LEFT JOIN _interpretation_continuing_enterprise AS m USING (legal_unit_id, reference_year)
    LEFT JOIN _interpretation_divided_unit AS p USING (legal_unit_id, reference_year)
    LEFT JOIN cell AS r
      ON r.reference_year = v.reference_year AND r.nuts2_code = u.nuts2_code
     AND r.nace_rev2_section = u.nace_rev2_section AND r.institutional_sector = u.institutional_sector
)
SELECT l.*, l.calibrated_huf_mn / x.deflator_ratio AS calibrated_pyp_huf_mn
FROM line AS l
LEFT JOIN interpretation.price_index AS x
  ON x.reference_year = l.reference_year AND x.activity_code = l.activity_code
