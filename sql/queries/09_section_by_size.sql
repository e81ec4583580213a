-- Small and medium-sized members by activity: how much GVA do they bring, and how many cells are withheld?
SELECT activity_code, sum(gva_huf_mn) AS open_gva_huf_mn, count(*) FILTER (WHERE is_withheld) AS withheld_cells,
       count(*) AS cells
FROM access.cooperation_gva
WHERE table_code = 'T6' AND numerator_code = 'N2' AND size_class_code IN ('0-9', '10-49', '50-249')
GROUP BY activity_code
ORDER BY open_gva_huf_mn DESC NULLS LAST, activity_code;
