SELECT sample_id, stratum_code, min(stratum_size) AS least, max(stratum_size) AS most
FROM source.clerical_review GROUP BY ALL HAVING min(stratum_size) < max(stratum_size)
