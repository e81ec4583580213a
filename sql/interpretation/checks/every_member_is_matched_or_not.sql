SELECT reference_year, numerator_code, member_count
FROM interpretation.export_comparison
WHERE member_count <> exact_count + without_region_count + activity_only_count + unmatched_count
