SELECT nuts_version, code, level
FROM source.nuts_region
WHERE length(code) <> level + 2
