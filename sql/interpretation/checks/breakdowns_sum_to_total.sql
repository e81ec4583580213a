-- Breakdowns that miss what they break down by more than 1 % and HUF 1 mn: firms without the code are in no cell.
WITH variant AS (
    SELECT reference_year, numerator_code, attribution_code, time_rule, nace_version_code, table_code,
           exact_sum(calibrated_huf_mn) AS value_huf_mn
    FROM interpretation.cooperation_gva WHERE table_code <> 'T4' GROUP BY ALL
)
SELECT p.*, w.table_code AS whole, w.value_huf_mn AS whole_huf_mn
FROM variant AS p
JOIN variant AS w USING (reference_year, numerator_code, attribution_code, time_rule)
WHERE ((p.table_code IN ('T2', 'T3', 'T5') AND w.table_code = 'T1')
       OR (p.table_code IN ('T6', 'T7', 'T8') AND w.table_code = 'T2' AND w.nace_version_code = p.nace_version_code))
  AND abs(w.value_huf_mn - p.value_huf_mn) > 0.01 * abs(w.value_huf_mn) + 1
