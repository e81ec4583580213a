-- The same member: the same tax number where there is one, else the same name and settlement.
WITH member AS (
    SELECT source_id, file_name, row_number, cluster_id, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to,
           coalesce(parse_tax_stem(tax_number), lower(member_name) || '|' || coalesce(lower(settlement), '')) AS identity
    FROM source.cluster_membership
)
SELECT source_id, file_name, row_number, cluster_id, valid_from
FROM member
QUALIFY valid_from < max(valid_to) OVER (
    PARTITION BY source_id, cluster_id, identity ORDER BY valid_from, row_number
    ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
