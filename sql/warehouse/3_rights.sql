-- Who may enter which schema. Rights on single views come from the contracts and are set whenever a view is switched
-- (`resources/warehouse/rights.py`); everything that is not granted is refused.
DO $$
DECLARE
    place text;
    reader text;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    FOREACH reader IN ARRAY ARRAY[
        'coopgva_methodologist', 'coopgva_statistician', 'coopgva_public', 'coopgva_identifiers'
    ] LOOP
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM %I', current_database(), reader);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), reader);
        EXECUTE format('REVOKE ALL ON SCHEMA public FROM %I', reader);
        FOREACH place IN ARRAY ARRAY[
            'source', 'integration', 'interpretation', 'access', 'methodology', 'history', 'staging'
        ] LOOP
            EXECUTE format('REVOKE ALL ON SCHEMA %I FROM PUBLIC, %I', place, reader);
            EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA %I FROM PUBLIC, %I', place, reader);
            EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA %I FROM PUBLIC, %I', place, reader);
        END LOOP;
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA access, history TO coopgva_methodologist, coopgva_statistician, coopgva_public;
GRANT USAGE ON SCHEMA interpretation TO coopgva_methodologist, coopgva_identifiers;
GRANT USAGE ON SCHEMA methodology TO coopgva_methodologist;
GRANT USAGE ON SCHEMA integration TO coopgva_identifiers;

-- Today's views, also those that the office made itself; rights by contract follow.
GRANT SELECT ON ALL TABLES IN SCHEMA access TO coopgva_methodologist, coopgva_statistician, coopgva_public;
GRANT SELECT ON ALL TABLES IN SCHEMA methodology TO coopgva_methodologist;
GRANT SELECT ON ALL TABLES IN SCHEMA integration, interpretation TO coopgva_identifiers;

-- Tomorrow's views have today's rights. Only where a schema is open as a whole: layer interpretation is opened column by
-- column, and a partition of history must stay closed, because row-level security counts where rows are asked for.
ALTER DEFAULT PRIVILEGES FOR ROLE coopgva_writer REVOKE ALL ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE coopgva_writer REVOKE ALL ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE coopgva_writer IN SCHEMA access
    GRANT SELECT ON TABLES TO coopgva_methodologist, coopgva_statistician, coopgva_public;
ALTER DEFAULT PRIVILEGES FOR ROLE coopgva_writer IN SCHEMA methodology GRANT SELECT ON TABLES TO coopgva_methodologist;
ALTER DEFAULT PRIVILEGES FOR ROLE coopgva_writer IN SCHEMA integration GRANT SELECT ON TABLES TO coopgva_identifiers;
ALTER DEFAULT PRIVILEGES FOR ROLE coopgva_writer IN SCHEMA interpretation GRANT SELECT ON TABLES TO coopgva_identifiers;
