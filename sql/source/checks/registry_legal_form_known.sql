-- The register writes a code or an abbreviation; the list joins several abbreviations with semicolons.
WITH known AS (
    SELECT elf_code AS form FROM source.legal_form
    UNION
    SELECT lower(trim(unnest(string_split(abbreviation, ';')))) FROM source.legal_form WHERE abbreviation IS NOT NULL
)
SELECT legal_unit_id, legal_form
FROM source.business_registry
WHERE legal_form IS NOT NULL
  AND legal_form NOT IN (SELECT form FROM known)
  AND lower(legal_form) NOT IN (SELECT form FROM known)
  AND EXISTS (FROM known)
