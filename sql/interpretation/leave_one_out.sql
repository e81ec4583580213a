-- The share without each cooperation. Temporary table from the Python step: `membership` (probability that a firm
-- cooperates with and without each of its cooperations).
WITH valued AS (
    SELECT m.*, g.calibrated_huf_mn
    FROM membership AS m JOIN interpretation.firm_gva AS g
      ON g.legal_unit_id = m.firm_id AND g.reference_year = m.reference_year
),
total AS (
    SELECT reference_year, numerator_code, exact_sum(probability * calibrated_huf_mn) AS gva_huf_mn
    FROM (SELECT DISTINCT reference_year, numerator_code, firm_id, probability, calibrated_huf_mn FROM valued)
    GROUP BY ALL
),
cooperation AS (
    SELECT reference_year, numerator_code, cooperation_id,
           CAST(count(*) FILTER (WHERE is_accepted) AS INTEGER) AS member_count,
           CAST(count(*) FILTER (WHERE is_accepted AND probability_without = 0) AS INTEGER) AS leaving_count,
           exact_sum(probability * calibrated_huf_mn) AS members_huf_mn,
           exact_sum((probability - probability_without) * calibrated_huf_mn) AS lost_huf_mn
    FROM valued GROUP BY ALL
)
SELECT
    c.reference_year, c.numerator_code, c.cooperation_id, c.member_count, c.leaving_count, c.members_huf_mn,
    c.lost_huf_mn,
    100 * t.gva_huf_mn / s.national_gva_huf_mn AS share_pct,
    100 * (t.gva_huf_mn - c.lost_huf_mn) / s.national_gva_huf_mn AS share_without_pct,
    -100 * c.lost_huf_mn / s.national_gva_huf_mn AS difference_pp
FROM cooperation AS c
JOIN total AS t USING (reference_year, numerator_code)
JOIN _interpretation_share_by_year AS s USING (reference_year, numerator_code)
