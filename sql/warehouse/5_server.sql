-- Only a superuser can do this; `coopgva warehouse init` says so where it could not. What every PostgreSQL lets everybody
-- do, and no reader needs: keep files in the database (large objects), hold the lock of the publication (advisory
-- locks), write to the log of changes, run programs (DO).
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT p.oid::regprocedure AS signature
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace
          AND (p.proname ~ '^(lo_|pg_advisory_|pg_try_advisory_)'
               OR p.proname IN ('loread', 'lowrite', 'pg_logical_emit_message'))
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', found.signature);
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO coopgva_writer', found.signature);
    END LOOP;
    REVOKE USAGE ON LANGUAGE plpgsql, sql FROM PUBLIC;
    GRANT USAGE ON LANGUAGE plpgsql, sql TO coopgva_writer;
    -- A sort that spills must not fill the disk under everybody.
    EXECUTE format('ALTER DATABASE %I SET temp_file_limit = ''20GB''', current_database());
END $$;
