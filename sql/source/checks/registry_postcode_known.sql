SELECT legal_unit_id, postcode
FROM source.business_registry
WHERE postcode IS NOT NULL
  AND postcode NOT IN (SELECT postcode FROM source.postal_code)
  AND EXISTS (FROM source.postal_code)
