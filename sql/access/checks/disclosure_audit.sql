-- Cells that must not leave the house as they are: a value in a withheld cell, an open cell that a primary rule finds
-- unsafe, or bounds whose distance to the share reveals too few firms. Written apart from the step that withholds, so
-- that a mistake there is seen here; the gate runs it again on exactly what it is about to publish.
WITH contribution AS (
    SELECT c.reference_year, c.numerator_code, c.evidence, g.enterprise_group_id,
           abs(exact_sum(g.calibrated_huf_mn)) AS value
    FROM interpretation.cooperating_firm AS c JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    WHERE c.evidence IN ('name', 'candidate')
    GROUP BY ALL
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY reference_year, numerator_code, evidence ORDER BY value DESC) AS rank
    FROM contribution WHERE value > 0
),
unsafe_set AS (
    SELECT reference_year, numerator_code, evidence
    FROM ranked GROUP BY ALL
    HAVING count(*) < $disclosure_min_contributors
        OR coalesce(exact_sum_if(value, rank > 2), 0) * 100 < $disclosure_p_percent * max(value)
)
SELECT a.reference_year, a.numerator_code, a.table_code, a.activity_code,
       CASE WHEN a.is_withheld THEN 'withheld cell carries a value' ELSE 'unsafe cell is open' END AS reason
FROM access.cooperation_gva AS a
JOIN interpretation.cooperation_gva AS c
  ON c.reference_year = a.reference_year AND c.numerator_code = a.numerator_code AND c.table_code = a.table_code
 AND c.activity_code = a.activity_code AND c.region_code = '_T' AND c.time_rule = a.time_rule
 AND c.attribution_code = a.attribution_code AND c.nace_version_code IN ('_Z', 'NACE_REV2')
 AND c.cooperation_type_code = '_T' AND c.size_class_code = '_T'
WHERE (a.is_withheld AND coalesce(a.gva_huf_mn, a.share_pct, a.share_s11_pct, a.proxy_huf_mn, a.bridged_huf_mn,
                                  a.share_lower_pct, a.share_upper_pct, a.firm_count) IS NOT NULL)
   OR (NOT a.is_withheld AND c.is_primary_unsafe)
UNION ALL
SELECT a.reference_year, a.numerator_code, a.table_code, a.activity_code, 'bounds reveal too few firms'
FROM access.cooperation_gva AS a
WHERE coalesce(a.share_lower_pct, a.share_upper_pct) IS NOT NULL
  AND EXISTS (SELECT 1 FROM unsafe_set AS u
              WHERE u.reference_year = a.reference_year AND u.numerator_code = a.numerator_code)
