-- Projects of the members of assessed cooperations, per year, member and project: those that run in the year
-- (`is_current`), and those that ran within the window for ties. A project that is itself the cooperation is left out.
-- Cost: of the member where the source gives it, else its net EU contribution, spread evenly over the project's days.
-- Accepted links only. Temporary tables from the Python step: `rule`, `_interpretation_cooperation_member`.
WITH part AS (
    SELECT legal_unit_id, cooperation_id AS project_id, cooperation_type AS project_type,
           min(valid_from) AS valid_from, max(coalesce(valid_to, DATE '9999-12-31')) AS valid_to,
           bool_or(coalesce(lower(role) IN ('coordinator', 'lead partner'), false)) AS is_coordinator,
           exact_sum(coalesce(total_cost_eur, eligible_cost_eur)) AS cost_eur, count(*) AS record_count
    FROM integration.participation
    WHERE status = 'accepted' AND basis IN ('joint_project', 'single_project')
    GROUP BY ALL
),
abroad AS (
    SELECT cooperation_id AS project_id, list_sort(list(DISTINCT country_code)) AS foreign_countries
    FROM integration.participant
    WHERE country_code <> $reference_area
    GROUP BY ALL
)
SELECT
    m.reference_year, m.cooperation_id, m.legal_unit_id, p.project_id, p.project_type,
    p.valid_to > make_date(m.reference_year, 1, 1) AS is_current,
    p.is_coordinator, p.record_count, coalesce(a.foreign_countries, []) AS foreign_countries,
    CASE WHEN p.valid_to > p.valid_from AND p.valid_to > make_date(m.reference_year, 1, 1) THEN
        p.cost_eur * date_diff('day', greatest(p.valid_from, make_date(m.reference_year, 1, 1)),
                               least(p.valid_to, make_date(m.reference_year + 1, 1, 1)))
                   / date_diff('day', p.valid_from, p.valid_to) END AS cost_of_year_eur
FROM _interpretation_cooperation_member AS m
SEMI JOIN interpretation.assessed_cooperation AS s
  ON s.reference_year = m.reference_year AND s.cooperation_id = m.cooperation_id
CROSS JOIN rule
JOIN part AS p
  ON p.legal_unit_id = m.legal_unit_id AND p.project_id <> m.cooperation_id
 AND p.valid_from < make_date(m.reference_year + 1, 1, 1)
 AND p.valid_to > make_date(m.reference_year + 1 - CAST(rule.tie_window_years AS INTEGER), 1, 1)
LEFT JOIN abroad AS a ON a.project_id = p.project_id
