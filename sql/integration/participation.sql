-- Participations of legal units, dated, with what they count for.
-- basis                 counts for   interval
-- accredited_membership N1, N2       membership while the cluster is accredited (one row per accreditation period)
-- joint_project         N2           duration of an RDI, cohesion or Interreg project with at least two participants
-- c2c_agreement         N2           membership while the cluster has a cluster-to-cluster agreement
-- membership, event     -            kept for other statistics, count for no numerator
WITH linked AS (
    SELECT p.*, i.legal_unit_id, i.probability, i.method, i.status
    FROM integration.participant AS p JOIN integration.firm_identity AS i USING (record_id)
    WHERE i.legal_unit_id IS NOT NULL
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
           l.valid_from, l.valid_to, l.legal_unit_id, l.probability, l.method, l.status, l.role,
           l.eligible_cost_eur, l.total_cost_eur
    FROM linked AS l JOIN integration.cooperation AS c USING (cooperation_id)
    UNION ALL BY NAME
    SELECT l.record_id, l.cooperation_id, l.cooperation_type, 'accredited_membership' AS basis,
           greatest(l.valid_from, a.valid_from) AS valid_from, least(l.valid_to, a.valid_to) AS valid_to,
           l.legal_unit_id, l.probability, l.method, l.status, l.role
    FROM linked AS l JOIN accreditation AS a USING (cooperation_id)
    WHERE coalesce(l.valid_to, DATE '9999-12-31') > a.valid_from
      AND coalesce(a.valid_to, DATE '9999-12-31') > l.valid_from
    UNION ALL BY NAME
    SELECT l.record_id, g.cooperation_id, 'c2c_agreement' AS cooperation_type, 'c2c_agreement' AS basis,
           greatest(l.valid_from, g.valid_from) AS valid_from, least(l.valid_to, g.valid_to) AS valid_to,
           l.legal_unit_id, l.probability, l.method, l.status, l.role
    FROM linked AS l JOIN agreement AS g ON g.cluster_cooperation_id = l.cooperation_id
    WHERE coalesce(l.valid_to, DATE '9999-12-31') > g.valid_from
      AND coalesce(g.valid_to, DATE '9999-12-31') > l.valid_from
)
SELECT record_id, cooperation_id, basis, cooperation_type, legal_unit_id,
       CASE basis WHEN 'accredited_membership' THEN 'N1' WHEN 'joint_project' THEN 'N2' WHEN 'c2c_agreement' THEN 'N2' END
           AS numerator_code,
       valid_from, valid_to, probability, method, status, role, eligible_cost_eur, total_cost_eur
FROM basis
WHERE valid_from IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY record_id, cooperation_id, basis, valid_from ORDER BY valid_to DESC NULLS FIRST) = 1
