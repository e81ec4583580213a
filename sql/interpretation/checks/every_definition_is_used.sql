-- Variants and tables that are defined and not computed, although there are cooperating firms.
WITH used AS (
    SELECT DISTINCT unnest(['ATTRIBUTION', 'TIME_RULE', 'TABLE', 'NACE_VERSION', 'VARIANT']) AS dimension_code,
           unnest([attribution_code, time_rule, table_code, nace_version_code, attribution_code || '/' || time_rule])
               AS code
    FROM interpretation.cooperation_gva
)
SELECT dimension_code, code
FROM interpretation.variant_definition ANTI JOIN used USING (dimension_code, code)
WHERE dimension_code IN ('ATTRIBUTION', 'TIME_RULE', 'TABLE', 'NACE_VERSION', 'VARIANT')
  AND EXISTS (FROM interpretation.cooperation_gva)
