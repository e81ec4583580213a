SELECT cluster_id, scheme, level, valid_from, valid_to
FROM source.cluster_label
QUALIFY valid_from < max(coalesce(valid_to, DATE '9999-12-31')) OVER (
    PARTITION BY cluster_id, scheme ORDER BY valid_from, level ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
