SELECT f.reference_year, f.numerator_code, f.legal_unit_id, f.day_share_ratio, m.fractional_ratio,
       f.expected_day_share_ratio, m.expected_fractional_ratio
FROM interpretation.cooperating_firm AS f
LEFT JOIN (
    SELECT reference_year, numerator_code, legal_unit_id, exact_sum(fractional_ratio) AS fractional_ratio,
           exact_sum(expected_fractional_ratio) AS expected_fractional_ratio
    FROM interpretation.member_attribution GROUP BY ALL
) AS m USING (reference_year, numerator_code, legal_unit_id)
WHERE m.fractional_ratio IS NULL OR abs(m.fractional_ratio - f.day_share_ratio) > 1e-6
   OR abs(m.expected_fractional_ratio - f.expected_day_share_ratio) > 1e-6
