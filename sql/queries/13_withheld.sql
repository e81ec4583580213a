-- How much is withheld? Cells and withheld cells of each table; the reason of a single cell is confidential too.
SELECT table_code, numerator_code, count(*) AS cells, count(*) FILTER (WHERE is_withheld) AS withheld_cells,
       round(100.0 * count(*) FILTER (WHERE NOT is_withheld) / count(*), 1) AS open_pct
FROM access.cooperation_gva
GROUP BY table_code, numerator_code
ORDER BY table_code, numerator_code;
