-- Activities with a margin of which no firm has accounts: their cells are seeded, their coverage is nothing.
SELECT reference_year, activity_code, exact_sum(calibrated_huf_mn) AS calibrated_huf_mn
FROM interpretation.reconciliation
WHERE method_flag <> 'not_calibrated'
GROUP BY ALL
HAVING bool_and(NOT is_calibrated) AND exact_sum(calibrated_huf_mn) > 0
