-- Legal units with a number in the order of their ids: the steps of value added join and group by it several times, which
-- is far cheaper with integers than with text, and what is ordered by number is ordered by id.
SELECT CAST(row_number() OVER (ORDER BY legal_unit_id) AS INTEGER) AS unit_number, legal_unit_id, tax_stem,
       nace_rev2_section, size_class, founded_date, dissolved_date, origin, status
FROM integration.legal_unit
