-- Legal units: the business registry, and units known only because they filed accounts (flagged by `origin`).
-- The name keys come from the Python step (methods.names) through the table `name_key`.
WITH registered AS (
    SELECT
        legal_unit_id,
        coalesce(enterprise_id, legal_unit_id) AS enterprise_id,
        coalesce(enterprise_group_id, enterprise_id, legal_unit_id) AS enterprise_group_id,
        name, tax_stem, registration_number, lei, postcode, settlement, nuts3_code, nace_rev2_code, nace_rev21_code,
        coalesce(institutional_sector, 'S11') AS institutional_sector,
        employees, founded_date, dissolved_date, 'business_registry' AS origin
    FROM source.business_registry
),
filing AS (
    SELECT tax_stem, max_by(company_name, (fiscal_year, filing_date)) AS name,
           max_by(registration_number, (fiscal_year, filing_date)) AS registration_number,
           max_by(headquarter, (fiscal_year, filing_date)) AS headquarter
    FROM source.annual_account
    WHERE tax_stem NOT IN (SELECT tax_stem FROM registered WHERE tax_stem IS NOT NULL)
    GROUP BY tax_stem
),
filed AS (
    SELECT
        'T' || tax_stem AS legal_unit_id, 'T' || tax_stem AS enterprise_id, 'T' || tax_stem AS enterprise_group_id,
        coalesce(name, 'T' || tax_stem) AS name, tax_stem, registration_number, NULL AS lei,
        nullif(regexp_extract(headquarter, '\b(\d{4})\b', 1), '') AS postcode,
        nullif(regexp_extract(headquarter, '\b\d{4}\s+(\S+)', 1), '') AS settlement,
        NULL AS nuts3_code, NULL AS nace_rev2_code, NULL AS nace_rev21_code, 'S11' AS institutional_sector,
        NULL AS employees, NULL AS founded_date, NULL AS dissolved_date, 'annual_account' AS origin
    FROM filing
),
unit AS (SELECT * FROM registered UNION ALL BY NAME SELECT * FROM filed),
county AS (
    SELECT p.postcode, min(n.code) AS nuts3_code
    FROM source.postal_code AS p JOIN source.nuts_region AS n ON n.label = p.county AND length(n.code) = 5
    GROUP BY p.postcode HAVING count(DISTINCT n.code) = 1
)
SELECT
    u.legal_unit_id, u.enterprise_id, u.enterprise_group_id, u.name,
    k.name_key, k.legal_form AS legal_form_code,
    u.tax_stem, u.registration_number, u.lei, u.postcode, u.settlement, place_key(u.settlement) AS settlement_key,
    coalesce(u.nuts3_code, c.nuts3_code) AS nuts3_code,
    coalesce(u.nuts3_code, c.nuts3_code)[1:4] AS nuts2_code,
    u.nace_rev2_code, nace_rev2_section(u.nace_rev2_code) AS nace_rev2_section,
    u.nace_rev21_code, nace_rev21_section(u.nace_rev21_code) AS nace_rev21_section,
    u.institutional_sector, u.employees, size_class(u.employees) AS size_class,
    u.founded_date, u.dissolved_date, u.origin
FROM unit AS u
LEFT JOIN name_key AS k ON k.name = u.name
LEFT JOIN county AS c ON c.postcode = u.postcode
