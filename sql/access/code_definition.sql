-- What every code of the published tables means, so that nobody needs a manual.
SELECT dimension_code, code, name, definition, source FROM interpretation.variant_definition
