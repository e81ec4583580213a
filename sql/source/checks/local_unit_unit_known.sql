SELECT legal_unit_id, reference_year, nuts3_code
FROM source.local_unit
WHERE legal_unit_id NOT IN (SELECT legal_unit_id FROM source.business_registry)
  AND EXISTS (FROM source.business_registry)
