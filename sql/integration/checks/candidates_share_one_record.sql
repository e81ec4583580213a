SELECT record_id, sum(probability) AS probability
FROM integration.link_candidate GROUP BY record_id HAVING sum(probability) > 1 + 1e-6
