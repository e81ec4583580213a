-- Which of the 64 industries of national accounts have the highest cooperation-linked share? Top ten of the last year.
SELECT activity_code, share_pct, ci_low_share_pct, ci_high_share_pct, national_gva_huf_mn
FROM access.cooperation_gva
WHERE table_code = 'T8' AND numerator_code = 'N2' AND NOT is_withheld
  AND reference_year = (SELECT max(reference_year) FROM access.cooperation_gva)
ORDER BY share_pct DESC NULLS LAST, activity_code
LIMIT 10;
