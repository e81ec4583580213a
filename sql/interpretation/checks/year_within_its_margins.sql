-- Years in which the cells under review together exceed their calibrated value by more than the blocking share.
SELECT reference_year, exact_sum_if(micro_huf_mn - calibrated_huf_mn, is_in_review) AS excess_huf_mn,
       CAST(count(*) FILTER (WHERE is_in_review) AS INTEGER) AS cells_in_review
FROM interpretation.reconciliation
GROUP BY reference_year
HAVING excess_huf_mn > $review_blocking_share_pct / 100 * exact_sum(calibrated_huf_mn)
