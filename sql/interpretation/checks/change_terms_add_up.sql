-- Years whose terms do not add up to the change of the share, or whose share is not the one of the concentration table.
SELECT d.reference_year, d.numerator_code, d.change_pp
FROM interpretation.change_decomposition AS d
LEFT JOIN interpretation.concentration AS c USING (reference_year, numerator_code)
WHERE abs(d.entrants_pp + d.leavers_pp + d.continuing_pp + d.denominator_pp - d.change_pp) > 1e-9
   OR abs(d.entrants_joined_pp + d.entrants_founded_pp + d.entrants_account_pp - d.entrants_pp) > 1e-9
   OR abs(d.leavers_left_pp + d.leavers_dissolved_pp + d.leavers_account_pp - d.leavers_pp) > 1e-9
   OR abs(d.own_growth_pp + d.national_growth_pp + d.link_pp - d.continuing_pp) > 1e-9
   OR c.share_pct IS NULL OR abs(c.share_pct - d.share_pct) > 1e-9
