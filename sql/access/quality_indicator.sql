-- The quality indicators of ESS reporting (SIMS 2.0, ESQRS) that follow from the data, computed on every refresh. What only
-- a sequence of releases can tell (revisions, punctuality) is added by the quality report.
-- Shares of the largest contributors are not here: with the total they would reveal one.
WITH response AS (
    SELECT reference_year, unit_non_response_pct, item_non_response_pct, imputed_pct, imputed_gva_pct
    FROM interpretation.imputation_rate WHERE activity_code = '_T' AND imputation_method = '_T'
),
coverage AS (
    SELECT reference_year, 100 * exact_sum(micro_huf_mn) / exact_sum(calibrated_huf_mn) AS value
    FROM interpretation.reconciliation WHERE is_calibrated GROUP BY ALL
),
cells AS (
    SELECT reference_year, table_code, 100.0 * count(*) FILTER (WHERE NOT is_withheld) / count(*) AS value
    FROM access.cooperation_gva GROUP BY GROUPING SETS ((reference_year), (reference_year, table_code))
),
headline AS (
    SELECT reference_year, numerator_code, share_pct, ci_low_share_pct, ci_high_share_pct
    FROM access.cooperation_gva WHERE table_code = 'T1' AND NOT is_withheld
),
measured AS (
    SELECT 'unit_non_response' AS indicator_code, reference_year, '_T' AS stratum_code, unit_non_response_pct AS value
    FROM response
    UNION ALL BY NAME
    SELECT 'item_non_response' AS indicator_code, reference_year, '_T' AS stratum_code, item_non_response_pct AS value
    FROM response
    UNION ALL BY NAME
    SELECT 'imputation' AS indicator_code, reference_year, '_T' AS stratum_code, imputed_pct AS value FROM response
    UNION ALL BY NAME
    SELECT 'imputation_gva' AS indicator_code, reference_year, '_T' AS stratum_code, imputed_gva_pct AS value
    FROM response
    UNION ALL BY NAME
    SELECT 'macro_coverage' AS indicator_code, reference_year, '_T' AS stratum_code, value FROM coverage
    UNION ALL BY NAME
    SELECT 'completeness' AS indicator_code, reference_year, coalesce(table_code, '_T') AS stratum_code, value FROM cells
    UNION ALL BY NAME
    SELECT 'interval_half_width' AS indicator_code, reference_year, numerator_code AS stratum_code,
           (ci_high_share_pct - ci_low_share_pct) / 2 AS value
    FROM headline
    UNION ALL BY NAME
    SELECT 'overlap' AS indicator_code, reference_year, numerator_code AS stratum_code,
           100.0 * (sum_firm_count - union_firm_count) / union_firm_count AS value
    FROM interpretation.cooperation_overlap
    WHERE breakdown_code = 'cooperation' AND attribution_code = 'full' AND time_rule = 'any_day' AND union_firm_count > 0
    UNION ALL BY NAME
    SELECT CASE measure_code WHEN 'linked_share' THEN 'linked_' || stratum_code ELSE measure_code END AS indicator_code,
           NULL AS reference_year, weight AS stratum_code, 100 * value AS value
    FROM integration.link_quality
    WHERE (measure_code = 'linked_share' AND stratum_code IN ('identifier', 'name', 'people', 'review', 'none'))
       OR (measure_code IN ('expected_precision', 'expected_recall', 'precision', 'recall') AND stratum_code = 'all')
    UNION ALL BY NAME
    SELECT 'comparable_length' AS indicator_code, NULL AS reference_year, '_T' AS stratum_code,
           CAST(count(DISTINCT reference_year) AS DOUBLE) AS value
    FROM access.cooperation_gva WHERE table_code = 'T1' AND NOT is_break
),
definition AS (
    FROM (VALUES
        ('unit_non_response', 'S.13.3.3.1', 'Unit non-response rate', '%',
         'Legal units that should have filed an account of the year and did not / units that should have.'),
        ('item_non_response', 'S.13.3.3.2', 'Item non-response rate', '%',
         'Legal units whose account lacks an item that value added needs / units that should have filed.'),
        ('imputation', 'S.18.5.1', 'Imputation rate', '%',
         'Legal units with an imputed part / units that should have filed.'),
        ('imputation_gva', 'S.18.5.1', 'Imputation rate, weighted by GVA', '%',
         'Imputed GVA / GVA of all legal units, before calibration.'),
        ('macro_coverage', 'S.13.3.1', 'Coverage of national accounts', '%',
         'Bridged GVA of legal units / calibrated GVA: what the accounts explain of the national total that they are calibrated to.'),
        ('completeness', 'S.12.3.1', 'Data completeness rate', '%',
         'Published cells that are open / published cells, by table.'),
        ('interval_half_width', 'S.13.1', 'Half the width of the 90 % interval of the share', 'percentage points',
         'Linkage and imputation uncertainty of the share of the whole economy, by numerator.'),
        ('overlap', 'S.18.6', 'Overlap of cooperations', '%',
         'Memberships beyond the first / cooperating legal units, by numerator; a firm counts once in every total.'),
        ('linked_identifier', 'S.13.3.4', 'Records linked by an identifier', '%',
         'Participants at home linked by a valid identifier / participants at home; by count and weighted by GVA.'),
        ('linked_name', 'S.13.3.4', 'Records linked by name and address', '%',
         'Participants at home linked by name and address / participants at home.'),
        ('linked_people', 'S.13.3.4', 'Records linked by a person', '%',
         'Participants at home linked by a decision / participants at home.'),
        ('linked_review', 'S.13.3.4', 'Records under review', '%',
         'Participants at home that wait for a person / participants at home.'),
        ('linked_none', 'S.13.3.4', 'Records not linked', '%',
         'Participants at home that are linked to no legal unit / participants at home.'),
        ('expected_precision', 'S.13.3.4', 'Expected precision of links', '%',
         'Links that are right / links, expected from their probabilities.'),
        ('expected_recall', 'S.13.3.4', 'Expected recall of links', '%',
         'Right links that were made / right links, expected from the probabilities; records without any candidate are outside.'),
        ('precision', 'S.13.3.4', 'Precision of links, clerical sample', '%',
         'Links that are right / links, estimated from the clerical sample.'),
        ('recall', 'S.13.3.4', 'Recall of links, clerical sample', '%',
         'Right links that were made / right links, estimated from the clerical sample.'),
        ('comparable_length', 'S.15.2.1', 'Length of comparable time series', 'years',
         'Reference years of the total without a break.')
    ) AS d(indicator_code, sims_concept_code, name, unit, definition)
)
SELECT m.indicator_code, coalesce(CAST(m.reference_year AS VARCHAR), '_T') AS reference_period_code, m.stratum_code,
       d.sims_concept_code, d.name, m.value, d.unit, d.definition
FROM measured AS m JOIN definition AS d USING (indicator_code)
WHERE m.value IS NOT NULL
