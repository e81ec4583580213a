-- One row per organisation; what its records disagree on is decided by the most frequent, then by the alphabet.
-- Temporary table from the Python step: `_integration_organisation_record` (see organisation_record.sql).
WITH county AS (
    -- a county is known by the labels of all NUTS versions and has the code of the newest
    SELECT label, arg_max(code, nuts_version) AS nuts3_code FROM source.nuts_region
    WHERE length(code) = 5 AND starts_with(code, $reference_area)
    GROUP BY label
),
given AS (
    SELECT n.code, min(c.nuts3_code) AS nuts3_code
    FROM source.nuts_region AS n JOIN county AS c USING (label)
    WHERE length(n.code) = 5 AND starts_with(n.code, $reference_area)
    GROUP BY n.code HAVING count(DISTINCT c.nuts3_code) = 1
),
postcode AS (
    SELECT p.postcode, min(c.nuts3_code) AS nuts3_code
    FROM source.postal_code AS p JOIN county AS c ON c.label = p.county
    GROUP BY p.postcode HAVING count(DISTINCT c.nuts3_code) = 1
),
place AS (
    SELECT place_key(p.settlement) AS place, min(c.nuts3_code) AS nuts3_code
    FROM source.postal_code AS p JOIN county AS c ON c.label = p.county
    GROUP BY 1 HAVING count(DISTINCT c.nuts3_code) = 1
),
record AS (
    SELECT
        o.organisation_id, o.record_source, r.* EXCLUDE (record_source),
        CASE WHEN r.country IS NULL OR r.country = $reference_area
             THEN coalesce(n.nuts3_code, p.nuts3_code, s.nuts3_code, c.nuts3_code) END AS county_code,
        CASE upper(r.participant_type)
            WHEN 'PRC' THEN 'firm' WHEN 'FIRM' THEN 'firm'
            WHEN 'HES' THEN 'higher_education' WHEN 'UNIVERSITY' THEN 'higher_education'
            WHEN 'REC' THEN 'research' WHEN 'RESEARCH' THEN 'research' WHEN 'RESEARCH_INSTITUTE' THEN 'research'
            WHEN 'PUB' THEN 'public_body' WHEN 'PUBLIC BODY' THEN 'public_body' WHEN 'PUBLIC_BODY' THEN 'public_body'
            WHEN 'MUNICIPALITY' THEN 'public_body'
            WHEN 'OTH' THEN 'other' WHEN 'OTHER' THEN 'other'
        END AS said_type
    FROM integration.participant_organisation AS o
    JOIN _integration_organisation_record AS r USING (record_id)
    LEFT JOIN given AS n ON n.code = r.nuts3_code
    LEFT JOIN postcode AS p ON p.postcode = r.postcode
    LEFT JOIN place AS s ON s.place = r.place AND r.record_source = 'participant'
    LEFT JOIN county AS c ON c.label = r.region
),
counted AS (
    SELECT
        organisation_id,
        CAST(count(*) AS INTEGER) AS record_count,
        CAST(count(DISTINCT cooperation_id) AS INTEGER) AS cooperation_count,
        string_agg(DISTINCT source_id, ', ' ORDER BY source_id) AS sources,
        arg_min(pic, (length(pic), pic)) AS pic,
        CAST(count(DISTINCT pic) AS INTEGER) AS pic_count,
        min(identifier) AS identifier
    FROM record GROUP BY organisation_id
),
value AS (
    SELECT organisation_id, 'name' AS item, name AS text FROM record
    UNION ALL SELECT organisation_id, 'country', country FROM record
    UNION ALL SELECT organisation_id, 'county_code', county_code FROM record
    UNION ALL SELECT organisation_id, 'settlement', settlement FROM record
    UNION ALL SELECT organisation_id, 'said_type', said_type FROM record
),
tally AS (SELECT organisation_id, item, text, count(*) AS n FROM value WHERE text IS NOT NULL GROUP BY ALL),
chosen AS (
    SELECT organisation_id,
           max(text) FILTER (WHERE item = 'name') AS name,
           max(text) FILTER (WHERE item = 'country') AS country,
           max(text) FILTER (WHERE item = 'county_code') AS county_code,
           max(text) FILTER (WHERE item = 'settlement') AS settlement,
           max(text) FILTER (WHERE item = 'said_type') AS said_type
    FROM (SELECT * FROM tally QUALIFY row_number() OVER (PARTITION BY organisation_id, item ORDER BY n DESC, text) = 1)
    GROUP BY organisation_id
),
described AS (
    SELECT
        t.organisation_id, u.legal_unit_id, coalesce(u.name, c.name) AS name,
        CASE WHEN u.legal_unit_id IS NOT NULL THEN $reference_area ELSE c.country END AS country_code,
        CASE WHEN u.legal_unit_id IS NOT NULL THEN coalesce(u.nuts3_code, c.county_code)
             WHEN c.country IS NULL OR c.country = $reference_area THEN c.county_code END AS nuts3_code,
        coalesce(u.settlement, c.settlement) AS settlement,
        CASE WHEN u.institutional_sector IN ('S11', 'S12') THEN 'firm'
             WHEN c.said_type IS NOT NULL THEN c.said_type
             WHEN u.institutional_sector = 'S13' THEN 'public_body'
             WHEN u.legal_unit_id IS NOT NULL THEN 'other'
             ELSE 'unknown' END AS organisation_type,
        t.pic, t.pic_count, coalesce('VAT:HU' || u.tax_stem, t.identifier) AS identifier,
        t.record_count, t.cooperation_count, t.sources
    FROM counted AS t
    JOIN chosen AS c USING (organisation_id)
    LEFT JOIN integration.legal_unit AS u ON u.legal_unit_id = t.organisation_id
)
SELECT organisation_id, legal_unit_id, name, country_code, nuts3_code, nuts3_code[1:4] AS nuts2_code, settlement,
       organisation_type, pic, pic_count, identifier, record_count, cooperation_count, sources,
       coalesce(country_code = $reference_area, false) AS is_domestic
FROM described
