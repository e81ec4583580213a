-- The schemas, all owned by the writer. Nobody but the writer creates anything anywhere: no tables, no temporary
-- tables, no functions, hence no shadow of a table or function that another role could fall for.
--   source, integration, interpretation, access   the layers; they hold views only, and access.vintage
--   methodology   views of layer interpretation with pseudonyms in the place of identifiers
--   history       published tables of all vintages, partitioned by vintage
--   staging       table versions that the views show, and those that are being loaded; for the writer alone
DO $$
DECLARE
    wanted text;
    found record;
BEGIN
    EXECUTE format('GRANT CREATE, CONNECT, TEMPORARY ON DATABASE %I TO coopgva_writer', current_database());
    FOREACH wanted IN ARRAY ARRAY[
        'source', 'integration', 'interpretation', 'access', 'methodology', 'history', 'staging'
    ] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = wanted) THEN
            EXECUTE format('CREATE SCHEMA %I', wanted);
        END IF;
        EXECUTE format('ALTER SCHEMA %I OWNER TO coopgva_writer', wanted);
        FOR found IN
            SELECT c.oid::regclass AS name, c.relkind
            FROM pg_catalog.pg_class AS c
            WHERE c.relnamespace = wanted::regnamespace AND c.relkind IN ('r', 'v', 'p')
              AND c.relowner <> 'coopgva_writer'::regrole
        LOOP
            EXECUTE format('ALTER %s %s OWNER TO coopgva_writer',
                           CASE found.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END, found.name);
        END LOOP;
    END LOOP;
END $$;

COMMENT ON SCHEMA source IS 'Deliveries as received, typed and checked';
COMMENT ON SCHEMA integration IS 'One picture of firms, cooperations and their links';
COMMENT ON SCHEMA interpretation IS 'Statistics before disclosure control';
COMMENT ON SCHEMA access IS 'Tables that passed disclosure control: the vintage that readers see';
COMMENT ON SCHEMA methodology IS 'Layer interpretation with pseudonyms in the place of identifiers';
COMMENT ON SCHEMA history IS 'Published tables of all vintages';
COMMENT ON SCHEMA staging IS 'Table versions behind the views; for the publication alone';

-- The key of the pseudonyms: two random UUIDs, 244 random bits, that no reader can see. Who knew it could try every
-- tax number. A new key makes new pseudonyms: DELETE the row and run this again.
CREATE TABLE IF NOT EXISTS staging.pseudonym_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    key bytea NOT NULL
);
ALTER TABLE staging.pseudonym_key OWNER TO coopgva_writer;
COMMENT ON TABLE staging.pseudonym_key IS 'Secret of the pseudonyms in schema methodology';
INSERT INTO staging.pseudonym_key (key)
SELECT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
ON CONFLICT DO NOTHING;
