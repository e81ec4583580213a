SELECT sum(value) AS accepted_share
FROM integration.link_quality
WHERE measure_code = 'linked_share' AND weight = 'count' AND stratum_code IN ('identifier', 'name', 'people')
HAVING sum(value) < $linkage_min_accepted_share
