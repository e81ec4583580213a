-- Every firm that cooperates in one of two consecutive years for which there are shares, with both of its years.
-- `_before` is the year before the reference year. Value added is the firm's, whether it cooperates in that year or not;
-- probabilities are null in a year in which it has no link.
WITH year_pair AS (
    SELECT b.reference_year, b.numerator_code, a.national_gva_huf_mn AS national_before_huf_mn,
           b.national_gva_huf_mn AS national_after_huf_mn
    FROM _interpretation_share_by_year AS a JOIN _interpretation_share_by_year AS b
      ON b.reference_year = a.reference_year + 1 AND b.numerator_code = a.numerator_code
),
member AS (
    SELECT reference_year, numerator_code, legal_unit_id, probability
    FROM interpretation.cooperating_firm
),
side AS (
    SELECT reference_year + 1 AS reference_year, numerator_code, legal_unit_id, probability AS probability_before,
           NULL AS probability_after
    FROM member
    UNION ALL
    SELECT reference_year, numerator_code, legal_unit_id, NULL, probability FROM member
)
SELECT
    y.reference_year, y.numerator_code, s.legal_unit_id, y.national_before_huf_mn, y.national_after_huf_mn,
    max(s.probability_before) AS probability_before, max(s.probability_after) AS probability_after,
    any_value(a.calibrated_huf_mn) AS gva_before, any_value(b.calibrated_huf_mn) AS gva_after,
    any_value(u.founded_date) AS founded_date, any_value(u.dissolved_date) AS dissolved_date
FROM side AS s
JOIN year_pair AS y USING (reference_year, numerator_code)
LEFT JOIN interpretation.firm_gva AS a
  ON a.legal_unit_id = s.legal_unit_id AND a.reference_year = s.reference_year - 1
LEFT JOIN interpretation.firm_gva AS b ON b.legal_unit_id = s.legal_unit_id AND b.reference_year = s.reference_year
LEFT JOIN integration.legal_unit AS u ON u.legal_unit_id = s.legal_unit_id
GROUP BY ALL
ORDER BY ALL
