-- Events between units, and former identifiers of the same unit ('registered'): a unit first known by its accounts had
-- the id T and tax stem, and has the register's since. Such an id is listed where a decision or an event still names it.
-- An event repeated on another day is one, of the latest day.
-- `is_ending`: the predecessor ceased with it. Who gave up a part goes on, unless it was dissolved within the month; who
-- still lives has not ceased, whatever the event.
WITH named AS (
    SELECT legal_unit_id FROM source.link_decision
    UNION SELECT predecessor_id FROM source.legal_unit_event
    UNION SELECT successor_id FROM source.legal_unit_event
),
alias AS (
    SELECT n.legal_unit_id AS predecessor_id, u.legal_unit_id AS successor_id
    FROM named AS n JOIN integration.legal_unit AS u ON n.legal_unit_id = 'T' || u.tax_stem
    WHERE n.legal_unit_id NOT IN (SELECT legal_unit_id FROM integration.legal_unit)
    -- of several units with one tax number the living one is meant, then the youngest
    QUALIFY row_number() OVER (
        PARTITION BY n.legal_unit_id
        ORDER BY u.dissolved_date DESC NULLS FIRST, u.founded_date DESC NULLS LAST, u.legal_unit_id) = 1
),
event AS (
    SELECT predecessor_id, successor_id, event_kind, max(event_date) AS event_date
    FROM source.legal_unit_event GROUP BY ALL
    UNION ALL BY NAME
    SELECT predecessor_id, successor_id, 'registered' AS event_kind, NULL AS event_date FROM alias
)
SELECT
    row_number() OVER (ORDER BY e.predecessor_id, e.successor_id, e.event_kind) AS event_number,
    e.predecessor_id, e.successor_id, e.event_kind, e.event_date,
    CASE WHEN u.legal_unit_id IS NULL THEN true
         WHEN u.dissolved_date IS NULL THEN false
         ELSE e.event_kind IN ('merger', 'succession', 'transformation') OR u.dissolved_date <= e.event_date + 31
    END AS is_ending
FROM event AS e LEFT JOIN integration.legal_unit AS u ON u.legal_unit_id = e.predecessor_id
