-- What does the new classification of activities change? Both versions beside each other; the total is the same in both.
SELECT reference_year, activity_code,
       max(share_pct) FILTER (WHERE nace_version_code = 'NACE_REV2') AS rev2_pct,
       max(share_pct) FILTER (WHERE nace_version_code = 'NACE_REV21') AS rev21_pct,
       bool_or(is_break) AS is_break
FROM access.cooperation_gva
WHERE table_code = 'T2' AND numerator_code = 'N2'
GROUP BY reference_year, activity_code
ORDER BY activity_code, reference_year;
