SELECT g.legal_unit_id, g.reference_year, g.calibrated_huf_mn, p.calibrated_huf_mn AS parts_huf_mn, p.share_ratio
FROM interpretation.firm_gva AS g
JOIN (SELECT legal_unit_id, reference_year, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn,
             exact_sum(share_ratio) AS share_ratio
      FROM interpretation.regional_gva WHERE allocation_flag <> 'seat' GROUP BY ALL) AS p
  USING (legal_unit_id, reference_year)
WHERE abs(p.calibrated_huf_mn - g.calibrated_huf_mn) > 1e-6 * greatest(abs(g.calibrated_huf_mn), 1)
   OR abs(p.share_ratio - 1) > 1e-7
