SELECT predecessor_id, successor_id, event_date
FROM source.legal_unit_event
WHERE predecessor_id = successor_id
   OR (EXISTS (FROM source.business_registry)
       AND (predecessor_id NOT IN (SELECT legal_unit_id FROM source.business_registry)
            OR successor_id NOT IN (SELECT legal_unit_id FROM source.business_registry)))
