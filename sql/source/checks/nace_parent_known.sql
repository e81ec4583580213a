SELECT c.nace_version, c.code, c.parent_code
FROM source.nace_code AS c
ANTI JOIN source.nace_code AS p ON p.nace_version = c.nace_version AND p.code = c.parent_code
WHERE c.parent_code IS NOT NULL
