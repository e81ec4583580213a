SELECT predecessor_id, successor_id, event_kind, event_date FROM integration.legal_unit_succession WHERE is_cyclic
