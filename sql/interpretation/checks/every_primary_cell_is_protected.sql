-- Unsafe cells, printed or only a difference of printed ones, without a proof that an attacker stays uncertain.
SELECT reference_year, cell_name
FROM interpretation.cell_protection
WHERE is_primary AND is_protected IS NOT true
  -- what readers can work out already, or learn with the totals, is listed by `changes_stay_hidden`
  AND status NOT IN ('given_up', 'accepted_change')
