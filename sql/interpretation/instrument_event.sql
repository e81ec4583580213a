-- Cooperation events by year: how many, in how many countries, with how many frontrunner companies. The strategy's
-- example is an event held in at least `good_practice_countries` countries with more than `good_practice_frontrunners`
-- frontrunner companies. Companies as the organisers name them; firms and members by accepted links only.
WITH year AS (
    SELECT CAST(unnest(range($first_reference_year, $last_reference_year + 1)) AS INTEGER) AS reference_year
),
held AS (
    SELECT event_id, CAST(year(event_date) AS INTEGER) AS reference_year,
           list_distinct(list_filter(string_split(replace(countries, ' ', ''), ';'), lambda x: x <> '')) AS countries
    FROM source.cooperation_event
),
company AS (
    SELECT DISTINCT event_id, upper(trim(organisation_name)) AS organisation, organisation_country,
           coalesce(is_frontrunner, false) AS is_frontrunner
    FROM source.event_participant WHERE organisation_name IS NOT NULL
),
attended AS (
    SELECT event_id, count(DISTINCT (organisation, organisation_country)) AS participants,
           count(DISTINCT (organisation, organisation_country)) FILTER (WHERE is_frontrunner) AS frontrunners
    FROM company GROUP BY ALL
),
event AS (
    SELECT h.*, coalesce(len(h.countries), 0) AS countries_held, coalesce(a.participants, 0) AS participants,
           coalesce(a.frontrunners, 0) AS frontrunners
    FROM held AS h LEFT JOIN attended AS a USING (event_id)
),
counted AS (
    SELECT reference_year, count(*) AS event_count, count(*) FILTER (WHERE countries_held >= 2) AS multi_country_count,
           count(*) FILTER (WHERE countries_held >= $good_practice_countries
                            AND frontrunners > $good_practice_frontrunners) AS good_practice_count,
           max(countries_held) AS most_countries, sum(participants) AS participations, max(frontrunners) AS most_frontrunners
    FROM event GROUP BY ALL
),
place AS (
    SELECT reference_year, count(DISTINCT country) AS country_count
    FROM (SELECT reference_year, unnest(countries) AS country FROM event) GROUP BY ALL
),
guest AS (
    SELECT h.reference_year, count(DISTINCT (c.organisation, c.organisation_country)) AS frontrunner_count,
           count(DISTINCT (c.organisation, c.organisation_country))
               FILTER (WHERE c.organisation_country <> $reference_area) AS foreign_frontrunner_count
    FROM held AS h JOIN company AS c USING (event_id) WHERE c.is_frontrunner GROUP BY ALL
),
member AS (
    SELECT p.legal_unit_id, p.valid_from, p.valid_to FROM integration.participation AS p
    WHERE p.basis = 'accredited_membership' AND p.status = 'accepted'
),
linked AS (
    SELECT CAST(year(p.valid_from) AS INTEGER) AS reference_year, count(DISTINCT p.legal_unit_id) AS firm_count,
           count(DISTINCT m.legal_unit_id) AS member_count
    FROM integration.participation AS p
    LEFT JOIN member AS m
      ON m.legal_unit_id = p.legal_unit_id AND m.valid_from <= p.valid_from
     AND coalesce(m.valid_to, DATE '9999-12-31') > p.valid_from
    WHERE p.basis = 'event' AND p.status = 'accepted'
    GROUP BY ALL
)
SELECT
    y.reference_year,
    CAST(coalesce(c.event_count, 0) AS INTEGER) AS event_count,
    CAST(coalesce(c.multi_country_count, 0) AS INTEGER) AS multi_country_count,
    CAST(coalesce(c.good_practice_count, 0) AS INTEGER) AS good_practice_count,
    CAST(coalesce(p.country_count, 0) AS INTEGER) AS country_count,
    CAST(coalesce(c.most_countries, 0) AS INTEGER) AS most_countries_count,
    CAST(coalesce(c.participations, 0) AS INTEGER) AS participation_count,
    CAST(coalesce(g.frontrunner_count, 0) AS INTEGER) AS frontrunner_count,
    CAST(coalesce(g.foreign_frontrunner_count, 0) AS INTEGER) AS foreign_frontrunner_count,
    CAST(coalesce(c.most_frontrunners, 0) AS INTEGER) AS most_frontrunners_count,
    CAST(coalesce(l.firm_count, 0) AS INTEGER) AS firm_count,
    CAST(coalesce(l.member_count, 0) AS INTEGER) AS member_count
FROM year AS y
LEFT JOIN counted AS c USING (reference_year)
LEFT JOIN place AS p USING (reference_year)
LEFT JOIN guest AS g USING (reference_year)
LEFT JOIN linked AS l USING (reference_year)
