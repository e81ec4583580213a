-- How far the ties reach, from the same public lists.
SELECT * FROM interpretation.international_cooperation
