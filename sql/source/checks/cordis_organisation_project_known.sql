SELECT source_id, file_name, row_number, project_id
FROM source.cordis_organisation
WHERE project_id NOT IN (SELECT project_id FROM source.cordis_project)
  AND EXISTS (FROM source.cordis_project)
