SELECT agreement_id, cluster_id
FROM source.c2c_agreement
WHERE cluster_id NOT IN (SELECT cluster_id FROM source.cluster)
  AND EXISTS (FROM source.cluster)
