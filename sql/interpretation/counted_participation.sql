-- Participations that count, cut to each reference year, by numerator (METHODS 0).
-- N1 membership of accredited clusters; N2 adds joint projects and C2C agreements; N3 is whoever takes part in a
-- cooperation that passes goal 1 in the year, whatever the narrower numerators say of it.
-- The strongest evidence decides: where a firm has accepted links, mere candidates add no days and no probability. What
-- counts for N1 counts for N2 whatever else N2 knows of the firm, or N1 could exceed N2 on a date.
-- `is_counted_<level>` says so within the firm's cooperation, its type of cooperation and the firm as a whole.
-- `since_date` is where the participation begins, before it is cut: two of one record may be cut to the same day.
WITH dated AS (
    SELECT
        CAST(y.reference_year AS INTEGER) AS reference_year, p.numerator_code AS narrowest_code, p.record_id, p.basis,
        p.valid_from AS since_date, p.cooperation_id, p.cooperation_type AS cooperation_type_code, p.legal_unit_id, p.link_group_id, p.probability,
        greatest(p.valid_from, make_date(y.reference_year, 1, 1)) AS valid_from,
        least(p.valid_to, make_date(y.reference_year + 1, 1, 1)) AS valid_to,
        -- a share of cost needs both amounts; without it a participation counts fully
        CASE WHEN p.eligible_cost_eur >= 0 AND p.total_cost_eur > 0 THEN p.eligible_cost_eur END AS eligible_cost,
        CASE WHEN p.eligible_cost_eur >= 0 AND p.total_cost_eur > 0 THEN p.total_cost_eur END AS total_cost,
        CASE WHEN p.status = 'possible' THEN 0 WHEN p.status = 'review' THEN 1
             WHEN is_identifier_method(p.method) OR p.method = 'decision' THEN 3
             ELSE 2 END AS strength
    FROM integration.participation AS p
    JOIN (SELECT unnest(range($first_reference_year, $last_reference_year + 1)) AS reference_year) AS y
      ON holds_in_year(p.valid_from, p.valid_to, y.reference_year)
    WHERE (p.valid_to IS NULL OR p.valid_to > p.valid_from) AND p.basis NOT IN ('event', 'single_project')
      AND p.legal_unit_id IS NOT NULL
),
numbered AS (
    SELECT 'N1' AS numerator_code, d.* FROM dated AS d WHERE d.narrowest_code = 'N1'
    UNION ALL
    SELECT 'N2' AS numerator_code, d.* FROM dated AS d WHERE d.narrowest_code IS NOT NULL
    UNION ALL
    SELECT 'N3' AS numerator_code, d.*
    FROM dated AS d SEMI JOIN interpretation.goal_1_cooperation AS g USING (reference_year, cooperation_id)
)
SELECT
    * EXCLUDE (narrowest_code, n1_strength)
      REPLACE (max(probability) OVER (PARTITION BY reference_year, numerator_code, legal_unit_id, link_group_id)
               AS probability),  -- records of one text are right or wrong together, so in all their cooperations
    strength >= 2 OR max(strength) OVER pair < 2 AS is_counted_pair,
    strength >= 2 OR max(strength) OVER type < 2 OR (narrowest_code = 'N1' AND coalesce(max(n1_strength) OVER type, 2) < 2)
        AS is_counted_type,
    strength >= 2 OR max(strength) OVER firm < 2 OR (narrowest_code = 'N1' AND coalesce(max(n1_strength) OVER firm, 2) < 2)
        AS is_counted_firm
FROM (
    SELECT *, CASE WHEN numerator_code <> 'N3' AND narrowest_code = 'N1' THEN strength END AS n1_strength FROM numbered
)
WINDOW pair AS (PARTITION BY reference_year, numerator_code, legal_unit_id, cooperation_id),
       type AS (PARTITION BY reference_year, numerator_code, legal_unit_id, cooperation_type_code),
       firm AS (PARTITION BY reference_year, numerator_code, legal_unit_id)
