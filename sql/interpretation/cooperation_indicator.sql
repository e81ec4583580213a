-- Indicators of METHODS 7 per assessed cooperation and year, each with numerator, denominator and the rows behind it.
-- value = factor x numerator / denominator; a count has no denominator and is its numerator. A ratio without a
-- denominator has no value: nobody's share of nothing is nought.
-- Temporary tables from the Python step: `_interpretation_cooperation_member`, `_interpretation_member_project`,
-- `industry_unit_code` (industry_code, nace_rev2_code).
WITH definition(indicator_code, dimension_code, unit, factor, source_rows) AS (VALUES
    ('rdi_projects_per_100_members', 'innovation', 'projects per 100 members', 100.0,
     'integration.participation: rdi_project rows running in the year, of members'),
    ('coordinator_share_pct', 'innovation', '%', 100.0,
     'integration.participation: rdi_project rows running in the year, of members, role coordinator'),
    ('rdi_spending_ratio_pct', 'innovation', '%', 100.0,
     'integration.participation: rdi_project rows with a cost, running in the year, of members; source.exchange_rate; interpretation.firm_gva bridged_huf_mn of members'),
    ('foreign_project_share_pct', 'international', '%', 100.0,
     'integration.participation: project rows running in the year, of members; integration.participant: country_code of the partners'),
    ('partner_country_count', 'international', 'countries', NULL,
     'integration.participant: country_code of partners in running projects of members; source.c2c_agreement: partner_country of agreements in force'),
    ('export_share_pct', 'international', '%', 100.0,
     'interpretation.firm_gva: export_turnover_huf_mn and net_turnover_huf_mn of members'),
    ('esca_label_level', 'international', 'level (0 none, 1 bronze, 2 silver, 3 gold)', NULL,
     'source.cluster_label: scheme esca, valid in the year'),
    ('c2c_abroad_count', 'international', 'agreements', NULL,
     'source.c2c_agreement: in force in the year, partner abroad'),
    ('multi_country_event_count', 'international', 'events', NULL,
     'source.cooperation_event: organised in the year, held in two countries or more'),
    ('tie_density_pct', 'cooperation', '%', 100.0,
     'integration.participation: project rows of members within the window for ties; pairs of members in one project over all pairs'),
    ('repeated_tie_share_pct', 'cooperation', '%', 100.0,
     'integration.participation: project rows of members within the window for ties; pairs with two projects or more over pairs with any'),
    ('active_member_share_pct', 'cooperation', '%', 100.0,
     'integration.participation: project and event rows of members in the year'),
    ('gva_huf_mn', 'scale', 'HUF mn', NULL, 'interpretation.firm_gva: calibrated_huf_mn of members'),
    ('employee_count', 'scale', 'persons', NULL, 'interpretation.firm_gva: average_employees of members'),
    ('sme_share_pct', 'scale', '%', 100.0, 'interpretation.firm_gva: size_class of members'),
    ('industry_gva_share_pct', 'scale', '%', 100.0,
     'interpretation.firm_gva: calibrated_huf_mn of members and of all units in the activities of the key industry'),
    ('member_count', 'scale', 'legal units', NULL,
     'integration.participation: accepted links of members in the year'),
    ('accredited_days_share_pct', 'management', '%', 100.0, 'source.cluster_label: scheme accreditation, valid in the year'),
    ('management_organisation_count', 'management', 'organisations', NULL, 'source.cluster: management_organisation')
),
project AS (
    SELECT reference_year, cooperation_id, project_id, any_value(project_type) AS project_type,
           bool_or(is_coordinator) AS is_coordinated, any_value(foreign_countries) AS foreign_countries,
           sum(record_count) AS record_count
    FROM _interpretation_member_project WHERE is_current GROUP BY ALL
),
projects AS (
    SELECT reference_year, cooperation_id,
           count(*) AS projects, sum(record_count) AS project_rows,
           count(*) FILTER (WHERE len(foreign_countries) > 0) AS foreign_projects,
           count(*) FILTER (WHERE project_type = 'rdi_project') AS rdi_projects,
           coalesce(sum(record_count) FILTER (WHERE project_type = 'rdi_project'), 0) AS rdi_rows,
           count(*) FILTER (WHERE project_type = 'rdi_project' AND is_coordinated) AS coordinated_projects
    FROM project GROUP BY ALL
),
spending AS (
    SELECT p.reference_year, p.cooperation_id, exact_sum(p.cost_of_year_eur * r.huf_per_unit / 1e6) AS rdi_spending_huf_mn,
           sum(p.record_count) FILTER (WHERE p.cost_of_year_eur IS NOT NULL) AS spending_rows
    FROM _interpretation_member_project AS p
    LEFT JOIN (SELECT year, min(huf_per_unit) AS huf_per_unit FROM source.exchange_rate WHERE currency = 'EUR' GROUP BY year)
        AS r ON r.year = p.reference_year
    WHERE p.is_current AND p.project_type = 'rdi_project'
    GROUP BY ALL
),
agreement AS (
    SELECT a.reference_year, a.cooperation_id, c.agreement_id, c.partner_country
    FROM interpretation.assessed_cooperation AS a
    JOIN source.c2c_agreement AS c
      ON 'CLUSTER:' || c.cluster_id = a.cooperation_id
     AND c.signed_date < make_date(a.reference_year + 1, 1, 1)
     AND coalesce(c.valid_to, DATE '9999-12-31') > make_date(a.reference_year, 1, 1)
    WHERE c.partner_country <> $reference_area
),
agreements AS (
    SELECT reference_year, cooperation_id, count(*) AS c2c_abroad FROM agreement GROUP BY ALL
),
partner_countries AS (
    SELECT reference_year, cooperation_id, count(DISTINCT country) AS partner_countries
    FROM (SELECT reference_year, cooperation_id, unnest(foreign_countries) AS country FROM project
          UNION ALL SELECT reference_year, cooperation_id, partner_country FROM agreement)
    GROUP BY ALL
),
events AS (
    SELECT year(event_date) AS reference_year, 'CLUSTER:' || cluster_id AS cooperation_id, count(*) AS events,
           count(*) FILTER (WHERE len(list_distinct(string_split(replace(countries, ' ', ''), ';'))) >= 2) AS wide_events
    FROM source.cooperation_event GROUP BY ALL
),
pair AS (
    SELECT a.reference_year, a.cooperation_id, a.legal_unit_id AS one, b.legal_unit_id AS other, count(*) AS projects
    FROM _interpretation_member_project AS a
    JOIN _interpretation_member_project AS b
      ON b.reference_year = a.reference_year AND b.cooperation_id = a.cooperation_id AND b.project_id = a.project_id
     AND b.legal_unit_id > a.legal_unit_id
    GROUP BY ALL
),
ties AS (
    SELECT reference_year, cooperation_id, count(*) AS pairs, count(*) FILTER (WHERE projects >= 2) AS repeated_pairs,
           sum(projects) AS tie_rows
    FROM pair GROUP BY ALL
),
activity AS (
    SELECT reference_year, cooperation_id, legal_unit_id, record_count FROM _interpretation_member_project WHERE is_current
    UNION ALL
    SELECT m.reference_year, m.cooperation_id, m.legal_unit_id, 1
    FROM _interpretation_cooperation_member AS m
    JOIN integration.participation AS p ON p.legal_unit_id = m.legal_unit_id
    WHERE p.basis = 'event' AND p.status = 'accepted' AND year(p.valid_from) = m.reference_year
),
active AS (
    SELECT reference_year, cooperation_id, count(DISTINCT legal_unit_id) AS active_members,
           sum(record_count) AS active_rows
    FROM activity GROUP BY ALL
),
industry_unit AS (
    SELECT u.legal_unit_id, c.industry_code
    FROM integration.legal_unit AS u JOIN industry_unit_code AS c ON c.nace_rev2_code = u.nace_rev2_code
),
industry_total AS (
    SELECT i.industry_code, g.reference_year, exact_sum(g.calibrated_huf_mn) AS industry_gva_huf_mn
    FROM interpretation.firm_gva AS g JOIN industry_unit AS i USING (legal_unit_id)
    GROUP BY ALL
),
firms AS (
    SELECT m.reference_year, m.cooperation_id,
           count(*) AS firm_rows,
           exact_sum(g.bridged_huf_mn) AS bridged_huf_mn,
           exact_sum(g.calibrated_huf_mn) AS calibrated_huf_mn,
           exact_sum(g.average_employees) AS employees,
           exact_sum_if(g.export_turnover_huf_mn, g.net_turnover_huf_mn IS NOT NULL) AS export_huf_mn,
           exact_sum_if(g.net_turnover_huf_mn, g.export_turnover_huf_mn IS NOT NULL) AS turnover_huf_mn,
           count(*) FILTER (WHERE g.export_turnover_huf_mn IS NOT NULL AND g.net_turnover_huf_mn IS NOT NULL) AS export_rows,
           count(*) FILTER (WHERE g.size_class <> 'unknown') AS sized_members,
           count(*) FILTER (WHERE g.size_class NOT IN ('unknown', '250+')) AS sme_members,
           exact_sum_if(g.calibrated_huf_mn, i.industry_code IS NOT NULL) AS industry_member_huf_mn,
           count(i.industry_code) AS industry_rows
    FROM _interpretation_cooperation_member AS m
    JOIN interpretation.assessed_cooperation AS s USING (reference_year, cooperation_id)
    JOIN interpretation.firm_gva AS g USING (legal_unit_id, reference_year)
    LEFT JOIN industry_unit AS i ON i.legal_unit_id = m.legal_unit_id AND i.industry_code = s.industry_code
    GROUP BY ALL
),
measured AS (
    SELECT s.reference_year, s.cooperation_id, unnest([
        {'indicator_code': 'rdi_projects_per_100_members', 'numerator': CAST(coalesce(p.rdi_projects, 0) AS DOUBLE),
         'denominator': CAST(s.member_count AS DOUBLE), 'row_count': CAST(coalesce(p.rdi_rows, 0) AS BIGINT)},
        {'indicator_code': 'coordinator_share_pct', 'numerator': coalesce(p.coordinated_projects, 0),
         'denominator': coalesce(p.rdi_projects, 0), 'row_count': coalesce(p.rdi_rows, 0)},
        {'indicator_code': 'rdi_spending_ratio_pct',
         'numerator': CASE WHEN coalesce(p.rdi_projects, 0) = 0 THEN 0 ELSE w.rdi_spending_huf_mn END,
         'denominator': f.bridged_huf_mn, 'row_count': coalesce(w.spending_rows, 0)},
        {'indicator_code': 'foreign_project_share_pct', 'numerator': coalesce(p.foreign_projects, 0),
         'denominator': coalesce(p.projects, 0), 'row_count': coalesce(p.project_rows, 0)},
        {'indicator_code': 'partner_country_count', 'numerator': coalesce(k.partner_countries, 0),
         'denominator': NULL, 'row_count': coalesce(p.project_rows, 0) + coalesce(c.c2c_abroad, 0)},
        {'indicator_code': 'export_share_pct', 'numerator': f.export_huf_mn, 'denominator': f.turnover_huf_mn,
         'row_count': coalesce(f.export_rows, 0)},
        {'indicator_code': 'esca_label_level', 'numerator': s.esca_label_level, 'denominator': NULL,
         'row_count': s.esca_rows},
        {'indicator_code': 'c2c_abroad_count', 'numerator': coalesce(c.c2c_abroad, 0), 'denominator': NULL,
         'row_count': coalesce(c.c2c_abroad, 0)},
        {'indicator_code': 'multi_country_event_count', 'numerator': coalesce(e.wide_events, 0), 'denominator': NULL,
         'row_count': coalesce(e.events, 0)},
        {'indicator_code': 'tie_density_pct', 'numerator': coalesce(t.pairs, 0),
         'denominator': s.member_count * (s.member_count - 1) / 2, 'row_count': coalesce(t.tie_rows, 0)},
        {'indicator_code': 'repeated_tie_share_pct', 'numerator': coalesce(t.repeated_pairs, 0),
         'denominator': coalesce(t.pairs, 0), 'row_count': coalesce(t.tie_rows, 0)},
        {'indicator_code': 'active_member_share_pct', 'numerator': coalesce(v.active_members, 0),
         'denominator': s.member_count, 'row_count': coalesce(v.active_rows, 0)},
        {'indicator_code': 'gva_huf_mn', 'numerator': f.calibrated_huf_mn, 'denominator': NULL,
         'row_count': coalesce(f.firm_rows, 0)},
        {'indicator_code': 'employee_count', 'numerator': f.employees, 'denominator': NULL,
         'row_count': coalesce(f.firm_rows, 0)},
        {'indicator_code': 'sme_share_pct', 'numerator': f.sme_members, 'denominator': f.sized_members,
         'row_count': coalesce(f.firm_rows, 0)},
        {'indicator_code': 'industry_gva_share_pct',
         'numerator': CASE WHEN s.industry_code IS NOT NULL THEN coalesce(f.industry_member_huf_mn, 0) END,
         'denominator': i.industry_gva_huf_mn, 'row_count': coalesce(f.industry_rows, 0)},
        {'indicator_code': 'member_count', 'numerator': s.member_count, 'denominator': NULL,
         'row_count': s.member_rows},
        {'indicator_code': 'accredited_days_share_pct', 'numerator': s.accredited_days,
         'denominator': days_in_year(s.reference_year), 'row_count': s.accreditation_rows},
        {'indicator_code': 'management_organisation_count', 'numerator': s.management_rows, 'denominator': NULL,
         'row_count': s.management_rows}
    ], recursive := true)
    FROM interpretation.assessed_cooperation AS s
    LEFT JOIN projects AS p USING (reference_year, cooperation_id)
    LEFT JOIN spending AS w USING (reference_year, cooperation_id)
    LEFT JOIN agreements AS c USING (reference_year, cooperation_id)
    LEFT JOIN partner_countries AS k USING (reference_year, cooperation_id)
    LEFT JOIN events AS e USING (reference_year, cooperation_id)
    LEFT JOIN ties AS t USING (reference_year, cooperation_id)
    LEFT JOIN active AS v USING (reference_year, cooperation_id)
    LEFT JOIN firms AS f USING (reference_year, cooperation_id)
    LEFT JOIN industry_total AS i ON i.reference_year = s.reference_year AND i.industry_code = s.industry_code
)
SELECT
    m.reference_year, m.cooperation_id, m.indicator_code, d.dimension_code,
    CASE WHEN d.factor IS NULL THEN m.numerator
         WHEN m.denominator > 0 THEN d.factor * m.numerator / m.denominator END AS value,
    d.unit, m.numerator, m.denominator, m.row_count,
    d.source_rows || ' (' || m.cooperation_id || ', ' || m.reference_year || ')' AS source_rows
FROM measured AS m JOIN definition AS d USING (indicator_code)
