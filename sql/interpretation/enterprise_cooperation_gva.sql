-- GVA of cooperating players by statistical unit: the legal units that take part (the headline), and all legal units of
-- enterprises of which at least one takes part. Expected totals, any day of the year, full attribution (METHODS 1, 5).
WITH line AS (
    SELECT 'LEGAL_UNIT' AS unit_code, c.reference_year, c.numerator_code, c.legal_unit_id AS unit_id, c.probability,
           c.probability AS own_probability, c.evidence, g.proxy_huf_mn, g.bridged_huf_mn, g.calibrated_huf_mn
    FROM interpretation.cooperating_firm AS c
    JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    UNION ALL
    SELECT 'ENTERPRISE' AS unit_code, e.reference_year, e.numerator_code, e.enterprise_id AS unit_id, e.probability,
           coalesce(c.probability, 0) AS own_probability, e.evidence, g.proxy_huf_mn, g.bridged_huf_mn,
           g.calibrated_huf_mn
    FROM interpretation.cooperating_enterprise AS e
    JOIN interpretation.firm_gva AS g USING (enterprise_id, reference_year)
    LEFT JOIN interpretation.cooperating_firm AS c
      ON c.reference_year = e.reference_year AND c.numerator_code = e.numerator_code
     AND c.legal_unit_id = g.legal_unit_id
),
summed AS (
    SELECT
        reference_year, numerator_code, unit_code,
        CAST(count(DISTINCT unit_id) FILTER (WHERE evidence IN ('identifier', 'name')) AS INTEGER) AS unit_count,
        CAST(count(*) FILTER (WHERE evidence IN ('identifier', 'name')) AS INTEGER) AS legal_unit_count,
        exact_sum(probability * proxy_huf_mn) AS proxy_huf_mn,
        exact_sum(probability * bridged_huf_mn) AS bridged_huf_mn,
        exact_sum(probability * calibrated_huf_mn) AS calibrated_huf_mn,
        exact_sum((probability - own_probability) * least(calibrated_huf_mn, 0)) AS negative_difference_huf_mn
    FROM line
    GROUP BY ALL
),
national AS (
    SELECT reference_year, any_value(value_huf_mn) FILTER (WHERE sector_code = 'S1') AS s1_huf_mn,
           any_value(value_huf_mn) FILTER (WHERE sector_code = 'S11') AS s11_huf_mn
    FROM integration.national_account
    WHERE ref_area = $reference_area AND sto_code = 'B1G' AND activity_code = '_T' AND value_huf_mn > 0
    GROUP BY reference_year
)
SELECT
    s.reference_year, s.numerator_code, s.unit_code, s.unit_count, s.legal_unit_count, s.proxy_huf_mn, s.bridged_huf_mn,
    s.calibrated_huf_mn, s.calibrated_huf_mn - coalesce(u.calibrated_huf_mn, 0) AS difference_huf_mn,
    s.negative_difference_huf_mn, n.s1_huf_mn AS national_gva_huf_mn,
    100 * s.calibrated_huf_mn / n.s1_huf_mn AS share_pct,
    100 * s.calibrated_huf_mn / n.s11_huf_mn AS share_s11_pct,
    100 * (s.calibrated_huf_mn - coalesce(u.calibrated_huf_mn, 0)) / n.s1_huf_mn AS difference_pp
FROM summed AS s
LEFT JOIN summed AS u
  ON u.reference_year = s.reference_year AND u.numerator_code = s.numerator_code AND u.unit_code = 'LEGAL_UNIT'
LEFT JOIN national AS n ON n.reference_year = s.reference_year
