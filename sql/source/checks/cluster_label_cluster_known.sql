SELECT cluster_id, scheme, level, valid_from
FROM source.cluster_label
WHERE cluster_id NOT IN (SELECT cluster_id FROM source.cluster)
  AND EXISTS (FROM source.cluster)
