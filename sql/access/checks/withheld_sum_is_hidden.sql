-- A single withheld activity under a published total is the total less the others.
SELECT reference_year, numerator_code, count(*) FILTER (WHERE table_code = 'T2' AND is_withheld) AS withheld
FROM access.cooperation_gva
GROUP BY ALL
HAVING withheld = 1 AND bool_or(table_code = 'T1' AND NOT is_withheld)
   AND count(*) FILTER (WHERE table_code = 'T2') > 1
