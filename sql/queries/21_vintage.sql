-- Which release am I looking at? The vintage and the content hash of each table; cite the vintage with a figure.
SELECT vintage_id, table_name, rows, content_sha256
FROM access.vintage
ORDER BY table_name;
