-- Cooperating legal units with what they are broken down by, and the weight of their GVA under every attribution.
-- `<rule>_weight` holds if the links are right, `<rule>_expected` is the expectation over the links (METHODS 5).
WITH pair AS (
    SELECT
        reference_year, numerator_code, legal_unit_id, coalesce(cooperation_type_code, '_T') AS cooperation_type_code,
        exact_sum(fractional_ratio) AS fractional_weight,
        exact_sum(expected_fractional_ratio) AS fractional_expected,
        least(exact_sum(project_share_ratio), 1) AS project_weight,
        exact_sum(project_share_ratio * probability) AS project_expected
    FROM interpretation.member_attribution
    GROUP BY GROUPING SETS (
        (reference_year, numerator_code, legal_unit_id),
        (reference_year, numerator_code, legal_unit_id, cooperation_type_code)
    )
),
cooperating AS (
    SELECT '_T' AS cooperation_type_code, * FROM interpretation.cooperating_firm
    UNION ALL BY NAME
    SELECT * FROM interpretation.cooperating_firm_by_type
)
SELECT
    c.reference_year, c.numerator_code, c.cooperation_type_code, c.legal_unit_id, g.enterprise_group_id, c.evidence,
    g.activity_code AS rev2_section, u.nace_rev21_section AS rev21_section,
    a64_code(g.activity_code, u.nace_rev2_code) AS a64_code,
    nullif(g.size_class, 'unknown') AS size_class,
    CAST(1 AS DOUBLE) AS any_day_weight, c.probability AS any_day_expected,
    CAST(c.is_year_end AS DOUBLE) AS year_end_weight, c.year_end_probability AS year_end_expected,
    c.day_share_ratio AS day_weight, c.expected_day_share_ratio AS day_expected,
    CASE c.cooperation_type_code WHEN '_T' THEN c.day_share_ratio ELSE p.fractional_weight END AS fractional_weight,
    CASE c.cooperation_type_code WHEN '_T' THEN c.expected_day_share_ratio ELSE p.fractional_expected END
        AS fractional_expected,
    p.project_weight,
    -- projects of one text are right together, so that their probabilities add up to more than that of any: in none of its
    -- parts a firm is expected to count for more than in all
    CASE WHEN p.project_expected IS NOT NULL THEN least(p.project_expected, c.probability) END AS project_expected,
    g.proxy_huf_mn, g.bridged_huf_mn, g.calibrated_huf_mn,
    -- a unit without a section takes the deflator of the economy; a section without one leaves its cells empty, or the
    -- share at constant prices would be that at current prices under another name
    CASE WHEN g.activity_code IS NULL THEN g.calibrated_huf_mn / x.deflator_ratio ELSE g.calibrated_pyp_huf_mn END
        AS pyp_huf_mn
FROM cooperating AS c
JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
JOIN integration.legal_unit AS u USING (legal_unit_id)
LEFT JOIN pair AS p USING (reference_year, numerator_code, cooperation_type_code, legal_unit_id)
LEFT JOIN interpretation.price_index AS x ON x.reference_year = c.reference_year AND x.activity_code = '_T'
