-- Legal units: the business registry, and units known only because they filed accounts (flagged by `origin`).
-- Temporary tables from the Python step: `name_key` (name -> name_key, legal_form) of methods.names, `rejected_unit`
-- (legal_unit_id, tax_stem, registration_number) of the register's rows in quarantine.
-- The id of a unit is the register's, else 'T' and the tax stem; it depends on no other row, no order and no parameter.
WITH registered AS (
    SELECT
        legal_unit_id,
        coalesce(enterprise_id, legal_unit_id) AS enterprise_id,
        coalesce(enterprise_group_id, enterprise_id, legal_unit_id) AS enterprise_group_id,
        name, short_name, tax_stem, eu_vat, registration_number, lei, legal_form, postcode, settlement, address, county,
        nuts3_code, nace_rev2_code, nace_rev21_code, coalesce(institutional_sector, 'S11') AS institutional_sector,
        employees, founded_date, dissolved_date, status, 'business_registry' AS origin
    FROM source.business_registry
),
filing AS (
    -- The text itself is the last key, so that of two filings of one day it is not chance which one is taken.
    SELECT tax_stem, max_by(company_name, (fiscal_year, filing_date, company_name)) AS name,
           max_by(registration_number, (fiscal_year, filing_date, registration_number)) AS registration_number,
           max_by(headquarter, (fiscal_year, filing_date, headquarter)) AS headquarter
    FROM source.annual_account
    WHERE tax_stem NOT IN (SELECT tax_stem FROM registered WHERE tax_stem IS NOT NULL)
    GROUP BY tax_stem
),
kept AS (
    -- A unit whose row in the register is broken today keeps the register's id while it files accounts: by the tax
    -- or VAT number, or by the registration number where those are broken. One id for one filing unit.
    SELECT tax_stem, legal_unit_id
    FROM (
        SELECT f.tax_stem, r.legal_unit_id, 1 AS rank
        FROM filing AS f JOIN rejected_unit AS r ON r.tax_stem = f.tax_stem
        UNION ALL
        SELECT f.tax_stem, r.legal_unit_id, 2 AS rank
        FROM filing AS f JOIN rejected_unit AS r ON r.registration_number = f.registration_number
    )
    WHERE legal_unit_id NOT IN (SELECT legal_unit_id FROM registered)
    QUALIFY row_number() OVER (PARTITION BY tax_stem ORDER BY rank, legal_unit_id) = 1
        AND row_number() OVER (PARTITION BY legal_unit_id ORDER BY rank, tax_stem) = 1
),
filed AS (
    SELECT
        coalesce(k.legal_unit_id, 'T' || f.tax_stem) AS legal_unit_id,
        coalesce(k.legal_unit_id, 'T' || f.tax_stem) AS enterprise_id,
        coalesce(k.legal_unit_id, 'T' || f.tax_stem) AS enterprise_group_id,
        coalesce(f.name, 'T' || f.tax_stem) AS name, NULL AS short_name, f.tax_stem, NULL AS eu_vat,
        f.registration_number, NULL AS lei, NULL AS legal_form,
        nullif(regexp_extract(f.headquarter, '\b(\d{4})\b', 1), '') AS postcode,
        nullif(regexp_extract(f.headquarter, '\b\d{4}\s+(\S+)', 1), '') AS settlement,
        f.headquarter AS address, NULL AS county,
        NULL AS nuts3_code, NULL AS nace_rev2_code, NULL AS nace_rev21_code, 'S11' AS institutional_sector,
        NULL AS employees, NULL AS founded_date, NULL AS dissolved_date, NULL AS status, 'annual_account' AS origin
    FROM filing AS f LEFT JOIN kept AS k USING (tax_stem)
),
unit AS (SELECT * FROM registered UNION ALL BY NAME SELECT * FROM filed),
region AS (
    -- Budapest and Pest changed their codes with NUTS 2016: the newest version counts
    SELECT label, arg_max(code, nuts_version) AS code
    FROM source.nuts_region WHERE length(code) = 5 GROUP BY label
),
county AS (
    SELECT p.postcode, min(n.code) AS nuts3_code
    FROM source.postal_code AS p JOIN region AS n ON n.label = p.county
    GROUP BY p.postcode HAVING count(DISTINCT n.code) = 1
)
SELECT
    u.legal_unit_id, u.enterprise_id, u.enterprise_group_id, u.name, u.short_name,
    k.name_key, u.legal_form, k.legal_form AS legal_form_code,
    u.tax_stem, u.eu_vat, u.registration_number, u.lei,
    u.postcode, u.settlement, place_key(u.settlement) AS settlement_key, u.address, u.county,
    coalesce(u.nuts3_code, c.nuts3_code) AS nuts3_code,
    coalesce(u.nuts3_code, c.nuts3_code)[1:4] AS nuts2_code,
    u.nace_rev2_code, nace_rev2_section(u.nace_rev2_code) AS nace_rev2_section,
    u.nace_rev21_code, nace_rev21_section(u.nace_rev21_code) AS nace_rev21_section,
    u.institutional_sector, u.employees, size_class(u.employees) AS size_class,
    u.founded_date, u.dissolved_date, u.status, u.origin
FROM unit AS u
LEFT JOIN name_key AS k ON k.name = u.name
LEFT JOIN county AS c ON c.postcode = u.postcode
