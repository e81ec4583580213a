SELECT event_id, country, organisation_name
FROM source.event_participant
WHERE event_id NOT IN (SELECT event_id FROM source.cooperation_event)
  AND EXISTS (FROM source.cooperation_event)
