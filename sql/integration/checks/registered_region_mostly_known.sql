-- The share is taken of the register's units alone: those known only by their accounts never have a region, and
-- would hide the gap the more, the less of the register was delivered.
WITH registered AS (SELECT legal_unit_id, nuts3_code FROM integration.legal_unit WHERE origin = 'business_registry')
SELECT legal_unit_id FROM registered
WHERE nuts3_code IS NULL
  AND (SELECT avg(CAST(nuts3_code IS NULL AS INTEGER)) FROM registered) > 0.25
