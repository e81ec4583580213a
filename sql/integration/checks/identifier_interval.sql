SELECT legal_unit_id, identifier_kind, valid_from, valid_to
FROM integration.legal_unit_identifier WHERE valid_to < valid_from
