SELECT reference_year FROM interpretation.instrument_project
GROUP BY ALL
HAVING sum(project_count) FILTER (WHERE project_type <> '_T') <> sum(project_count) FILTER (WHERE project_type = '_T')
