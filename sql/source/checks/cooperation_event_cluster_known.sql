SELECT event_id, cluster_id
FROM source.cooperation_event
WHERE cluster_id IS NOT NULL
  AND cluster_id NOT IN (SELECT cluster_id FROM source.cluster)
  AND EXISTS (FROM source.cluster)
