-- Chains whose last unit nobody knows: a record of the first one cannot be linked to anybody.
SELECT predecessor_id, final_successor_id FROM integration.legal_unit_succession WHERE NOT is_final_registered
