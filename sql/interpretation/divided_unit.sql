-- Units that work in several regions, with the factor of each part's cell.
WITH cell AS (
    -- the sector is part of the key: a condition beside the keys would make the join a nested loop
    SELECT reference_year, 'S11' AS institutional_sector, activity_code AS nace_rev2_section, nuts2_code, factor_ratio,
           is_calibrated, is_extrapolated
    FROM interpretation.reconciliation
)
SELECT s.legal_unit_id, s.reference_year,
       exact_sum(v.gva_basic_prices_huf_mn * s.share_ratio * coalesce(r.factor_ratio, 1)) AS calibrated_huf_mn,
       bool_and(coalesce(r.is_calibrated, false)) AS is_calibrated,
       bool_or(coalesce(r.is_extrapolated, false)) AS is_extrapolated
FROM interpretation.regional_share AS s
JOIN interpretation.value_added AS v USING (legal_unit_id, reference_year)
JOIN integration.legal_unit AS u USING (legal_unit_id)
LEFT JOIN cell AS r
  ON r.reference_year = s.reference_year AND r.nuts2_code = s.nuts2_code
 AND r.nace_rev2_section = u.nace_rev2_section AND r.institutional_sector = u.institutional_sector
GROUP BY ALL
