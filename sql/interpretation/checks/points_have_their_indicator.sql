SELECT reference_year, cooperation_id, dimension_code, indicator_code
FROM interpretation.cluster_assessment_point WHERE source_rows IS NULL
