-- What changes when partners in joint projects count as well (N2), or only members of outstanding cooperations (N3)?
-- N1 is part of N2; N3 stands for itself. What the numerators mean: query 16.
SELECT reference_year,
       max(share_pct) FILTER (WHERE numerator_code = 'N1') AS n1_pct,
       max(share_pct) FILTER (WHERE numerator_code = 'N2') AS n2_pct,
       max(share_pct) FILTER (WHERE numerator_code = 'N3') AS n3_pct
FROM access.cooperation_gva
WHERE table_code = 'T1'
GROUP BY reference_year
ORDER BY reference_year;
