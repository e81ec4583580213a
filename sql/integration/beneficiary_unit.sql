-- The legal unit of a Hungarian beneficiary of cohesion policy: the only one of that name, legal form and county.
-- Beneficiaries are no participants, no link is estimated for them, and none of this counts in a share of GVA.
-- Temporary table from the Python step: `beneficiary_name` (record_id, region, name_key, legal_form_code).
WITH county AS (
    -- a county is known by the labels of all NUTS versions and has the code of the newest
    SELECT label, arg_max(code, nuts_version) AS nuts3_code FROM source.nuts_region
    WHERE length(code) = 5 AND starts_with(code, $reference_area)
    GROUP BY label
)
SELECT b.record_id, min(u.legal_unit_id) AS legal_unit_id
FROM beneficiary_name AS b
JOIN county AS c ON c.label = b.region
JOIN integration.legal_unit AS u
    ON u.name_key = b.name_key AND u.legal_form_code IS NOT DISTINCT FROM b.legal_form_code AND u.nuts3_code = c.nuts3_code
GROUP BY b.record_id HAVING count(*) = 1
