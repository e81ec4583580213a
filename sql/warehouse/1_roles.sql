-- The roles of the warehouse. None of them can log in: people and services have logins of their own that are members of
-- one role (`coopgva warehouse login`), so that a person who leaves takes no password of others along.
--   coopgva_writer         owns everything; the nightly publication
--   coopgva_methodologist  layer interpretation, without columns that identify a firm; what is published
--   coopgva_statistician   what is published, with withdrawn vintages
--   coopgva_public         what is published and past its embargo, without withdrawn vintages
--   coopgva_identifiers    a grant on top: layers integration and interpretation with the identifying columns
-- Run by `coopgva warehouse init` as superuser, or as owner of the database with CREATEROLE; may be repeated.
DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM (VALUES
            ('coopgva_writer', 'coopgva: owns the warehouse; the nightly publication'),
            ('coopgva_methodologist', 'coopgva: layer interpretation without identifying columns; what is published'),
            ('coopgva_statistician', 'coopgva: what is published, with withdrawn vintages'),
            ('coopgva_public', 'coopgva: what is published and past its embargo'),
            ('coopgva_identifiers', 'coopgva: identifying columns of the layers integration and interpretation')
        ) AS role (name, comment)
    LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted.name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', wanted.name);
            EXECUTE format('COMMENT ON ROLE %I IS %L', wanted.name, wanted.comment);
        END IF;
        -- Only what differs: who is no superuser may not even name some of these.
        IF EXISTS (SELECT FROM pg_catalog.pg_roles
                   WHERE rolname = wanted.name AND (rolcanlogin OR rolcreatedb OR rolcreaterole)) THEN
            EXECUTE format('ALTER ROLE %I NOLOGIN NOCREATEDB NOCREATEROLE', wanted.name);
        END IF;
        IF EXISTS (SELECT FROM pg_catalog.pg_roles
                   WHERE rolname = wanted.name AND (rolsuper OR rolbypassrls OR rolreplication)) THEN
            EXECUTE format('ALTER ROLE %I NOSUPERUSER NOBYPASSRLS NOREPLICATION', wanted.name);
        END IF;
    END LOOP;
    -- Whoever runs this must be able to hand objects over to the writer and to set its default privileges. Since
    -- PostgreSQL 16 who makes a role is its administrator, which is not enough to act as it.
    IF NOT pg_has_role(current_user, 'coopgva_writer',
                       CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END) THEN
        EXECUTE format('GRANT coopgva_writer TO %I', current_user);
    END IF;
END $$;
