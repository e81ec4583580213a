-- Participations of legal units, dated, with what they count for.
-- basis                 counts for   interval
-- accredited_membership N1, N2       membership while the cluster is accredited (one row per accreditation period)
-- joint_project         N2           duration of an RDI, cohesion or Interreg project with at least two participants
-- c2c_agreement         N2           membership while the cluster has a cluster-to-cluster agreement
-- membership, event     -            kept for other statistics, count for no numerator
-- A record that is accepted or decided by a person stands for one unit; of the others every candidate is listed with its
-- probability: `review` for the best of a record under review, `possible` for the rest (METHODS 5: sums of GVA x match
-- probability, no threshold).
WITH refused AS (
    -- what people rejected leaves its probability to the other candidates
    SELECT k.record_id, exact_sum(k.probability) AS probability, list(k.legal_unit_id) AS legal_unit_ids
    FROM integration.link_candidate AS k
    JOIN (SELECT DISTINCT record_id, legal_unit_id FROM source.link_decision WHERE decision = 'reject') AS d
      USING (record_id, legal_unit_id)
    GROUP BY k.record_id HAVING exact_sum(k.probability) < 1
),
meant AS (
    SELECT record_id, legal_unit_id, probability, method, status
    FROM integration.firm_identity WHERE legal_unit_id IS NOT NULL
    UNION ALL
    SELECT k.record_id, k.legal_unit_id, least(k.probability / (1 - coalesce(r.probability, 0)), 1), 'none', 'possible'
    FROM integration.link_candidate AS k
    JOIN integration.firm_identity AS i USING (record_id)
    LEFT JOIN refused AS r USING (record_id)
    -- after a person's decision only where it leaves the record under review
    WHERE (i.status = 'review' OR (i.status = 'none' AND i.method <> 'decision')) AND k.legal_unit_id IS NOT NULL
      AND k.legal_unit_id IS DISTINCT FROM i.legal_unit_id
      AND NOT list_contains(coalesce(r.legal_unit_ids, []), k.legal_unit_id)
),
linked AS (
    -- records of one text are right or wrong together
    SELECT p.*, m.legal_unit_id, m.probability, m.method, m.status,
           md5(concat_ws('|', coalesce(p.name_key, p.name), coalesce(p.legal_form_code, ''), coalesce(p.settlement_key, ''),
                         coalesce(p.postcode, ''), coalesce(p.identifier_value, '')))[1:12] AS link_group_id
    FROM integration.participant AS p JOIN meant AS m USING (record_id)
),
accreditation AS (
    SELECT 'CLUSTER:' || cluster_id AS cooperation_id, valid_from, valid_to
    FROM source.cluster_label WHERE scheme = 'accreditation'
),
agreement AS (
    SELECT 'CLUSTER:' || cluster_id AS cluster_cooperation_id, 'C2C:' || agreement_id AS cooperation_id,
           signed_date AS valid_from, valid_to
    FROM source.c2c_agreement
),
basis AS (
    SELECT l.record_id, l.cooperation_id, l.cooperation_type,
           CASE l.cooperation_type WHEN 'cluster' THEN 'membership' WHEN 'event' THEN 'event'
                ELSE CASE WHEN c.participant_count >= 2 THEN 'joint_project' ELSE 'single_project' END END AS basis,
           l.valid_from, l.valid_to, l.legal_unit_id, l.link_group_id, l.probability, l.method, l.status, l.role,
           l.eligible_cost_eur, l.total_cost_eur
    FROM linked AS l JOIN integration.cooperation AS c USING (cooperation_id)
    UNION ALL BY NAME
    SELECT l.record_id, l.cooperation_id, l.cooperation_type, 'accredited_membership' AS basis,
           greatest(l.valid_from, a.valid_from) AS valid_from, least(l.valid_to, a.valid_to) AS valid_to,
           l.legal_unit_id, l.link_group_id, l.probability, l.method, l.status, l.role
    FROM linked AS l JOIN accreditation AS a USING (cooperation_id)
    WHERE coalesce(l.valid_to, DATE '9999-12-31') > a.valid_from
      AND coalesce(a.valid_to, DATE '9999-12-31') > l.valid_from
    UNION ALL BY NAME
    SELECT l.record_id, g.cooperation_id, 'c2c_agreement' AS cooperation_type, 'c2c_agreement' AS basis,
           greatest(l.valid_from, g.valid_from) AS valid_from, least(l.valid_to, g.valid_to) AS valid_to,
           l.legal_unit_id, l.link_group_id, l.probability, l.method, l.status, l.role
    FROM linked AS l JOIN agreement AS g ON g.cluster_cooperation_id = l.cooperation_id
    WHERE coalesce(l.valid_to, DATE '9999-12-31') > g.valid_from
      AND coalesce(g.valid_to, DATE '9999-12-31') > l.valid_from
)
SELECT record_id, cooperation_id, basis, cooperation_type, legal_unit_id, link_group_id,
       CASE basis WHEN 'accredited_membership' THEN 'N1' WHEN 'joint_project' THEN 'N2' WHEN 'c2c_agreement' THEN 'N2' END
           AS numerator_code,
       valid_from, valid_to, probability, method, status, role, eligible_cost_eur, total_cost_eur
FROM basis
WHERE valid_from IS NOT NULL
QUALIFY row_number() OVER (
    PARTITION BY record_id, legal_unit_id, cooperation_id, basis, valid_from ORDER BY valid_to DESC NULLS FIRST) = 1
