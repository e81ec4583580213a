-- The outlook of a numerator, where none of the shares that it rests on is withheld.
WITH withheld AS (
    SELECT DISTINCT numerator_code FROM access.cooperation_gva WHERE table_code = 'T1' AND is_withheld
)
SELECT o.* FROM interpretation.outlook AS o WHERE o.numerator_code NOT IN (SELECT numerator_code FROM withheld)
