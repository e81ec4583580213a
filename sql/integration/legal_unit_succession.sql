-- Who continues whom. Temporary tables: `_integration_succession_event`, `followed` of methods.succession (event_number
-- -> final_successor_id, generation, is_ambiguous, is_cyclic).
SELECT
    e.predecessor_id, e.successor_id, e.event_kind, e.event_date,
    f.final_successor_id, CAST(f.generation AS INTEGER) AS generation, f.is_ambiguous, f.is_cyclic,
    e.predecessor_id IN (SELECT legal_unit_id FROM integration.legal_unit) AS is_predecessor_registered,
    e.successor_id IN (SELECT legal_unit_id FROM integration.legal_unit) AS is_successor_registered,
    f.final_successor_id IN (SELECT legal_unit_id FROM integration.legal_unit) AS is_final_registered
FROM _integration_succession_event AS e JOIN followed AS f USING (event_number)
