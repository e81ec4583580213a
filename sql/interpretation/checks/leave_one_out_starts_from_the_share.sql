-- Rows that start from another share than the firms of interpretation.cooperating_firm give.
SELECT l.reference_year, l.numerator_code, l.cooperation_id, l.share_pct, c.share_pct AS concentration_share_pct
FROM interpretation.leave_one_out AS l
LEFT JOIN interpretation.concentration AS c USING (reference_year, numerator_code)
WHERE c.share_pct IS NULL OR abs(l.share_pct - c.share_pct) > 1e-6
