-- RDI, Interreg and joint cohesion projects with a participant of the reference area, by year in which they run.
-- Participants as the sources name them (an organisation once per project, by PIC, name or record); firms and members
-- by accepted links only. Members are members of accredited clusters in the same year. EU contribution: what CORDIS says of
-- domestic participants, spread evenly over the project's days; the other sources do not give it per participant.
WITH year AS (
    SELECT CAST(unnest(range($first_reference_year, $last_reference_year + 1)) AS INTEGER) AS reference_year
),
partner AS (
    SELECT DISTINCT cooperation_id, country_code, coalesce(pic, name_key, name, record_id) AS organisation
    FROM integration.participant
    WHERE cooperation_type IN ('rdi_project', 'interreg_project', 'cohesion_project')
),
consortium AS (
    SELECT cooperation_id,
           count(*) FILTER (WHERE country_code = $reference_area) AS domestic_partners,
           count(*) FILTER (WHERE country_code <> $reference_area) AS foreign_partners
    FROM partner GROUP BY ALL HAVING count(*) FILTER (WHERE country_code = $reference_area) > 0
),
contribution AS (
    SELECT 'CORDIS:' || project_id AS cooperation_id,
           exact_sum(coalesce(net_ec_contribution, ec_contribution)) AS ec_contribution_eur
    FROM source.cordis_organisation WHERE country = $reference_area GROUP BY ALL
),
running AS (
    SELECT y.reference_year, unnest([p.cooperation_type, '_T']) AS project_type, p.cooperation_id,
           k.domestic_partners, k.foreign_partners, year(p.valid_from) = y.reference_year AS is_new,
           e.ec_contribution_eur
           * date_diff('day', greatest(p.valid_from, make_date(y.reference_year, 1, 1)),
                       least(p.valid_to, make_date(y.reference_year + 1, 1, 1)))
           / nullif(date_diff('day', p.valid_from, p.valid_to), 0) AS ec_contribution_eur
    FROM integration.cooperation AS p
    JOIN consortium AS k USING (cooperation_id)
    JOIN year AS y
      ON p.valid_from < make_date(y.reference_year + 1, 1, 1) AND p.valid_to > make_date(y.reference_year, 1, 1)
    LEFT JOIN contribution AS e USING (cooperation_id)
    WHERE p.cooperation_type IN ('rdi_project', 'interreg_project', 'cohesion_project')
),
member AS (
    SELECT DISTINCT y.reference_year, p.legal_unit_id
    FROM integration.participation AS p
    JOIN year AS y
      ON holds_in_year(p.valid_from, p.valid_to, y.reference_year)
    WHERE p.basis = 'accredited_membership' AND p.status = 'accepted'
),
firm AS (
    SELECT r.reference_year, r.project_type, r.cooperation_id, p.legal_unit_id, m.legal_unit_id IS NOT NULL AS is_member
    FROM running AS r
    JOIN integration.participation AS p
      ON p.cooperation_id = r.cooperation_id AND p.status = 'accepted' AND p.basis IN ('joint_project', 'single_project')
    LEFT JOIN member AS m ON m.reference_year = r.reference_year AND m.legal_unit_id = p.legal_unit_id
),
counted AS (
    SELECT reference_year, project_type, count(*) AS project_count, count(*) FILTER (WHERE is_new) AS new_count,
           count(*) FILTER (WHERE domestic_partners >= 2) AS joint_domestic_count,
           count(*) FILTER (WHERE foreign_partners >= 1) AS international_count,
           exact_sum(ec_contribution_eur) / 1e6 AS ec_contribution_eur_mn
    FROM running GROUP BY ALL
),
linked AS (
    SELECT reference_year, project_type, count(DISTINCT legal_unit_id) AS firm_count,
           count(DISTINCT legal_unit_id) FILTER (WHERE is_member) AS member_count,
           count(DISTINCT cooperation_id) FILTER (WHERE is_member) AS member_project_count
    FROM firm GROUP BY ALL
)
SELECT
    y.reference_year, s.project_type,
    CAST(coalesce(c.project_count, 0) AS INTEGER) AS project_count,
    CAST(coalesce(c.new_count, 0) AS INTEGER) AS new_count,
    CAST(coalesce(c.joint_domestic_count, 0) AS INTEGER) AS joint_domestic_count,
    CAST(coalesce(c.international_count, 0) AS INTEGER) AS international_count,
    CAST(coalesce(l.member_project_count, 0) AS INTEGER) AS member_project_count,
    CAST(coalesce(l.firm_count, 0) AS INTEGER) AS firm_count,
    CAST(coalesce(l.member_count, 0) AS INTEGER) AS member_count,
    CASE WHEN s.project_type IN ('rdi_project', '_T') THEN coalesce(c.ec_contribution_eur_mn, 0) END
        AS ec_contribution_eur_mn
FROM year AS y
CROSS JOIN (VALUES ('rdi_project'), ('interreg_project'), ('cohesion_project'), ('_T')) AS s(project_type)
LEFT JOIN counted AS c ON c.reference_year = y.reference_year AND c.project_type = s.project_type
LEFT JOIN linked AS l ON l.reference_year = y.reference_year AND l.project_type = s.project_type
