-- A firm with negative value added in two cooperations is counted twice in the sum, which then lies below the union.
SELECT breakdown_code, reference_year, numerator_code, attribution_code, time_rule, sum_huf_mn, union_huf_mn
FROM interpretation.cooperation_overlap
WHERE overlap_huf_mn > 1e-6 * abs(union_huf_mn) + 1e-3
