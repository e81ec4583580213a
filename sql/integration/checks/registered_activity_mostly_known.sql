-- The share is taken of the register's units alone: those known only by their accounts never have a section of the activity, and
-- would hide the gap the more, the less of the register was delivered.
WITH registered AS (SELECT legal_unit_id, nace_rev2_section FROM integration.legal_unit WHERE origin = 'business_registry')
SELECT legal_unit_id FROM registered
WHERE nace_rev2_section IS NULL
  AND (SELECT avg(CAST(nace_rev2_section IS NULL AS INTEGER)) FROM registered) > 0.25
