-- Local units of the legal units that work outside the county of their seat, for every year with a value: the latest
-- survey of the year or before.
WITH spread AS (
    SELECT l.legal_unit_id, l.reference_year, any_value(u.nuts3_code) AS seat
    FROM source.local_unit AS l JOIN integration.legal_unit AS u USING (legal_unit_id)
    GROUP BY ALL
    HAVING count(*) > 1 OR min(l.nuts3_code) IS DISTINCT FROM any_value(u.nuts3_code)
),
surveyed AS (
    SELECT DISTINCT legal_unit_id, reference_year AS survey_year FROM source.local_unit
),
chosen AS (
    SELECT v.legal_unit_id, v.reference_year, max(s.survey_year) AS survey_year
    FROM interpretation.value_added AS v
    JOIN surveyed AS s ON s.legal_unit_id = v.legal_unit_id AND s.survey_year <= v.reference_year
    GROUP BY ALL
)
SELECT c.reference_year, c.survey_year, c.legal_unit_id, l.nuts3_code, l.nuts3_code = s.seat AS is_seat,
       l.employees, l.wages_huf_mn
FROM chosen AS c
JOIN spread AS s ON s.legal_unit_id = c.legal_unit_id AND s.reference_year = c.survey_year
JOIN source.local_unit AS l ON l.legal_unit_id = c.legal_unit_id AND l.reference_year = c.survey_year
