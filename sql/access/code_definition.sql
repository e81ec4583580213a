-- What every code of the published tables means, so that nobody needs a manual: variants, sections of activity, regions,
-- size classes.
SELECT dimension_code, code, name, CAST(NULL AS VARCHAR) AS name_hu, definition, source
FROM interpretation.variant_definition
WHERE dimension_code NOT IN ('PRIMARY_RULE', 'EVIDENCE', 'UNIT', 'REVIEW_REASON', 'IMPUTATION_METHOD')  -- of the tables that stay inside
UNION ALL BY NAME
SELECT CASE nace_version WHEN '2.0' THEN 'NACE_REV2' ELSE 'NACE_REV21' END AS dimension_code, code,
       coalesce(label_en, label_hu, code) AS name,
       label_hu AS name_hu, 'Section of activity.' AS definition, 'Regulation (EC) 1893/2006, as amended' AS source
FROM source.nace_code WHERE level = 1 AND nace_version IN ('2.0', '2.1')
UNION ALL BY NAME
SELECT 'NUTS_' || nuts_version AS dimension_code, code, coalesce(label, code) AS name, label AS name_hu,
       CASE level WHEN 0 THEN 'Country.' ELSE 'Region of level 2.' END AS definition,
       'Regulation (EC) 1059/2003, as amended' AS source
FROM source.nuts_region WHERE level IN (0, 2) AND nuts_version = '2021'
UNION ALL BY NAME
SELECT 'SIZE_CLASS' AS dimension_code, code, name, name_hu, definition, 'Recommendation 2003/361/EC' AS source
FROM (VALUES
    ('0-9', 'Micro', 'Mikro', 'Fewer than 10 persons employed.'),
    ('10-49', 'Small', 'Kis', '10 to 49 persons employed.'),
    ('50-249', 'Medium-sized', 'Közép', '50 to 249 persons employed.'),
    ('250+', 'Large', 'Nagy', '250 persons employed or more.'),
    ('_T', 'All size classes', 'Összesen', 'All units, also those whose size is not known.')
) AS s(code, name, name_hu, definition)
