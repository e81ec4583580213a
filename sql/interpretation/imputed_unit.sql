-- Legal units whose value added is imputed: which part of it, how, how many years away the account is that it rests on
-- (0 where an account of the year itself), and how far such a value is from the truth; where too few units tell, as far
-- as the worst method. The mean of two neighbouring years is taken to be as wrong as the nearer of them.
WITH imputed AS (
    SELECT reference_year, legal_unit_id, imputation_method,
           imputed_gva_huf_mn / gva_basic_prices_huf_mn AS imputed_ratio
    FROM interpretation.value_added WHERE is_imputed AND gva_basic_prices_huf_mn <> 0
),
basis AS (
    SELECT legal_unit_id, list(reference_year) AS years
    FROM interpretation.value_added SEMI JOIN imputed USING (legal_unit_id)
    WHERE imputation_method NOT IN ('previous_year', 'next_year', 'neighbour_mean')
    GROUP BY legal_unit_id
),
member AS (
    SELECT DISTINCT legal_unit_id, true AS is_member FROM interpretation.cooperating_firm
),
worst AS (
    SELECT m.is_member, max(s.log_spread) AS log_spread
    FROM (VALUES (true), (false)) AS m(is_member)
    -- no member like that: as wrong as all others
    JOIN interpretation.imputation_spread AS s ON s.is_member = m.is_member OR m.is_member
    GROUP BY ALL
),
coded AS (
    SELECT
        i.reference_year, i.legal_unit_id, i.imputed_ratio,
        CASE WHEN i.imputation_method IN ('previous_year', 'next_year', 'neighbour_mean', 'partial_year')
             THEN 'neighbour' ELSE i.imputation_method END AS spread_code,
        CASE WHEN i.imputation_method = 'partial_year' THEN 1
             WHEN i.imputation_method IN ('previous_year', 'next_year', 'neighbour_mean')
             THEN coalesce(list_min(list_transform(b.years, lambda y: abs(y - i.reference_year))), 1)
             ELSE 0 END AS distance,
        m.is_member IS NOT NULL AS is_member
    FROM imputed AS i LEFT JOIN basis AS b USING (legal_unit_id) LEFT JOIN member AS m USING (legal_unit_id)
)
SELECT c.* EXCLUDE (is_member), coalesce(s.log_spread, w.log_spread, 0) AS log_spread
FROM coded AS c
LEFT JOIN interpretation.imputation_spread AS s USING (spread_code, distance, is_member)
LEFT JOIN worst AS w USING (is_member)
