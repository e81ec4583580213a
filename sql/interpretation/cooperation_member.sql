-- Linked members of long-lived cooperations by year: clusters, and joint projects that last long enough (`rule`).
-- Accepted links only; a member on any day of the year. Temporary table from the Python step: `rule`.
WITH year AS (
    SELECT unnest(range($first_reference_year, $last_reference_year + 1)) AS reference_year
),
lasting AS (
    SELECT cooperation_id FROM integration.cooperation, rule
    WHERE cooperation_type = 'cluster'
       OR (cooperation_type IN ('rdi_project', 'interreg_project', 'cohesion_project')
           AND date_diff('day', valid_from, valid_to) >= rule.long_lived_days)
)
SELECT CAST(y.reference_year AS INTEGER) AS reference_year, p.cooperation_id, p.legal_unit_id,
       count(*) AS record_count
FROM integration.participation AS p
JOIN lasting USING (cooperation_id)
JOIN year AS y
  ON holds_in_year(p.valid_from, p.valid_to, y.reference_year)
WHERE p.status = 'accepted' AND p.basis IN ('membership', 'joint_project')
GROUP BY ALL
