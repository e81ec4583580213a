-- Units that are members of two VAT groups on one day.
SELECT a.legal_unit_id, a.group_tax_number, b.group_tax_number AS other_group_tax_number
FROM source.vat_group AS a
JOIN source.vat_group AS b USING (legal_unit_id)
WHERE a.group_tax_number < b.group_tax_number
  AND coalesce(a.valid_from, DATE '1900-01-01') < coalesce(b.valid_to, DATE '9999-12-31')
  AND coalesce(b.valid_from, DATE '1900-01-01') < coalesce(a.valid_to, DATE '9999-12-31')
