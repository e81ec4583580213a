-- Figures of a sector and year that break P.1 - P.2 = B.1g by more than rounding.
SELECT reference_year, ref_area, sector_code,
       max(value_huf_mn) FILTER (WHERE sto_code = 'P1') AS output_huf_mn,
       max(value_huf_mn) FILTER (WHERE sto_code = 'P2') AS consumption_huf_mn,
       max(value_huf_mn) FILTER (WHERE sto_code = 'B1G') AS gva_huf_mn
FROM integration.national_account
WHERE activity_code = '_T' AND sto_code IN ('P1', 'P2', 'B1G')
GROUP BY ALL
HAVING count(*) = 3 AND abs(output_huf_mn - consumption_huf_mn - gva_huf_mn) > 3
