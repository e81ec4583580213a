SELECT legal_unit_id, valid_from
FROM source.address_history
WHERE legal_unit_id NOT IN (SELECT legal_unit_id FROM source.business_registry)
  AND EXISTS (FROM source.business_registry)
