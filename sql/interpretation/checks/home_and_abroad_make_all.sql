SELECT reference_year FROM interpretation.instrument_c2c
GROUP BY ALL
HAVING sum(in_force_count) FILTER (WHERE scope <> '_T') <> sum(in_force_count) FILTER (WHERE scope = '_T')
