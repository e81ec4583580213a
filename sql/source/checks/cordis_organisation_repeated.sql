SELECT source_id, project_id, pic, role, order_number, count(*) AS entries
FROM source.cordis_organisation
WHERE pic IS NOT NULL
GROUP BY ALL
HAVING count(*) > 1
