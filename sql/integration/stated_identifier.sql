-- What register, accounts and VAT groups say of a unit's identifiers: text as stated, and when it held.
-- Identifiers of the unit itself hold as long as the unit exists; where its foundation is unknown, since 1700-01-01.
-- A registration number of an account that the register no longer has (the unit moved to another court or changed its
-- form) holds for the fiscal years in which it was filed.
WITH unit AS (
    SELECT u.*, coalesce(u.founded_date, DATE '1700-01-01') AS valid_from, u.dissolved_date AS valid_to,
           coalesce(r.source_id, a.source_id) AS source_id
    FROM integration.legal_unit AS u
    LEFT JOIN source.business_registry AS r USING (legal_unit_id)
    LEFT JOIN (SELECT tax_stem, min(source_id) AS source_id FROM source.annual_account GROUP BY tax_stem) AS a
        ON a.tax_stem = u.tax_stem
),
filed AS (
    SELECT u.legal_unit_id, a.registration_number, min(make_date(a.fiscal_year, 1, 1)) AS valid_from,
           max(make_date(a.fiscal_year + 1, 1, 1)) AS valid_to, min(a.source_id) AS source_id
    FROM source.annual_account AS a JOIN unit AS u ON u.tax_stem = a.tax_stem
    WHERE a.registration_number IS NOT NULL AND a.registration_number IS DISTINCT FROM u.registration_number
    GROUP BY ALL
)
SELECT legal_unit_id, 'hu_tax_stem' AS identifier_kind, tax_stem AS text, valid_from, valid_to, source_id FROM unit
UNION ALL BY NAME
SELECT legal_unit_id, 'eu_vat' AS identifier_kind, eu_vat AS text, valid_from, valid_to, source_id FROM unit
UNION ALL BY NAME
SELECT legal_unit_id, 'hu_registration_number' AS identifier_kind, registration_number AS text, valid_from, valid_to,
       source_id FROM unit
UNION ALL BY NAME
SELECT legal_unit_id, 'hu_registration_number' AS identifier_kind, registration_number AS text, valid_from, valid_to,
       source_id FROM filed
UNION ALL BY NAME
SELECT legal_unit_id, 'lei' AS identifier_kind, lei AS text, valid_from, valid_to, source_id FROM unit
UNION ALL BY NAME
SELECT g.legal_unit_id, 'vat_group' AS identifier_kind, g.group_tax_number AS text,
       coalesce(g.valid_from, u.valid_from) AS valid_from, coalesce(g.valid_to, u.valid_to) AS valid_to, g.source_id
FROM source.vat_group AS g JOIN unit AS u USING (legal_unit_id)
