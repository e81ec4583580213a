-- What each cooperating legal unit contributes to each cell, under each time rule.
-- T1 total, T2 section, T3 region. `weight_ratio` is the time rule's; the probability of the link stands beside it.
SELECT
    c.reference_year, c.numerator_code, t.time_rule, k.table_code,
    CASE k.table_code WHEN 'T2' THEN g.activity_code ELSE '_T' END AS activity_code,
    CASE k.table_code WHEN 'T3' THEN g.nuts2_code ELSE '_T' END AS region_code,
    c.legal_unit_id, g.enterprise_group_id, c.evidence, c.probability,
    CASE t.time_rule WHEN 'any_day' THEN 1.0 WHEN 'day_weighted' THEN c.day_share_ratio
         ELSE CAST(c.is_year_end AS INTEGER) END AS weight_ratio,
    g.proxy_huf_mn, g.bridged_huf_mn, g.calibrated_huf_mn
FROM interpretation.cooperating_firm AS c
JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
CROSS JOIN (VALUES ('any_day'), ('day_weighted'), ('year_end')) AS t(time_rule)
CROSS JOIN (VALUES ('T1'), ('T2'), ('T3')) AS k(table_code)
WHERE (k.table_code = 'T1' OR (k.table_code = 'T2' AND g.activity_code IS NOT NULL)
       OR (k.table_code = 'T3' AND g.nuts2_code IS NOT NULL))
