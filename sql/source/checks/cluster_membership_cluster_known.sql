SELECT source_id, file_name, row_number, cluster_id
FROM source.cluster_membership
WHERE cluster_id NOT IN (SELECT cluster_id FROM source.cluster)
  AND EXISTS (FROM source.cluster)
