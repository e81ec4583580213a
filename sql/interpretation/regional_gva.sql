-- The three lines of every legal unit by region; the parts of a unit add up to it.
SELECT
    g.reference_year, g.legal_unit_id, coalesce(s.nuts2_code, g.nuts2_code, '_U') AS nuts2_code,
    coalesce(s.nuts3_code, u.nuts3_code, '_U') AS nuts3_code, g.activity_code,
    coalesce(s.share_ratio, 1) AS share_ratio,
    coalesce(s.allocation_flag, 'seat') AS allocation_flag,
    g.proxy_huf_mn * coalesce(s.share_ratio, 1) AS proxy_huf_mn,
    g.bridged_huf_mn * coalesce(s.share_ratio, 1) AS bridged_huf_mn,
    CASE WHEN s.share_ratio IS NULL THEN g.calibrated_huf_mn
         ELSE g.bridged_huf_mn * s.share_ratio * coalesce(r.factor_ratio, 1) END AS calibrated_huf_mn,
    CASE WHEN s.share_ratio IS NULL THEN g.factor_ratio ELSE coalesce(r.factor_ratio, 1) END AS factor_ratio,
    CASE WHEN s.share_ratio IS NULL THEN g.calibration_flag
         WHEN coalesce(r.is_calibrated, false) THEN 'calibrated' ELSE 'not_calibrated' END AS calibration_flag
FROM interpretation.firm_gva AS g
JOIN integration.legal_unit AS u USING (legal_unit_id)
LEFT JOIN interpretation.regional_share AS s USING (legal_unit_id, reference_year)
LEFT JOIN (SELECT *, 'S11' AS institutional_sector FROM interpretation.reconciliation) AS r
  ON r.reference_year = s.reference_year AND r.nuts2_code = s.nuts2_code AND r.activity_code = g.activity_code
 AND r.institutional_sector = g.institutional_sector
