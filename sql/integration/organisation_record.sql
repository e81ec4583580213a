-- Every record that names an organisation: participants with their accepted legal unit, beneficiaries of cohesion policy.
-- An identifier that belongs to a legal unit which was not accepted for the record is not believed here either; that of
-- a VAT group belongs to several.
WITH participant AS (
    SELECT
        p.record_id, 'participant' AS record_source, p.source_id, p.name, p.name AS compared_name,
        p.country_code AS country,
        CASE WHEN i.status = 'accepted' THEN i.legal_unit_id END AS legal_unit_id,
        CASE WHEN i.status = 'accepted' THEN i.probability END AS probability,
        i.method = 'decision' AND i.status <> 'accepted' AS is_refused,
        i.status <> 'accepted' AND i.candidate_count > 1 AS is_ambiguous,
        nullif(trim(p.pic), '') AS pic,
        CASE p.identifier_kind
            WHEN 'hu_tax_number' THEN CASE WHEN length(p.identifier_value) = 8 THEN 'VAT:HU' || p.identifier_value END
            WHEN 'eu_vat' THEN 'VAT:' || p.identifier_value
            WHEN 'foreign_vat' THEN 'VAT:' || p.identifier_value
            WHEN 'hu_registration_number' THEN 'REG:HU' || p.identifier_value
            WHEN 'lei' THEN 'LEI:' || p.identifier_value
        END AS identifier,
        p.settlement_key AS place, p.settlement, p.postcode, p.nuts3_code, NULL AS region,
        p.participant_type, p.legal_form_code, p.cooperation_id
    FROM integration.participant AS p JOIN integration.firm_identity AS i USING (record_id)
),
held AS (
    SELECT 'VAT:HU' || tax_stem AS identifier FROM integration.legal_unit WHERE tax_stem IS NOT NULL
    UNION
    SELECT 'REG:HU' || registration_number FROM integration.legal_unit WHERE registration_number IS NOT NULL
    UNION
    SELECT 'LEI:' || lei FROM integration.legal_unit WHERE lei IS NOT NULL
),
beneficiary AS (
    SELECT *, md5(concat_ws('|', country, coalesce(region, ''), beneficiary_name,
                            coalesce(CAST(total_budget_eur AS VARCHAR), ''),
                            coalesce(CAST(eu_contribution_eur AS VARCHAR), ''),
                            coalesce(CAST(project_count AS VARCHAR), '')))[1:16] AS digest
    FROM source.kohesio_beneficiary
)
SELECT p.* REPLACE (
    CASE WHEN p.legal_unit_id IS NULL AND h.identifier IS NOT NULL THEN NULL ELSE p.identifier END AS identifier
)
FROM participant AS p LEFT JOIN held AS h ON h.identifier = p.identifier
UNION ALL BY NAME
SELECT
    'KOHESIO:' || digest
        || CASE WHEN row_number() OVER same > 1 THEN '-' || row_number() OVER same ELSE '' END AS record_id,
    'kohesio_beneficiary' AS record_source, source_id, beneficiary_name AS name,
    coalesce(transliterated_name, beneficiary_name) AS compared_name, country, false AS is_refused, false AS is_ambiguous,
    place_key(region) AS place, region
FROM beneficiary
WINDOW same AS (PARTITION BY digest ORDER BY source_id, file_name, row_number)
