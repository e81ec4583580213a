-- Open cases for a clerk, those first that could move the headline most: GVA x uncertainty, summed over the candidates.
-- A case is open while the record is under review, or while one of the largest units may be meant and no identifier or
-- person has settled it (METHODS 5: the largest firms are resolved by a clerk). A unit that another record of the same
-- cooperation proves by an identifier is at stake no more.
WITH largest AS (
    SELECT legal_unit_id FROM integration.firm_size
    QUALIFY row_number() OVER (ORDER BY gva_proxy_huf_mn DESC, legal_unit_id) <= $clerk_resolved_units
),
proven AS (
    SELECT DISTINCT p.cooperation_id, i.legal_unit_id
    FROM integration.firm_identity AS i JOIN integration.participant AS p USING (record_id)
    WHERE i.status = 'accepted' AND i.probability >= 0.99
),
candidate AS (
    SELECT k.record_id, k.rank, k.legal_unit_id, k.probability, p.cooperation_id, u.name, u.settlement,
           coalesce(s.gva_proxy_huf_mn, 0) AS gva_proxy_huf_mn,
           l.legal_unit_id IS NOT NULL AS is_largest,
           CASE WHEN v.legal_unit_id IS NULL THEN coalesce(s.gva_proxy_huf_mn, 0) * k.probability * (1 - k.probability)
                ELSE 0 END AS stake_huf_mn
    FROM integration.link_candidate AS k
    JOIN integration.participant AS p USING (record_id)
    JOIN integration.legal_unit AS u USING (legal_unit_id)
    LEFT JOIN integration.firm_size AS s USING (legal_unit_id)
    LEFT JOIN largest AS l USING (legal_unit_id)
    LEFT JOIN proven AS v USING (cooperation_id, legal_unit_id)
),
record AS (
    SELECT record_id,
           exact_sum(stake_huf_mn) AS stake_huf_mn,
           bool_or(is_largest AND probability BETWEEN 0.02 AND 0.98) AS is_large_case,
           CAST(count(*) AS INTEGER) AS candidate_count,
           string_agg(legal_unit_id || ' ' || name || coalesce(' (' || settlement || ')', '') || ' '
                      || printf('%.2f', probability), '; ' ORDER BY rank) FILTER (WHERE rank <= 4) AS candidates
    FROM candidate GROUP BY record_id
),
headline AS (
    SELECT DISTINCT 'CLUSTER:' || cluster_id AS cooperation_id FROM source.cluster_label WHERE scheme = 'accreditation'
)
SELECT
    CAST(row_number() OVER (
        ORDER BY h.cooperation_id IS NOT NULL DESC, coalesce(r.stake_huf_mn, 0) DESC, i.record_id) AS INTEGER) AS position,
    i.record_id, p.source_id, p.cooperation_id, p.name, p.settlement, p.identifier_text,
    h.cooperation_id IS NOT NULL AS is_headline,
    coalesce(r.is_large_case, false) AS is_large_unit,
    coalesce(r.stake_huf_mn, 0) AS stake_huf_mn,
    i.status, i.legal_unit_id, i.probability, r.candidates, coalesce(r.candidate_count, 0) AS candidate_count, i.reason
FROM integration.firm_identity AS i
JOIN integration.participant AS p USING (record_id)
LEFT JOIN record AS r USING (record_id)
LEFT JOIN headline AS h USING (cooperation_id)
WHERE i.status = 'review' OR (coalesce(r.is_large_case, false) AND i.method <> 'decision')
