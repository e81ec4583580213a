-- Cooperating legal units whose value added is imputed: which part of it, how, and how many years away the account is
-- that it rests on (0 where an account of the year itself).
WITH imputed AS (
    SELECT v.reference_year, v.legal_unit_id, v.imputation_method,
           v.imputed_gva_huf_mn / v.gva_basic_prices_huf_mn AS imputed_ratio
    FROM interpretation.value_added AS v
    SEMI JOIN interpretation.cooperating_firm AS m USING (reference_year, legal_unit_id)
    WHERE v.is_imputed AND v.gva_basic_prices_huf_mn <> 0
)
SELECT
    i.reference_year, i.legal_unit_id, i.imputed_ratio,
    CASE WHEN i.imputation_method IN ('previous_year', 'next_year', 'partial_year') THEN 'neighbour'
         ELSE i.imputation_method END AS spread_code,
    CASE WHEN i.imputation_method = 'partial_year' THEN 1
         WHEN i.imputation_method IN ('previous_year', 'next_year')
         THEN coalesce(min(abs(b.reference_year - i.reference_year)), 1) ELSE 0 END AS distance
FROM imputed AS i
LEFT JOIN interpretation.value_added AS b
  ON b.legal_unit_id = i.legal_unit_id AND b.imputation_method NOT IN ('previous_year', 'next_year')
GROUP BY i.reference_year, i.legal_unit_id, i.imputed_ratio, i.imputation_method
ORDER BY ALL
