-- Export share of firms by numerator, year and stratum (section, size class, region): count, sum and sum of squares of
-- members and of comparable non-members. A non-member cooperates in no way that year, not even by a possible link.
-- Firms with turnover and known exports; the share is their exports / turnover in %, within 0 and 100.
WITH firm AS (
    SELECT reference_year, legal_unit_id, coalesce(activity_code, 'unknown') AS activity_code, size_class,
           coalesce(nuts2_code, 'unknown') AS nuts2_code,
           CAST(round(100 * least(greatest(export_turnover_huf_mn / net_turnover_huf_mn, 0), 1), 6) AS DECIMAL(9, 6))
               AS export_share_pct
    FROM interpretation.firm_gva
    WHERE net_turnover_huf_mn > 0 AND export_turnover_huf_mn IS NOT NULL
),
involved AS (
    SELECT reference_year, legal_unit_id, coalesce(bool_or(numerator_code = 'N1' AND evidence IN ('identifier', 'name')), false)
               AS is_n1,
           coalesce(bool_or(evidence IN ('identifier', 'name')), false) AS is_n2
    FROM interpretation.cooperating_firm GROUP BY ALL
),
sided AS (
    SELECT f.*, n.numerator_code,
           CASE n.numerator_code WHEN 'N1' THEN i.is_n1 ELSE i.is_n2 END AS is_member, i.legal_unit_id IS NULL AS is_control
    FROM firm AS f
    LEFT JOIN involved AS i USING (reference_year, legal_unit_id)
    CROSS JOIN (VALUES ('N1'), ('N2')) AS n(numerator_code)
)
SELECT
    reference_year, numerator_code, activity_code, size_class, nuts2_code,
    count(*) FILTER (WHERE is_member) AS member_count,
    CAST(coalesce(sum(export_share_pct) FILTER (WHERE is_member), 0) AS DOUBLE) AS member_sum,
    CAST(coalesce(sum(export_share_pct * export_share_pct) FILTER (WHERE is_member), 0) AS DOUBLE) AS member_squares,
    count(*) FILTER (WHERE is_control) AS control_count,
    CAST(coalesce(sum(export_share_pct) FILTER (WHERE is_control), 0) AS DOUBLE) AS control_sum,
    CAST(coalesce(sum(export_share_pct * export_share_pct) FILTER (WHERE is_control), 0) AS DOUBLE) AS control_squares
FROM sided
WHERE is_member OR is_control
GROUP BY ALL
