SELECT reference_year, cooperation_id, any_value(member_count) AS member_count, count(*) AS listed
FROM interpretation.organisation_project GROUP BY ALL
HAVING min(member_count) <> count(*) OR max(member_count) <> count(*)
