WITH used AS (
    SELECT DISTINCT unnest(['NUMERATOR', 'ATTRIBUTION', 'TIME_RULE', 'TABLE', 'NACE_VERSION', 'METHOD_FLAG']) AS dimension_code,
           unnest([numerator_code, attribution_code, time_rule, table_code, nace_version_code, method_flag]) AS code
    FROM interpretation.cooperation_gva
    UNION
    SELECT DISTINCT 'VARIANT', attribution_code || '/' || time_rule FROM interpretation.cooperation_gva
    UNION
    SELECT DISTINCT 'COOP_TYPE', cooperation_type_code FROM interpretation.cooperation_gva
    UNION
    SELECT DISTINCT 'PRIMARY_RULE', primary_rule FROM interpretation.cooperation_gva
    UNION
    SELECT DISTINCT 'EVIDENCE', evidence FROM interpretation.cooperating_firm
)
SELECT dimension_code, code FROM used ANTI JOIN interpretation.variant_definition USING (dimension_code, code)
