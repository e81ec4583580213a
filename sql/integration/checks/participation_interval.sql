SELECT record_id, cooperation_id, basis, valid_from, valid_to
FROM integration.participation WHERE valid_to <= valid_from
