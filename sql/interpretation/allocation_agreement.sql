-- Regional parts of the units that work in several regions and report both keys: employees and wage bill.
WITH part AS (
    SELECT reference_year, legal_unit_id, nuts3_code[1:4] AS region_code, exact_sum(employees) AS employees,
           exact_sum(wages_huf_mn) AS wages_huf_mn
    FROM source.local_unit GROUP BY ALL
    HAVING count(*) = count(employees) AND count(*) = count(wages_huf_mn)
)
SELECT * FROM part
QUALIFY count(*) OVER (PARTITION BY reference_year, legal_unit_id) > 1
ORDER BY ALL
