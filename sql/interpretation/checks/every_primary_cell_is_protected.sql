-- Unsafe cells, printed or only a difference of printed ones, without a proof that an attacker stays uncertain.
SELECT reference_year, cell_name
FROM interpretation.cell_protection
WHERE is_primary AND is_protected IS NOT true
