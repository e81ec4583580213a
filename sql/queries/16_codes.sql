-- What does a code mean, and who says so? Every code of the published tables.
SELECT dimension_code, code, name, name_hu, definition, source
FROM access.code_definition
ORDER BY dimension_code, code;
