-- Unsafe changes that readers learn because the totals stay open, and unsafe cells that they can work out from what they
-- have already: nothing that is withheld now could help. To be looked at before a release; the next one has them no more.
SELECT reference_year, cell_name
FROM interpretation.cell_protection
WHERE status IN ('given_up', 'accepted_change')
