"""Least privilege: each role logs in with its password and tries what it must not do."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from resources.contract import Contract, load_contracts
from resources.home import REPOSITORY
from resources.warehouse.history import permanent_tables
from resources.warehouse.postgres import publish_postgres
from resources.warehouse.rights import identifying
from resources.warehouse.schema import column_comment, table_comment
from tests.postgres_office import Office, empty_office
from tests.warehouse.office_house import CONTRACTS, MEMBER, Desk, carry_out, make, open_desk, refused, rows_of

READERS = ("methodologist", "statistician", "public", "clerk")
LOCK = 0x636F6F70


@pytest.fixture(scope="module")
def desk(office_server: Office, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A warehouse with two published vintages; tests of this module only look at it."""
    folder = tmp_path_factory.mktemp("lake")
    with empty_office(office_server) as office:
        desk = open_desk(office)
        for number, share in ((1, 1.0), (2, 2.0)):
            publish_postgres(desk.url("writer"), CONTRACTS, make(folder, number, rows_of(share)))
        yield desk


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


def version_of(desk: Desk, table: str) -> str:
    name = table.replace(".", "__")
    [(version,)] = desk.ask("admin", f"SELECT max(relname) FROM pg_class WHERE relname LIKE '{name}\\_\\_%'")
    return f"staging.{version}"


class TestWhatEachMayRead:
    def test_exactly_this(self, desk: Desk) -> None:
        """Every table, view and partition of the database, by what a login may read of it."""
        query = """
            SELECT n.nspname || '.' || regexp_replace(c.relname, '__[0-9a-f_]+$', '__version'),
                   CASE WHEN has_table_privilege(c.oid, 'SELECT') THEN 'all' ELSE 'some columns' END
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'v', 'p', 'm', 'f')
              AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') ORDER BY 1"""
        published = {"access.share": "all", "access.vintage": "all", "history.share": "all", "history.vintage": "all"}
        inside = {
            "interpretation.cell": "all",
            "interpretation.firm_value": "some columns",
            "methodology.firm_value": "all",
        }
        raw = {"integration.firm": "all", "interpretation.firm_value": "all", "interpretation.member": "all"}
        assert dict(desk.ask("public", query)) == published | {"history.vintage": "some columns"}
        assert dict(desk.ask("statistician", query)) == published
        assert dict(desk.ask("methodologist", query)) == published | inside
        assert dict(desk.ask("clerk", query)) == published | inside | raw

    def test_nobody_may_change_or_make_anything(self, desk: Desk) -> None:
        query = """
            SELECT 'table ' || c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_toast'
              AND c.relkind IN ('r', 'v', 'p')
              AND has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
            UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE has_schema_privilege(oid, 'CREATE')
            UNION ALL SELECT 'database ' || datname FROM pg_database
            WHERE datname = current_database() AND has_database_privilege(oid, 'CREATE, TEMPORARY')
            UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE pg_has_role(oid, 'MEMBER') AND rolname <> user
              AND rolname !~ '^coopgva_(methodologist|statistician|public|identifiers)$'
            UNION ALL SELECT 'language ' || lanname FROM pg_language
            WHERE lanpltrusted AND has_language_privilege(oid, 'USAGE')"""
        for login in READERS:
            assert desk.ask(login, query) == []

    def test_no_function_of_ours_runs_with_the_rights_of_another(self, desk: Desk) -> None:
        query = """SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                   WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"""
        assert desk.ask("admin", query) == []

    def test_the_newest_vintage_and_all_vintages(self, desk: Desk) -> None:
        for login in READERS:
            assert desk.ask(login, "SELECT max(share_pct) FROM share") == [(2.0,)], "search_path finds schema access"
            query = "SELECT vintage_id, max(share_pct) FROM history.share GROUP BY 1 ORDER BY 1"
            assert [row[1] for row in desk.ask(login, query)] == [1.0, 2.0]

    def test_pseudonyms_join_tables_and_cannot_be_computed(self, desk: Desk) -> None:
        query = "SELECT firm_id, reference_year, value_huf_mn FROM methodology.firm_value ORDER BY 3"
        [(second, *_), (first, *_), (again, *_)] = desk.ask("methodologist", query)
        assert first == again != second
        for pseudonym, raw in ((first, b"1"), (second, b"2")):
            assert len(pseudonym) == 24
            plain = [hashlib.new(name, raw).hexdigest()[:24] for name in ("md5", "sha1", "sha256", "sha512")]
            assert pseudonym not in plain
        names = desk.ask("methodologist", "SELECT * FROM methodology.firm_value LIMIT 0") or [
            column.name for column in _columns(desk, "SELECT * FROM methodology.firm_value LIMIT 0")
        ]
        assert names == ["firm_id", "reference_year", "value_huf_mn"]

    def test_open_columns_of_a_table_with_identifiers(self, desk: Desk) -> None:
        query = (
            "SELECT reference_year, sum(value_huf_mn), count(*) FROM interpretation.firm_value GROUP BY 1 ORDER BY 1"
        )
        assert desk.ask("methodologist", query) == [(2022, 10.5, 1), (2023, 19.0, 2)]

    def test_contracts_of_the_house_mark_every_identifier(self) -> None:
        """A new column with the id of a unit, a name or a tax number must be marked before it can be published."""
        contracts = load_contracts(REPOSITORY / "contracts")
        telling = ("legal_unit_id", "enterprise_id", "enterprise_group_id", "tax_stem", "record_id", "organisation_id")
        unmarked = [
            f"{name}.{column}"
            for name, contract in contracts.items()
            if contract.layer == "interpretation"
            for column in contract.columns
            if column.endswith(telling) and column not in identifying(contract)
        ]
        assert unmarked == []
        assert any(identifying(c) for c in contracts.values() if c.layer == "interpretation")
        assert [n for n, c in contracts.items() if c.layer == "access" and identifying(c)] == []


def _columns(desk: Desk, query: str) -> list[psycopg.Column]:
    with desk.session("methodologist") as connection:
        return list(connection.execute(query).description or [])  # type: ignore[call-overload]


INNER_OF_ALL = (
    "SELECT * FROM source.firm",
    "SELECT * FROM staging.pseudonym_key",
    "SELECT * FROM {interpretation.firm_value}",
    "SELECT * FROM {access.share}",
    "COPY {access.share} TO STDOUT",
    "COPY (SELECT * FROM {interpretation.cell}) TO STDOUT",
    "EXPLAIN SELECT * FROM {interpretation.cell} WHERE share_pct > 5",
    "EXPLAIN (ANALYZE) SELECT * FROM source.firm",
    "SELECT * FROM history.{partition}",
    "TABLE pg_statistic",
    "SELECT rolpassword FROM pg_authid",
    "SELECT query_to_xml('SELECT * FROM source.firm', true, true, '')",
    "SELECT ts_stat('SELECT name::tsvector FROM source.firm')",
    "DECLARE c CURSOR WITH HOLD FOR SELECT * FROM source.firm",
    "PREPARE p AS SELECT * FROM source.firm; EXECUTE p",
)
REACHING_OUT = (
    "COPY access.share TO '/tmp/share.csv'",
    "COPY (SELECT 1) TO PROGRAM 'cat'",
    "COPY access.vintage FROM PROGRAM 'id'",
    "COPY access.vintage FROM '/etc/passwd'",
    "SELECT pg_read_file('/etc/hostname')",
    "SELECT pg_read_binary_file('global/pg_control')",
    "SELECT pg_ls_dir('.')",
    "SELECT pg_stat_file('postgresql.conf')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT lo_create(0)",
    "SELECT lo_from_bytea(0, 'kept')",
    "SELECT * FROM dblink('dbname=postgres', 'SELECT 1') AS t(x int)",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw",
    "SELECT pg_reload_conf()",
    "ALTER SYSTEM SET log_statement = 'none'",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
    f"SELECT pg_advisory_lock({LOCK})",
    f"SELECT pg_try_advisory_xact_lock({LOCK})",
    "SELECT pg_logical_emit_message(false, 'a', 'b')",
    "DO $$ BEGIN NULL; END $$",
)
MAKING = (
    "CREATE SCHEMA mine",
    "CREATE TABLE access.mine (x int)",
    "CREATE TABLE public.mine (x int)",
    "CREATE TABLE staging.mine (x int)",
    "CREATE TEMP TABLE mine (x int)",
    "CREATE TEMP VIEW share AS SELECT 1 AS share_pct",
    "SELECT * INTO TEMP mine FROM access.share",
    "CREATE VIEW access.mine AS SELECT 1",
    "CREATE MATERIALIZED VIEW access.mine AS SELECT 1",
    "CREATE FUNCTION access.max(x double precision) RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "CREATE OPERATOR access.= (leftarg = text, rightarg = text, function = texteq)",
    "CREATE TYPE access.mine AS (x int)",
    "CREATE SEQUENCE access.mine",
    "INSERT INTO access.vintage DEFAULT VALUES",
    "UPDATE access.share SET share_pct = 0",
    "DELETE FROM history.share",
    "TRUNCATE history.vintage",
    "UPDATE history.vintage SET is_withdrawn = true",
    "DROP VIEW access.share",
    "ALTER VIEW access.share SET SCHEMA public",
    "COMMENT ON VIEW access.share IS 'false'",
    "BEGIN; LOCK TABLE access.share IN ACCESS EXCLUSIVE MODE",
    "ALTER TABLE history.share DISABLE ROW LEVEL SECURITY",
    "SET row_security = off; SELECT * FROM history.share; SELECT 1/0",
)
BECOMING = (
    "SET ROLE coopgva_writer",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION postgres",
    "GRANT coopgva_writer TO {self}",
    "GRANT coopgva_identifiers TO {self} GRANTED BY coopgva_identifiers",
    "ALTER ROLE {self} SUPERUSER",
    "ALTER ROLE {self} BYPASSRLS",
    "ALTER ROLE {self} CREATEROLE",
    "ALTER ROLE coopgva_writer LOGIN PASSWORD 'mine'",
    "CREATE ROLE mine",
    "ALTER DATABASE {database} SET statement_timeout = 0",
    "REASSIGN OWNED BY coopgva_writer TO {self}",
)


class TestWhatEachMustNot:
    @pytest.mark.parametrize("login", READERS)
    def test_no_reader(self, desk: Desk, login: str) -> None:
        """One session per login tries everything; whatever is carried out is named."""
        names = {table: version_of(desk, table) for table in CONTRACTS}
        [(partition,)] = desk.ask(
            "admin", "SELECT min(inhrelid::regclass::text) FROM pg_inherits WHERE inhparent = 'history.share'::regclass"
        )
        own = {"self": desk.url(login).username, "database": desk.office.url.database, "partition": partition}
        own["partition"] = partition.removeprefix("history.")
        done, denied, others = [], 0, {}
        with desk.session(login) as connection:
            connection.execute("SET default_transaction_read_only = off")  # the fence that anybody can take down
            for statement in (*INNER_OF_ALL, *REACHING_OUT, *MAKING, *BECOMING):
                text = statement
                for name, value in (names | own).items():
                    text = text.replace("{" + name + "}", str(value))
                try:
                    carry_out(connection, text)
                    done.append(statement)
                except psycopg.errors.DivisionByZero:
                    assert "row_security" in statement  # it stood on its own rights: nothing was filtered away
                except psycopg.errors.InsufficientPrivilege:
                    denied += 1
                except psycopg.Error as error:
                    others[statement] = error.sqlstate
                connection.rollback()
        assert done == []
        # there is no dblink here, nor what would make a server of another kind; the rest is refused for want of a right
        assert set(others.values()) <= {"42883", "42704", "0A000"}, others
        assert denied > 60

    @pytest.mark.parametrize("login", ["statistician", "public"])
    @pytest.mark.parametrize("schema", ["source", "integration", "interpretation", "methodology", "staging"])
    def test_schemas_inside_are_closed(self, desk: Desk, login: str, schema: str) -> None:
        table = {"interpretation": "cell", "methodology": "firm_value", "staging": "pseudonym_key"}.get(schema, "firm")
        said = refused(desk, login, f"SELECT * FROM {schema}.{table}")
        assert f"permission denied for schema {schema}" in said

    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT firm_id FROM interpretation.firm_value",
            "SELECT * FROM interpretation.firm_value",
            "SELECT largest_huf_mn FROM interpretation.firm_value",
            "SELECT count(*) FROM interpretation.firm_value WHERE firm_id = '1'",
            "SELECT count(*) FROM interpretation.firm_value GROUP BY firm_id",
            "SELECT value_huf_mn FROM interpretation.firm_value ORDER BY firm_id",
            "SELECT row_to_json(v) FROM interpretation.firm_value AS v",
            "SELECT v::text FROM interpretation.firm_value AS v",
            "SELECT (v).firm_id FROM interpretation.firm_value AS v",
            "SELECT 1 FROM interpretation.firm_value NATURAL JOIN methodology.firm_value",
            "SELECT 1 FROM interpretation.firm_value JOIN methodology.firm_value USING (firm_id)",
            "COPY interpretation.firm_value TO STDOUT",
            "COPY interpretation.firm_value (firm_id) TO STDOUT",
            "EXPLAIN SELECT 1 FROM interpretation.firm_value WHERE firm_id > '1'",
            "SELECT table_to_xml('interpretation.firm_value', true, true, '')",
            "SELECT schema_to_xml('staging', true, true, '') FROM staging.pseudonym_key",
            "SELECT * FROM interpretation.member",
            "SELECT count(*) FROM interpretation.member",
            "SELECT * FROM integration.firm",
        ],
    )
    def test_identifiers_need_a_grant(self, desk: Desk, statement: str) -> None:
        said = refused(desk, "methodologist", statement)
        assert "permission denied" in said or "server to be built with libxml" in said

    def test_the_grant(self, desk: Desk) -> None:
        assert desk.ask("clerk", "SELECT DISTINCT firm_id FROM interpretation.firm_value ORDER BY 1") == [
            ("1",),
            ("2",),
        ]
        assert desk.ask("clerk", "SELECT count(*) FROM integration.firm") == [(3,)]

    @pytest.mark.parametrize("login", READERS)
    def test_statistics_and_sessions_of_others_tell_nothing(self, desk: Desk, login: str) -> None:
        with desk.session("admin") as other:
            other.execute("SELECT 'marker in a query'")
            assert desk.ask(login, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%marker in a qu%'") in (
                [(0,)],
                [(1,)],  # this query itself
            )
            others = desk.ask(login, "SELECT DISTINCT query FROM pg_stat_activity WHERE usename = 'postgres'")
            assert others == [("<insufficient privilege>",)]
        assert desk.ask(login, "SELECT DISTINCT schemaname FROM pg_stats WHERE schemaname !~ '^pg_|^inf'") in (
            [],
            [("access",)],  # the list of published tables itself
        )
        assert desk.ask(login, "SELECT count(*) FROM pg_stats_ext") == [(0,)]

    def test_comments_carry_no_figure(self, desk: Desk) -> None:
        """Everybody can read comments; each is a sentence of a contract, of a script or of ours, made without data."""
        columns = {column_comment(column) for c in CONTRACTS.values() for column in c.columns.values()}
        tables = {table_comment(contract) for contract in CONTRACTS.values()}
        known = columns | {f"{text} (pseudonym)" for text in columns}
        known |= tables | {f"All vintages. {text}" for text in tables}
        known |= {f"{text} Identifiers are pseudonyms." for text in tables}
        for table in permanent_tables(CONTRACTS).tables.values():
            known |= {str(table.comment)} | {str(column.comment) for column in table.columns}
        scripts = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "sql" / "warehouse").glob("*.sql"))
        found = desk.ask("public", "SELECT DISTINCT description FROM pg_description WHERE objoid > 16383")
        assert len(found) > 30
        others = [text for (text,) in found if text not in known and f"'{text}'" not in scripts]
        assert [text for text in others if not re.fullmatch(r"coopgva table version [0-9a-f]{32}", text)] == []

    def test_the_writer_is_no_administrator(self, desk: Desk) -> None:
        for statement in (
            "COPY (SELECT 1) TO PROGRAM 'cat'",
            "SELECT pg_read_file('/etc/hostname')",
            "CREATE ROLE mine",
            "ALTER ROLE coopgva_public LOGIN",
            "GRANT coopgva_writer TO coopgva_public",
            "SELECT rolpassword FROM pg_authid",
            "ALTER SYSTEM SET log_statement = 'none'",
            "CREATE DATABASE mine",
            "SET SESSION AUTHORIZATION postgres",
        ):
            said = refused(desk, "writer", statement)
            assert "denied" in said or "must" in said

    def test_settings_of_a_session(self, desk: Desk) -> None:
        for login in READERS:
            for setting, value in {
                "search_path": "pg_catalog, access, pg_temp",
                "statement_timeout": "15min",
                "idle_in_transaction_session_timeout": "10min",
                "lock_timeout": "10s",
                "default_transaction_read_only": "on",
            }.items():
                assert desk.ask(login, f"SHOW {setting}") == [(value,)]
            assert "permission denied" in refused(desk, login, "SET temp_file_limit = -1")
        assert desk.ask("writer", "SELECT current_user, current_setting('search_path')") == [
            ("coopgva_writer", "pg_catalog, pg_temp")
        ]


def test_wholly_identifying_tables_have_no_pseudonymous_view(desk: Desk) -> None:
    assert desk.ask("admin", "SELECT relname FROM pg_class WHERE relnamespace = 'methodology'::regnamespace") == [
        ("firm_value",)
    ]
    assert identifying(Contract.model_validate(MEMBER)) == ["firm_id"]
