-- Codes that are not in the classification of their version; a version that was not delivered is not judged.
WITH coded AS (
    SELECT legal_unit_id, '2.0' AS nace_version, nace_rev2_code AS code FROM source.business_registry
    UNION ALL
    SELECT legal_unit_id, '2.1', nace_rev21_code FROM source.business_registry
)
SELECT DISTINCT legal_unit_id, nace_version, code
FROM coded
WHERE code IS NOT NULL
  AND nace_version IN (SELECT nace_version FROM source.nace_code)
  AND (nace_version, code) NOT IN (SELECT (nace_version, code) FROM source.nace_code)
