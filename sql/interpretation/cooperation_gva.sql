-- Cooperation-linked GVA by year, numerator, attribution, time rule and cell, beside national accounts.
-- Temporary tables from the Python step: `_interpretation_cooperation_cell`, `_interpretation_denominator`, `verdict`
-- (primary disclosure rules by place_id and variant).
-- National accounts know neither types of cooperation nor size classes: by type the share is in the whole economy, by
-- size class there is no denominator and only the contribution to the share of the whole economy is shown.
WITH place AS (
    SELECT c.*, CASE WHEN region_code = '_T' THEN $reference_area ELSE region_code END AS ref_area
    FROM _interpretation_cooperation_cell AS c
),
beside AS (
    SELECT
        c.*, t.s1_huf_mn AS economy_huf_mn,
        CASE WHEN c.size_class_code = '_T' THEN d.s1_huf_mn END AS national_gva_huf_mn,
        CASE WHEN c.size_class_code = '_T' THEN d.s11_huf_mn END AS s11_gva_huf_mn
    FROM place AS c
    LEFT JOIN _interpretation_denominator AS d USING (reference_year, nace_version_code, ref_area, activity_code)
    LEFT JOIN _interpretation_denominator AS t
      ON t.reference_year = c.reference_year AND t.ref_area = $reference_area AND t.activity_code = '_T'
)
SELECT
    c.reference_year, c.numerator_code, c.attribution_code, c.time_rule, c.table_code, c.nace_version_code,
    c.activity_code, c.region_code, c.cooperation_type_code, c.size_class_code,
    coalesce(c.proxy_huf_mn, 0) AS proxy_huf_mn,
    coalesce(c.bridged_huf_mn, 0) AS bridged_huf_mn,
    coalesce(c.calibrated_huf_mn, 0) AS calibrated_huf_mn,
    coalesce(c.lower_huf_mn, 0) AS lower_huf_mn,
    coalesce(c.upper_huf_mn, 0) AS upper_huf_mn,
    c.national_gva_huf_mn,
    c.s11_gva_huf_mn,
    c.national_gva_huf_mn - coalesce(c.calibrated_huf_mn, 0) AS complement_huf_mn,
    100 * coalesce(c.calibrated_huf_mn, 0) / c.national_gva_huf_mn AS share_pct,
    100 * coalesce(c.calibrated_huf_mn, 0) / c.s11_gva_huf_mn AS share_s11_pct,
    100 * coalesce(c.lower_huf_mn, 0) / c.national_gva_huf_mn AS share_lower_pct,
    100 * coalesce(c.upper_huf_mn, 0) / c.national_gva_huf_mn AS share_upper_pct,
    i.standard_error_huf_mn, i.ci_low_huf_mn, i.ci_high_huf_mn,
    100 * i.ci_low_huf_mn / c.national_gva_huf_mn AS ci_low_share_pct,
    100 * i.ci_high_huf_mn / c.national_gva_huf_mn AS ci_high_share_pct,
    100 * coalesce(c.calibrated_huf_mn, 0) / c.economy_huf_mn AS contribution_pct,
    c.pyp_huf_mn,
    100 * c.pyp_huf_mn / x.previous_year_price_huf_mn AS share_pyp_pct,
    c.firm_count,
    coalesce(v.contributor_count, 0) AS contributor_count,
    coalesce(100 * v.largest / nullif(v.absolute_total, 0), 0) AS top1_share_pct,
    coalesce(v.is_primary, true) AS is_primary_unsafe,
    coalesce(v.rule, 'frequency') AS primary_rule,
    c.nace_version_code = 'NACE_REV21' AND (c.national_gva_huf_mn IS NOT NULL
        OR c.reference_year <= $nace_rev21_first_year) AS is_break,
    CASE WHEN c.national_gva_huf_mn IS NULL THEN 'no_denominator'
         WHEN c.nace_version_code = 'NACE_REV21' THEN 'converted' ELSE 'as_published' END AS method_flag
FROM beside AS c
LEFT JOIN interpretation.gva_interval AS i
  USING (reference_year, numerator_code, attribution_code, time_rule, table_code, nace_version_code, activity_code,
         region_code, cooperation_type_code, size_class_code)
-- deflators are national and in NACE Rev. 2
LEFT JOIN interpretation.price_index AS x
  ON x.reference_year = c.reference_year AND x.activity_code = c.activity_code AND c.region_code = '_T'
 AND c.size_class_code = '_T' AND c.nace_version_code <> 'NACE_REV21'
LEFT JOIN verdict AS v USING (place_id, attribution_code, time_rule)
