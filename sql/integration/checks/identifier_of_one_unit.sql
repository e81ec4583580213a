-- Identifiers of a kind that is not shared which belong to two units on one day. The VAT number of a group is its
-- members' common one.
WITH own AS (
    SELECT identifier_kind, value, legal_unit_id, valid_from, coalesce(valid_to, DATE '9999-12-31') AS valid_to
    FROM integration.legal_unit_identifier
    WHERE identifier_kind <> 'vat_group' AND is_valid
      AND NOT (identifier_kind = 'eu_vat' AND value IN (
          SELECT 'HU' || value[1:8] FROM integration.legal_unit_identifier WHERE identifier_kind = 'vat_group'))
)
SELECT a.identifier_kind, a.value, a.legal_unit_id, b.legal_unit_id AS other_legal_unit_id
FROM own AS a JOIN own AS b USING (identifier_kind, value)
WHERE a.legal_unit_id < b.legal_unit_id AND a.valid_from < b.valid_to AND b.valid_from < a.valid_to
