-- What holds for every session in this database, also for a login that was made by hand. Logins made with
-- `coopgva warehouse login` carry the same settings themselves. Times are a fence against accidents: whoever wants to
-- can raise them in a session, nobody can raise rights.
DO $$
DECLARE
    setting text;
BEGIN
    FOREACH setting IN ARRAY ARRAY[
        'search_path = pg_catalog, access, pg_temp',
        'statement_timeout = ''15min''',
        'idle_in_transaction_session_timeout = ''10min''',
        'lock_timeout = ''10s'''
    ] LOOP
        EXECUTE format('ALTER DATABASE %I SET %s', current_database(), setting);
    END LOOP;
END $$;
