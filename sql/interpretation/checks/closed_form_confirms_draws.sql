-- Years and numerators whose standard error from drawn links is more than 15 % off the closed form, where it is not tiny.
SELECT reference_year, numerator_code, link_standard_error_huf_mn, drawn_link_standard_error_huf_mn
FROM interpretation.uncertainty
WHERE link_standard_error_huf_mn > 1e-3 * expected_huf_mn
  AND NOT drawn_link_standard_error_huf_mn BETWEEN 0.85 * link_standard_error_huf_mn
                                               AND 1.15 * link_standard_error_huf_mn
