-- The share of cooperating firms by year and numerator with all that is known of its uncertainty.
-- Temporary tables from the step: `_interpretation_share_by_year`, `drawn` (draws of the total, corrected share).
-- Naive: every accepted link counts in full. Bounds as in interpretation.cooperation_gva.
WITH linked AS (
    SELECT m.reference_year, m.numerator_code,
           exact_sum_if(g.calibrated_huf_mn, m.evidence IN ('identifier', 'name')) AS naive_huf_mn,
           exact_sum_if(m.probability * g.calibrated_huf_mn, m.evidence = 'identifier') AS lower_huf_mn,
           exact_sum(if(m.evidence = 'possible', m.probability, 1) * g.calibrated_huf_mn) AS upper_huf_mn
    FROM interpretation.cooperating_firm AS m JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    GROUP BY ALL
)
SELECT
    s.reference_year, s.numerator_code, s.gva_huf_mn AS expected_huf_mn,
    100 * coalesce(l.naive_huf_mn, 0) / s.national_gva_huf_mn AS naive_share_pct,
    s.share_pct AS expected_share_pct,
    d.corrected_share_pct,
    100 * coalesce(l.lower_huf_mn, 0) / s.national_gva_huf_mn AS lower_share_pct,
    100 * coalesce(l.upper_huf_mn, 0) / s.national_gva_huf_mn AS upper_share_pct,
    100 * least(d.low_huf_mn, s.gva_huf_mn) / s.national_gva_huf_mn AS ci_low_share_pct,
    100 * greatest(d.high_huf_mn, s.gva_huf_mn) / s.national_gva_huf_mn AS ci_high_share_pct,
    100 * d.standard_error_huf_mn / s.national_gva_huf_mn AS standard_error_pp,
    d.standard_error_huf_mn,
    d.link_standard_error_huf_mn, d.drawn_link_standard_error_huf_mn,
    100 * d.links_variance / nullif(d.variance, 0) AS links_variance_pct,
    100 * d.imputation_variance / nullif(d.variance, 0) AS imputation_variance_pct,
    100 * d.own_ratio_variance / nullif(d.variance, 0) AS own_ratio_variance_pct,
    100 * d.calibration_variance / nullif(d.variance, 0) AS calibration_variance_pct,
    100 * d.allocation_variance / nullif(d.variance, 0) AS allocation_variance_pct,
    CAST($uncertainty_draws AS INTEGER) AS draw_count
FROM _interpretation_share_by_year AS s
JOIN drawn AS d USING (reference_year, numerator_code)
LEFT JOIN linked AS l USING (reference_year, numerator_code)
